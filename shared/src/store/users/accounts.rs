//! What operators do with accounts, including disabled ones.

use futures_util::{Stream, StreamExt, stream};

use super::{Account, ProfileChange, Role, Users, contention, items, profile::By, taken_by};
use crate::{
    clock::UnixSeconds,
    domain::{Changed, Email, Generation, PasswordHash, Refusal, Taken, User, UserId, Username},
    error::StoreError,
    store::{
        Item, backoff, string,
        transaction::{Repeated, Written, transact},
    },
    timeouts::{CHANGE_ATTEMPTS, TRANSACTION_ATTEMPTS},
};

/// A change of who can log in to an account, or how.
#[derive(Debug, Clone)]
pub enum AccessChange {
    /// Sets the hash of a new password. Revokes all tokens and sessions, and clears failed logins.
    Password(PasswordHash),
    /// Disables the account and revokes all tokens and sessions.
    Disable,
    /// Enables the account again.
    Enable,
    /// Clears failed logins.
    Unlock,
}

/// An imported user, with an existing id and hash.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub user: User,
    /// A hash that [can be verified](crate::passwords::Hasher::verify).
    pub password_hash: PasswordHash,
    pub disabled: bool,
    /// Defaults to the current time.
    pub created_at: Option<UnixSeconds>,
}

/// The result of adding an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    Added,
    /// Nothing was written: an account with this id exists.
    WasThere,
    /// Nothing was written: these values belong to another user.
    Taken(Taken),
}

/// Items per page of a scan.
const PAGE: i32 = 1000;

impl Users {
    /// The account with this id.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Corrupt`] for an item that no version of this code wrote.
    pub async fn account_with_id(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.get(items::profile_key(id), None).await?.map(items::account).transpose()
    }

    /// The account with this address.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id).
    pub async fn account_with_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let marker = self.get(items::email_key(email), None).await?;
        let credentials = marker.map(items::credentials).transpose()?.flatten();
        let Some(credentials) = credentials else { return Ok(None) };
        self.account_with_id(credentials.holder.user).await
    }

    /// The user for whom a former address is reserved.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id).
    pub async fn former_owner(&self, email: &Email) -> Result<Option<UserId>, StoreError> {
        let Some(marker) = self.get(items::email_key(email), None).await? else { return Ok(None) };
        let marker = items::CredentialsItem::read(marker)?;
        let is_reserved = marker.expires_at.is_some_and(|end| self.clock.now() < end);
        is_reserved.then(|| marker.owner()).transpose()
    }

    /// The account with this name.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id).
    pub async fn account_with_username(&self, username: &Username) -> Result<Option<Account>, StoreError> {
        let Some(marker) = self.get(items::username_key(username), None).await? else { return Ok(None) };
        self.account_with_id(items::owner(marker)?).await
    }

    /// All accounts, in no particular order, read page by page.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id), as an element of the stream.
    pub fn all(&self) -> impl Stream<Item = Result<Account, StoreError>> + use<> {
        self.items_under("user#").map(|item| item.and_then(items::account))
    }

    /// All items whose key begins with this prefix.
    pub(super) fn items_under(&self, prefix: &str) -> impl Stream<Item = Result<Item, StoreError>> + use<> {
        let request = self.client.scan().table_name(&self.table).filter_expression("begins_with(pk, :prefix)");
        let request = request.expression_attribute_values(":prefix", string(prefix)).limit(PAGE);
        stream::unfold(request.into_paginator().items().send(), async |mut items| {
            let item = items.next().await?.map_err(StoreError::from);
            Some((item, items))
        })
    }

    /// Adds an account. An existing account with the same id is the same user, and stays unchanged.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn add(&self, account: &NewAccount) -> Result<Added, StoreError> {
        let NewAccount { user, password_hash, disabled, created_at } = account.clone();
        let account = self.new_account(user, password_hash)?;
        let account = Account { disabled, created_at: created_at.or(account.created_at), ..account };
        let writes = self.writes().add(&account)?;
        match transact(&self.client, &self.random, writes, Repeated::ByConditions, TRANSACTION_ATTEMPTS).await? {
            Written::Done => Ok(Added::Added),
            Written::Refused(failed) if failed.contains(&Role::Profile) => Ok(Added::WasThere),
            Written::Refused(failed) => Ok(Added::Taken(taken_by(&failed))),
            Written::Collided => Err(contention(TRANSACTION_ATTEMPTS)),
        }
    }

    /// Changes a profile as [`update`](Self::update) does, whether or not its user may log in.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_any(
        &self,
        account: Account,
        change: &ProfileChange,
        reserved: u64,
    ) -> Result<Result<(User, Changed), Refusal>, StoreError> {
        self.change(self.located(account).await?, change, reserved, By::Operator).await
    }

    /// Changes who can log in to an account, and returns the changed account. Writes nothing if nothing changes.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn change_access(
        &self,
        account: Account,
        change: &AccessChange,
    ) -> Result<Result<Account, Refusal>, StoreError> {
        let mut account = self.located(account).await?;
        for attempt in 0..CHANGE_ATTEMPTS {
            if attempt > 0 {
                backoff::wait(&self.random, attempt).await?;
                let Some(current) = self.current(account.user.id).await? else { return Ok(Err(Refusal::Gone)) };
                account = current;
            }
            let generation = Generation::random(&self.random)?;
            let Some(next) = account.after(change, generation, self.clock.now()) else { return Ok(Ok(account)) };
            if self.write(self.writes().change_access(&account, &next)?).await? == Written::Done {
                return Ok(Ok(next));
            }
        }
        Ok(Err(Refusal::Conflict))
    }

    /// Deletes an account if it still exists. Its sessions are not deleted, but are void.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Contention`] if the account changes at each attempt.
    pub async fn delete(&self, account: Account) -> Result<(), StoreError> {
        let mut account = self.located(account).await?;
        for attempt in 0..CHANGE_ATTEMPTS {
            if attempt > 0 {
                backoff::wait(&self.random, attempt).await?;
                let Some(current) = self.current(account.user.id).await? else { return Ok(()) };
                account = current;
            }
            if self.write(self.writes().delete(&account)?).await? == Written::Done {
                return Ok(());
            }
        }
        Err(contention(CHANGE_ATTEMPTS))
    }

    /// Reads the account again, with its marker [located](Self::located).
    pub(super) async fn current(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        match self.account_with_id(id).await? {
            Some(account) => self.located(account).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Account {
    /// The account after a change; `None` if it changes nothing.
    fn after(&self, change: &AccessChange, generation: Generation, now: UnixSeconds) -> Option<Self> {
        let voided = || Self { generation, ..self.clone() };
        match change {
            AccessChange::Password(hash) => {
                Some(Self { password_hash: hash.clone(), unlocked_at: Some(now), ..voided() })
            }
            AccessChange::Disable => (!self.disabled).then(|| Self { disabled: true, ..voided() }),
            AccessChange::Enable => self.disabled.then(|| Self { disabled: false, ..self.clone() }),
            AccessChange::Unlock => Some(Self { unlocked_at: Some(now), ..self.clone() }),
        }
    }

    /// The stored hash, for exports.
    pub fn password_hash(&self) -> &PasswordHash {
        &self.password_hash
    }
}
