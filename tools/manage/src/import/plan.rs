//! Predicts what an import does with each account, so that a dry run gives the same result as the import.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use shared::{
    domain::{Taken, UserId},
    error::StoreError,
    store::{Added, NewAccount, Users},
};

/// What the table has of an account.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// An account has the id.
    id: bool,
    /// Another user has the username.
    username: bool,
    /// Another user has the email, or it is reserved for them.
    email: bool,
}

impl Found {
    /// Looks an account up.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub(super) async fn of(users: &Users, account: &NewAccount) -> Result<Self, StoreError> {
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

    /// What [`Users::add`] returns in this state.
    fn added(self) -> Added {
        match self {
            Self { id: true, .. } => Added::WasThere,
            Self { username: false, email: false, .. } => Added::Added,
            Self { username, email, .. } => Added::Taken(Taken { username, email }),
        }
    }
}

/// The accounts so far. Eight bytes are kept for each id, and in a dry run as many for each username and each email.
#[derive(Debug, Default)]
pub(super) struct Plan {
    ids: HashSet<UserId>,
    hasher: RandomState,
    usernames: HashSet<u64>,
    emails: HashSet<u64>,
}

impl Plan {
    /// Whether an earlier account of the file has the id, and exists now.
    pub(super) fn has(&self, account: &NewAccount) -> bool {
        self.ids.contains(&account.user.id)
    }

    /// What the import does with an account, given what the table had before the import.
    pub(super) fn predict(&self, account: &NewAccount, found: Found) -> Added {
        let (username, email) = self.hashes(account);
        let username = found.username || self.usernames.contains(&username);
        let email = found.email || self.emails.contains(&email);
        Found { username, email, ..found }.added()
    }

    /// Records what was done with an account, or would be in a dry run.
    pub(super) fn record(&mut self, account: &NewAccount, added: Added, dry_run: bool) {
        if !matches!(added, Added::Taken(_)) {
            self.ids.insert(account.user.id);
        }
        // A user who exists keeps the fields of the table, whatever the file has.
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

    /// An id, a username and an email, out of a few.
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

    /// A simple model of the table.
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

    /// What is done with each account of a file; none if its id is twice in it.
    fn import(
        file: &[NewAccount],
        dry_run: bool,
        mut add: impl FnMut(&Plan, &NewAccount) -> Added,
    ) -> Vec<Option<Added>> {
        let mut plan = Plan::default();
        let mut add_next = |account| {
            if plan.has(account) {
                return None;
            }
            let added = add(&plan, account);
            plan.record(account, added, dry_run);
            Some(added)
        };
        file.iter().map(&mut add_next).collect()
    }

    #[test]
    fn a_dry_run_gives_the_same_result_as_the_import() {
        let files = (prop::collection::vec(claims(), 0..4), prop::collection::vec(claims(), 0..12));
        TestRunner::deterministic()
            .run(&files, |(there, file)| {
                let mut table = Model::default();
                for claims in &there {
                    table.add(&account(claims).user);
                }
                let file: Vec<_> = file.iter().map(account).collect();

                let before = table.clone();
                let predicted = import(&file, true, |plan, account| plan.predict(account, before.found(&account.user)));
                let done = import(&file, false, |_, account| table.add(&account.user));
                prop_assert_eq!(predicted, done);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn accounts_that_are_rejected_or_exist_claim_nothing() {
        let account = |id, username: &str, email: &str| account(&(id, username.into(), email.into()));
        let mut plan = Plan::default();
        let rejected = account(1, "ada", "ada@x.example");
        plan.record(&rejected, Added::Taken(Taken { username: true, email: false }), true);
        let there = account(2, "grace", "grace@x.example");
        plan.record(&there, Added::WasThere, true);

        let next = account(1, "grace", "ada@x.example");
        assert!(!plan.has(&next));
        assert_eq!(plan.predict(&next, Found::default()), Added::Added);
        assert!(plan.has(&there));
    }
}
