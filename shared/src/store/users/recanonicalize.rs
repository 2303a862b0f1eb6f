//! Address markers whose key is not today's canonical form: earlier versions recognised fewer spellings of one address.

use std::pin::pin;

use futures_util::{Stream, StreamExt, TryStreamExt};

use super::{
    Account, Role, Users, contention,
    items::{self, CredentialsItem},
};
use crate::{
    domain::{User, UserId},
    error::StoreError,
    store::{Item, transaction::Written},
    timeouts::TRANSACTION_ATTEMPTS,
};

/// A user whose address logins do not find, and others can register.
#[derive(Debug, Clone)]
pub struct Misplaced {
    pub user: User,
    /// The key of the marker.
    pub key: String,
    account: Account,
}

/// The result of moving a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It is at its canonical key, or would be in a dry run.
    Moved,
    /// Nothing was changed: the canonical form belongs to this user.
    Twin(UserId),
    /// Nothing was changed: the account has changed meanwhile.
    Gone,
}

impl Users {
    /// All misplaced markers, in no particular order.
    ///
    /// # Errors
    /// As [`account_with_id`](Self::account_with_id), as an element of the stream.
    pub fn misplaced(&self) -> impl Stream<Item = Result<Misplaced, StoreError>> + '_ {
        self.items_under(items::EMAIL).filter_map(async |item| match item {
            Ok(item) => self.misplaced_marker(item).await.transpose(),
            Err(error) => Some(Err(error)),
        })
    }

    async fn misplaced_marker(&self, mut item: Item) -> Result<Option<Misplaced>, StoreError> {
        let Some(key) = item.remove("pk").and_then(|key| key.as_s().ok().cloned()) else { return Ok(None) };
        let marker = CredentialsItem::read(item)?;
        // Nobody logs in with a reserved address.
        if marker.password_hash.is_none() {
            return Ok(None);
        }
        let account = self.account_with_id(marker.owner()?).await?;
        let account = account.filter(|account| items::email_key(&account.user.email) != key);
        Ok(account.map(|account| Misplaced {
            user: account.user.clone(),
            key: key.clone(),
            account: Account { misplaced_key: Some(key), ..account },
        }))
    }

    /// The account with the key of its marker. Operators must be able to change an account whose canonical address belongs to another
    /// user: only a new address or deletion resolves that.
    pub(super) async fn located(&self, account: Account) -> Result<Account, StoreError> {
        let is_own =
            |marker: &CredentialsItem| marker.user_id == account.user.id.get() && marker.password_hash.is_some();
        let marker = self.get(account.email_key(), None).await?.map(CredentialsItem::read).transpose()?;
        if marker.as_ref().is_some_and(is_own) {
            return Ok(account);
        }
        // The spelling may have changed since the marker was written, so all markers are searched. That is rare.
        let mut all = pin!(self.items_under(items::EMAIL));
        while let Some(mut item) = all.try_next().await? {
            let key = item.remove("pk").and_then(|key| key.as_s().ok().cloned());
            if is_own(&CredentialsItem::read(item)?) {
                return Ok(Account { misplaced_key: key, ..account });
            }
        }
        Ok(account)
    }

    /// Moves a marker to its canonical key, unless another user has that address or the account changes meanwhile. A dry run writes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Corrupt`] for an item that no version of this code wrote.
    pub async fn placed(&self, misplaced: &Misplaced, dry_run: bool) -> Result<Placed, StoreError> {
        if let Some(twin) = self.account_with_email(&misplaced.user.email).await? {
            let is_another = twin.user.id != misplaced.user.id;
            return Ok(if is_another { Placed::Twin(twin.user.id) } else { Placed::Gone });
        }
        if let Some(owner) = self.former_owner(&misplaced.user.email).await?.filter(|owner| *owner != misplaced.user.id)
        {
            return Ok(Placed::Twin(owner));
        }
        if dry_run {
            return Ok(Placed::Moved);
        }
        match self.write(self.writes().put_in_place(&misplaced.account)?).await? {
            Written::Done => Ok(Placed::Moved),
            Written::Refused(failed) if failed.contains(&Role::Email) => Err(contention(TRANSACTION_ATTEMPTS)),
            Written::Refused(_) => Ok(Placed::Gone),
            Written::Collided => Err(contention(TRANSACTION_ATTEMPTS)),
        }
    }
}
