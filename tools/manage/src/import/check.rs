//! An import that writes nothing.

use std::{
    collections::HashSet,
    future::Future,
    hash::{BuildHasher, RandomState},
};

use shared::{
    Error,
    domain::Taken,
    store::{Added, NewAccount, Users},
};

use super::Outcome;

/// Finds out what would become of accounts. Of those that came before it keeps eight bytes for the address and eight for
/// the name.
#[derive(Debug, Default)]
pub(super) struct Check {
    hasher: RandomState,
    emails: HashSet<u64>,
    usernames: HashSet<u64>,
}

impl Check {
    /// What would become of an account, behind those before.
    pub(super) fn outcome<'a>(
        &mut self,
        users: &'a Users,
        account: NewAccount,
    ) -> impl Future<Output = Outcome> + Send + use<'a> {
        let username = !self.usernames.insert(self.hasher.hash_one(account.user.username.as_str()));
        let email = !self.emails.insert(self.hasher.hash_one(account.user.email.canonical()));
        async move {
            let result = look(users, &account, Taken { username, email }).await;
            (account, result)
        }
    }
}

async fn look(users: &Users, account: &NewAccount, before: Taken) -> Result<Added, Error> {
    let user = &account.user;
    let (id, email, username) = tokio::try_join!(
        users.account_with_id(user.id),
        users.account_with_email(&user.email),
        users.account_with_username(&user.username),
    )?;
    if id.is_some() {
        return Ok(Added::WasThere);
    }
    let taken = Taken { username: before.username || username.is_some(), email: before.email || email.is_some() };
    Ok(if taken.username || taken.email { Added::Taken(taken) } else { Added::Added })
}
