//! What operators do with accounts, whether these may log in or not.

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
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Internal`] when the item is none of ours.
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

    /// For whom an address is reserved that they had before.
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

    /// All accounts, in no order that means anything, read as they are asked for.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id), in the place of an account.
    pub fn all(&self) -> impl Stream<Item = Result<Account, StoreError>> + use<> {
        self.items_under("user#").map(|item| item.and_then(items::account))
    }

    /// All items whose key begins like this.
    pub(super) fn items_under(&self, prefix: &str) -> impl Stream<Item = Result<Item, StoreError>> + use<> {
        let request = self.client.scan().table_name(&self.table).filter_expression("begins_with(pk, :prefix)");
        let request = request.expression_attribute_values(":prefix", string(prefix)).limit(PAGE);
        stream::unfold(request.into_paginator().items().send(), async |mut items| {
            let item = items.next().await?.map_err(StoreError::from);
            Some((item, items))
        })
    }

    /// Adds an account. One with the same id is the same user, and stays as it is.
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

    /// Changes an account's way in, and returns the account as it is then. Nothing is changed where it is so already.
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

    /// Deletes an account, if it is still there; its sessions are not deleted with it, and worth nothing.
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

    /// The account as it is now, with its marker [located](Self::located).
    pub(super) async fn current(&self, id: UserId) -> Result<Option<Account>, StoreError> {
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
                Some(Self { password_hash: hash.clone(), unlocked_at: Some(now), ..voided() })
            }
            AccessChange::Disable => (!self.disabled).then(|| Self { disabled: true, ..voided() }),
            AccessChange::Enable => self.disabled.then(|| Self { disabled: false, ..self.clone() }),
            AccessChange::Unlock => Some(Self { unlocked_at: Some(now), ..self.clone() }),
        }
    }

    /// The stored hash of the password, for a copy of the account elsewhere.
    pub fn password_hash(&self) -> &PasswordHash {
        &self.password_hash
    }
}
