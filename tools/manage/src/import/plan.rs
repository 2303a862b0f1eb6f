//! What becomes of an account, whether it is written or not: a dry run tells what the table would.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use shared::{
    Error,
    domain::{Taken, UserId},
    store::{Added, NewAccount, Users},
};

/// What the table holds of what an account claims.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// There is an account with the id.
    id: bool,
    /// The name is another user's.
    username: bool,
    /// The address is another user's, or reserved for them.
    email: bool,
}

impl Found {
    /// Looks at the table.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub(super) async fn of(users: &Users, account: &NewAccount) -> Result<Self, Error> {
        let user = &account.user;
        let (id, username, email, reserved) = tokio::try_join!(
            users.account_with_id(user.id),
            users.account_with_username(&user.username),
            users.account_with_email(&user.email),
            users.former_owner(&user.email),
        )?;
        let is_reserved = reserved.is_some_and(|owner| owner != user.id);
        Ok(Self { id: id.is_some(), username: username.is_some(), email: email.is_some() || is_reserved })
    }

    /// What [`Users::add`] answers where this is found.
    fn added(self) -> Added {
        match self {
            Self { id: true, .. } => Added::WasThere,
            Self { username: false, email: false, .. } => Added::Added,
            Self { username, email, .. } => Added::Taken(Taken { username, email }),
        }
    }
}

/// What became of the accounts before. Of each that is there then, eight bytes are kept for the id, and in a dry run as many
/// for the name and for the address.
#[derive(Debug, Default)]
pub(super) struct Plan {
    ids: HashSet<UserId>,
    hasher: RandomState,
    usernames: HashSet<u64>,
    emails: HashSet<u64>,
}

impl Plan {
    /// Whether somebody before in the file has the id, and is there now.
    pub(super) fn has(&self, account: &NewAccount) -> bool {
        self.ids.contains(&account.user.id)
    }

    /// What would become of an account, of which this was found before any of the file was written.
    pub(super) fn outcome(&self, account: &NewAccount, found: Found) -> Added {
        let (username, email) = self.hashes(account);
        let username = found.username || self.usernames.contains(&username);
        let email = found.email || self.emails.contains(&email);
        Found { username, email, ..found }.added()
    }

    /// Notes what became of an account, or would have in a dry run.
    pub(super) fn note(&mut self, account: &NewAccount, added: Added, dry_run: bool) {
        if !matches!(added, Added::Taken(_)) {
            self.ids.insert(account.user.id);
        }
        // Whoever was there already keeps what the table says, whatever the file does.
        if dry_run && added == Added::Added {
            let (username, email) = self.hashes(account);
            self.usernames.insert(username);
            self.emails.insert(email);
        }
    }

    fn hashes(&self, account: &NewAccount) -> (u64, u64) {
        let user = &account.user;
        (self.hasher.hash_one(user.username.as_str()), self.hasher.hash_one(user.email.canonical()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::TestRunner};
    use shared::domain::{Email, Field, PasswordHash, User, Username};

    use super::*;

    /// An id, a name and an address, out of few.
    type Claims = (u64, String, String);

    fn claims() -> impl Strategy<Value = Claims> {
        (1_u64..5, "[abAB]", "[abAB]@x\\.example")
    }

    fn account((id, username, email): &Claims) -> NewAccount {
        let user = User {
            id: UserId::new(*id).unwrap(),
            username: Username::parse(username).unwrap(),
            email: Email::parse(email).unwrap(),
        };
        NewAccount { user, password_hash: PasswordHash::new("x".into()), disabled: false, created_at: None }
    }

    /// A table, as plain as can be.
    #[derive(Default, Clone)]
    struct Model(Vec<User>);

    impl Model {
        fn found(&self, user: &User) -> Found {
            let is_any = |is: &dyn Fn(&User) -> bool| self.0.iter().any(is);
            Found {
                id: is_any(&|other| other.id == user.id),
                username: is_any(&|other| other.username == user.username),
                email: is_any(&|other| other.email.canonical() == user.email.canonical()),
            }
        }

        fn add(&mut self, user: &User) -> Added {
            let added = self.found(user).added();
            if added == Added::Added {
                self.0.push(user.clone());
            }
            added
        }
    }

    /// What becomes of each account of a file; none where its id is twice in it.
    fn import(
        file: &[NewAccount],
        dry_run: bool,
        mut outcome: impl FnMut(&Plan, &NewAccount) -> Added,
    ) -> Vec<Option<Added>> {
        let mut plan = Plan::default();
        let mut become_of = |account| {
            if plan.has(account) {
                return None;
            }
            let added = outcome(&plan, account);
            plan.note(account, added, dry_run);
            Some(added)
        };
        file.iter().map(&mut become_of).collect()
    }

    #[test]
    fn a_dry_run_tells_what_the_run_does() {
        let files = (prop::collection::vec(claims(), 0..4), prop::collection::vec(claims(), 0..12));
        TestRunner::deterministic()
            .run(&files, |(there, file)| {
                let mut table = Model::default();
                for claims in &there {
                    table.add(&account(claims).user);
                }
                let file: Vec<_> = file.iter().map(account).collect();

                let before = table.clone();
                let told = import(&file, true, |plan, account| plan.outcome(account, before.found(&account.user)));
                let done = import(&file, false, |_, account| table.add(&account.user));
                prop_assert_eq!(told, done);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn what_is_refused_or_there_already_claims_nothing() {
        let account = |id, username: &str, email: &str| account(&(id, username.into(), email.into()));
        let mut plan = Plan::default();
        let refused = account(1, "ada", "ada@x.example");
        plan.note(&refused, Added::Taken(Taken { username: true, email: false }), true);
        let there = account(2, "grace", "grace@x.example");
        plan.note(&there, Added::WasThere, true);

        let next = account(1, "grace", "ada@x.example");
        assert!(!plan.has(&next));
        assert_eq!(plan.outcome(&next, Found::default()), Added::Added);
        assert!(plan.has(&there));
    }
}
