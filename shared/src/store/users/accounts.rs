//! What operators do with accounts, whether these may log in or not.

use futures_util::{Stream, StreamExt, stream};

use super::{Account, ProfileChange, Role, Updated, Users, collided, items, profile::By, taken};
use crate::{
    Error,
    clock::UnixSeconds,
    domain::{Email, Generation, PasswordHash, Taken, User, UserId, Username},
    store::{
        Item, backoff, corrupt, string,
        transaction::{Repeated, Written, transact},
        unavailable,
    },
    timeouts::{CHANGES, TRANSACTIONS},
};

/// What is to become of an account's way in.
#[derive(Debug, Clone)]
pub enum AccessChange {
    /// Another password, with this hash. Voids every token and session that there is, and failed logins until now no longer
    /// count.
    Password(PasswordHash),
    /// Nobody may use it, until it is enabled again. Voids every token and session that there is.
    Disable,
    /// It may be used again.
    Enable,
    /// Failed logins until now no longer count.
    Unlock,
}

/// A user that comes from elsewhere, with an id and a hash of their own.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The user, whose id may not be another one's.
    pub user: User,
    /// The hash of their password: one of those that are [verified](crate::passwords::Hasher::verify).
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
        let marker = self.get(items::email_key(email), None).await?;
        let credentials = marker.map(items::credentials).transpose()?.flatten();
        let Some(credentials) = credentials else { return Ok(None) };
        self.account_with_id(credentials.holder.user).await
    }

    /// For whom an address is reserved that they had before.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id).
    pub async fn former_owner(&self, email: &Email) -> Result<Option<UserId>, Error> {
        let Some(marker) = self.get(items::email_key(email), None).await? else { return Ok(None) };
        let marker = items::CredentialsItem::read(marker)?;
        let is_reserved = marker.expires_at.is_some_and(|end| self.clock.now() < end);
        is_reserved.then(|| marker.owner()).transpose()
    }

    /// The account with this name.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id).
    pub async fn account_with_username(&self, username: &Username) -> Result<Option<Account>, Error> {
        let Some(marker) = self.get(items::username_key(username), None).await? else { return Ok(None) };
        self.account_with_id(items::owner(marker)?).await
    }

    /// All accounts, in no order that means anything, read as they are asked for.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id), in the place of an account.
    pub fn all(&self) -> impl Stream<Item = Result<Account, Error>> + use<> {
        self.items_under("user#").map(|item| item.and_then(items::account))
    }

    /// All items whose key begins like this.
    pub(super) fn items_under(&self, prefix: &str) -> impl Stream<Item = Result<Item, Error>> + use<> {
        let request = self.client.scan().table_name(&self.table).filter_expression("begins_with(pk, :prefix)");
        let request = request.expression_attribute_values(":prefix", string(prefix)).limit(PAGE);
        stream::unfold(request.into_paginator().items().send(), async |mut items| {
            let item = items.next().await?.map_err(|error| unavailable(&error));
            Some((item, items))
        })
    }

    /// Adds an account. One with the same id is the same user, and stays as it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn add(&self, account: &NewAccount) -> Result<Added, Error> {
        let NewAccount { user, password_hash, disabled, created_at } = account.clone();
        let account = self.new_account(user, password_hash)?;
        let account = Account { disabled, created_at: created_at.or(account.created_at), ..account };
        let writes = self.writes().add(&account)?;
        match transact(&self.client, &self.random, writes, Repeated::ByConditions, TRANSACTIONS).await? {
            Written::Done => Ok(Added::Added),
            Written::Refused(failed) if failed.contains(&Role::Profile) => Ok(Added::WasThere),
            Written::Refused(failed) => Ok(Added::Taken(taken(&failed))),
            Written::Collided => Err(collided()),
        }
    }

    /// Changes a profile as [`update`](Self::update) does, whether or not its user may log in.
    ///
    /// # Errors
    /// As [`update`](Self::update); [`Error::USER_INACTIVE`] when the account is gone meanwhile.
    pub async fn update_any(&self, account: Account, change: &ProfileChange, reserved: u64) -> Result<Updated, Error> {
        self.change(self.located(account).await?, change, reserved, By::Operator).await
    }

    /// Changes an account's way in, and returns the account as it is then. Nothing is changed where it is so already.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, or when the account changes each time anew;
    /// [`Error::USER_INACTIVE`] when it is gone meanwhile.
    pub async fn change_access(&self, account: Account, change: &AccessChange) -> Result<Account, Error> {
        let mut account = self.located(account).await?;
        for attempt in 0..CHANGES {
            if attempt > 0 {
                backoff::wait(&self.random, attempt).await?;
                account = self.current(account.user.id).await?.ok_or(Error::USER_INACTIVE)?;
            }
            let generation = Generation::random(&self.random)?;
            let Some(next) = account.after(change, generation, self.clock.now()) else { return Ok(account) };
            if self.write(self.writes().change_access(&account, &next)?).await? == Written::Done {
                return Ok(next);
            }
        }
        Err(collided())
    }

    /// Deletes an account, if it is still there; its sessions are not deleted with it, and worth nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, or when the account changes each time anew.
    pub async fn delete(&self, account: Account) -> Result<(), Error> {
        let mut account = self.located(account).await?;
        for attempt in 0..CHANGES {
            if attempt > 0 {
                backoff::wait(&self.random, attempt).await?;
                let Some(current) = self.current(account.user.id).await? else { return Ok(()) };
                account = current;
            }
            if self.write(self.writes().delete(&account)?).await? == Written::Done {
                return Ok(());
            }
        }
        Err(collided())
    }

    /// The account as it is now, with its marker [located](Self::located).
    pub(super) async fn current(&self, id: UserId) -> Result<Option<Account>, Error> {
        match self.account_with_id(id).await? {
            Some(account) => self.located(account).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Account {
    /// The account as it is after a change, unless that changes nothing.
    fn after(&self, change: &AccessChange, generation: Generation, now: UnixSeconds) -> Option<Self> {
        let voided = || Self { generation, ..self.clone() };
        match change {
            AccessChange::Password(hash) => {
                Some(Self { password_hash: Some(hash.clone()), unlocked_at: Some(now), ..voided() })
            }
            AccessChange::Disable => (!self.disabled).then(|| Self { disabled: true, ..voided() }),
            AccessChange::Enable => self.disabled.then(|| Self { disabled: false, ..self.clone() }),
            AccessChange::Unlock => Some(Self { unlocked_at: Some(now), ..self.clone() }),
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
