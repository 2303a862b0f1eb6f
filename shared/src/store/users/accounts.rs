//! What operators do with accounts, whether these may log in or not.

use futures_util::{Stream, stream};

use super::{ATTEMPTS, Account, Role, Users, Writes, items, taken};
use crate::{
    Error,
    clock::UnixSeconds,
    domain::{Email, Taken, User, UserId, Username},
    store::{
        Item, PasswordHash, corrupt, string,
        transaction::{Repeated, transact},
        unavailable,
    },
};

/// What is to become of an account's way in. All but the last void every token and session that there is.
#[derive(Debug, Clone)]
pub enum AccessChange {
    /// Another password, with this hash.
    Password(PasswordHash),
    /// Nobody may use it, until it is enabled again.
    Disable,
    /// It may be used again.
    Enable,
}

/// A user that comes from elsewhere, with an id and a hash of their own.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The user, whose id may not be another one's.
    pub user: User,
    /// The hash of their password: one of those that are [verified](crate::hashing::Hasher::verify).
    pub password_hash: PasswordHash,
    /// Whether they may not log in.
    pub disabled: bool,
    /// Since when they have the account; now, if that is not known.
    pub created_at: Option<UnixSeconds>,
}

/// What became of an account that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is done.
    Added,
    /// Nothing is: there is an account with this id.
    WasThere,
    /// Nothing is: these are another user's.
    Taken(Taken),
}

/// Items that are read at a time.
const PAGE: i32 = 1000;

impl Users {
    /// The account with this id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when the item is none of ours.
    pub async fn account_with_id(&self, id: UserId) -> Result<Option<Account>, Error> {
        self.get(items::profile_key(id), None).await?.map(items::account).transpose()
    }

    /// The account with this address.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id).
    pub async fn account_with_email(&self, email: &Email) -> Result<Option<Account>, Error> {
        self.account_of(self.get(items::email_key(email), None).await?).await
    }

    /// The account with this name.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id).
    pub async fn account_with_username(&self, username: &Username) -> Result<Option<Account>, Error> {
        self.account_of(self.get(items::username_key(username), None).await?).await
    }

    async fn account_of(&self, marker: Option<Item>) -> Result<Option<Account>, Error> {
        let Some(marker) = marker else { return Ok(None) };
        let owner = items::owner(marker)?;
        self.account_with_id(owner).await
    }

    /// All accounts, in no order that means anything, read as they are asked for.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id), in the place of an account.
    pub fn all(&self) -> impl Stream<Item = Result<Account, Error>> + use<> {
        let request = self.client.scan().table_name(&self.table).filter_expression("begins_with(pk, :profile)");
        let request = request.expression_attribute_values(":profile", string("user#")).limit(PAGE);
        stream::unfold(request.into_paginator().items().send(), async |mut items| {
            let item = items.next().await?.map_err(|error| unavailable(&error));
            Some((item.and_then(items::account), items))
        })
    }

    /// Adds an account. One with the same id is the same user, and stays as it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn add(&self, account: &NewAccount) -> Result<Added, Error> {
        let writes = Writes::new(&self.table).add(account, self.clock.now())?;
        let failed = transact(&self.client, &self.random, writes, Repeated::ByConditions).await?;
        Ok(match failed.as_slice() {
            [] => Added::Added,
            failed if failed.contains(&Role::Profile) => Added::WasThere,
            failed => Added::Taken(taken(failed)),
        })
    }

    /// Changes an account's way in, and returns the account as it is then. Nothing is changed where it is so already.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, or when the account changes each time anew;
    /// [`Error::USER_INACTIVE`] when it is gone meanwhile.
    pub async fn change_access(&self, mut account: Account, change: &AccessChange) -> Result<Account, Error> {
        for _ in 0..ATTEMPTS {
            let Some(next) = account.after(change) else { return Ok(account) };
            let writes = Writes::new(&self.table).change_access(&account, &next)?;
            if self.write(writes).await?.is_empty() {
                return Ok(next);
            }
            account = self.account_with_id(account.user.id).await?.ok_or(Error::USER_INACTIVE)?;
        }
        Err(changes_each_time())
    }

    /// Deletes an account, if it is still there; its sessions are not deleted with it, and worth nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, or when the account changes each time anew.
    pub async fn delete(&self, mut account: Account) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let writes = Writes::new(&self.table).delete(&account)?;
            if self.write(writes).await?.is_empty() {
                return Ok(());
            }
            match self.account_with_id(account.user.id).await? {
                Some(current) => account = current,
                None => return Ok(()),
            }
        }
        Err(changes_each_time())
    }
}

impl Account {
    /// The account as it is after a change, unless that changes nothing.
    fn after(&self, change: &AccessChange) -> Option<Self> {
        let voided = || Self { generation: self.generation.next(), ..self.clone() };
        match change {
            AccessChange::Password(hash) => Some(Self { password_hash: Some(hash.clone()), ..voided() }),
            AccessChange::Disable => (!self.disabled).then(|| Self { disabled: true, ..voided() }),
            AccessChange::Enable => self.disabled.then(|| Self { disabled: false, ..self.clone() }),
        }
    }

    /// The hash of the password, as it is stored: for a copy of the account elsewhere.
    ///
    /// # Errors
    /// [`Error::Internal`] when the account has none.
    pub fn password_hash(&self) -> Result<&PasswordHash, Error> {
        self.password_hash.as_ref().ok_or_else(|| corrupt("profile", "no password_hash"))
    }
}

pub(super) fn changes_each_time() -> Error {
    Error::Unavailable("the account changed each time that it was to be written".into())
}
