//! Profile changes.

use super::{Account, Role, Users, taken_by};
use crate::{
    domain::{Changed, Email, Refusal, User, Username},
    error::StoreError,
    store::{
        backoff,
        transaction::{Repeated, Written, transact},
    },
    timeouts::CHANGE_ATTEMPTS,
};

/// A change of a profile. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    pub username: Option<Username>,
    pub email: Option<Email>,
}

/// Who changes a profile. The owner must still be able to log in; an operator can change any profile.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    Owner,
    Operator,
}

impl Users {
    /// Changes a profile, with its address and name in one transaction. A former address stays reserved for its owner for `reserved`
    /// seconds.
    ///
    /// # Errors
    /// As [`Users::find`].
    pub async fn update(
        &self,
        account: Account,
        change: &ProfileChange,
        reserved: u64,
    ) -> Result<Result<(User, Changed), Refusal>, StoreError> {
        self.change(account, change, reserved, By::Owner).await
    }

    pub(super) async fn change(
        &self,
        mut account: Account,
        change: &ProfileChange,
        reserved: u64,
        by: By,
    ) -> Result<Result<(User, Changed), Refusal>, StoreError> {
        for attempt in 0..CHANGE_ATTEMPTS {
            if attempt > 0 {
                // Others changed the profile meanwhile: apply the change to theirs.
                backoff::wait(&self.random, attempt).await?;
                let current = match by {
                    By::Owner => self.open(account.holder()).await?,
                    By::Operator => self.current(account.user.id).await?.ok_or(Refusal::Gone),
                };
                account = match current {
                    Ok(current) => current,
                    Err(refusal) => return Ok(Err(refusal)),
                };
            }
            let user = account.changed(change);
            let former = &account.user;
            let changed = Changed { username: user.username != former.username, email: user.email != former.email };
            if user == *former {
                return Ok(Ok((user, changed)));
            }
            let writes = self.writes().update(&account, &user, reserved)?;
            // After a conflict the account is read again, so one attempt is enough here.
            match transact(&self.client, &self.random, writes, Repeated::ByToken, 1).await? {
                Written::Done => return Ok(Ok((user, changed))),
                Written::Refused(failed) if !failed.iter().any(|role| matches!(role, Role::Profile | Role::Former)) => {
                    return Ok(Err(Refusal::Taken(taken_by(&failed))));
                }
                Written::Refused(_) | Written::Collided => {}
            }
        }
        Ok(Err(Refusal::Conflict))
    }
}

impl Account {
    /// The user after this change.
    fn changed(&self, change: &ProfileChange) -> User {
        User {
            id: self.user.id,
            username: change.username.clone().unwrap_or_else(|| self.user.username.clone()),
            email: change.email.clone().unwrap_or_else(|| self.user.email.clone()),
        }
    }
}
