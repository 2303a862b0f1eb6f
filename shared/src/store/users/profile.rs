//! Changes of a profile.

use super::{Account, Role, Users, taken};
use crate::{
    Error,
    domain::{Changed, Email, Taken, User, Username},
    store::{
        backoff,
        transaction::{Repeated, Written, transact},
    },
    timeouts::CHANGES,
};

/// What is to change of a profile; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// The new name.
    pub username: Option<Username>,
    /// The new address.
    pub email: Option<Email>,
}

/// What became of a change of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// It is done, and these fields are others than before.
    User(User, Changed),
    /// Nothing is: these are another user's.
    Taken(Taken),
}

/// Who changes a profile: its owner must still be able to log in, an operator may change any.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    Owner,
    Operator,
}

impl Users {
    /// Changes a profile, with its address and its name in one transaction. A former address is reserved for its owner for so
    /// many seconds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Conflict`] when others change the profile each time
    /// before. As [`Users::find`] when the user is gone, disabled or without valid tokens meanwhile.
    pub async fn update(&self, account: Account, change: &ProfileChange, reserved: u64) -> Result<Updated, Error> {
        self.change(account, change, reserved, By::Owner).await
    }

    pub(super) async fn change(
        &self,
        mut account: Account,
        change: &ProfileChange,
        reserved: u64,
        by: By,
    ) -> Result<Updated, Error> {
        for attempt in 0..CHANGES {
            if attempt > 0 {
                // Somebody was quicker: the same change goes on top of theirs.
                backoff::wait(&self.random, attempt).await?;
                account = match by {
                    By::Owner => self.open(account.holder()).await?,
                    By::Operator => self.current(account.user.id).await?.ok_or(Error::USER_INACTIVE)?,
                };
            }
            let user = account.changed(change);
            let former = &account.user;
            let changed = Changed { username: user.username != former.username, email: user.email != former.email };
            if user == *former {
                return Ok(Updated::User(user, changed));
            }
            let writes = self.writes().update(&account, &user, reserved)?;
            // Whoever collides was read before, and is read again.
            match transact(&self.client, &self.random, writes, Repeated::ByToken, 1).await? {
                Written::Done => return Ok(Updated::User(user, changed)),
                Written::Refused(failed) if !failed.iter().any(|role| matches!(role, Role::Profile | Role::Former)) => {
                    return Ok(Updated::Taken(taken(&failed)));
                }
                Written::Refused(_) | Written::Collided => {}
            }
        }
        Err(Error::Conflict)
    }
}

impl Account {
    /// The user as they will be.
    fn changed(&self, change: &ProfileChange) -> User {
        User {
            id: self.user.id,
            username: change.username.clone().unwrap_or_else(|| self.user.username.clone()),
            email: change.email.clone().unwrap_or_else(|| self.user.email.clone()),
        }
    }
}
