//! The table of users. A user is three items, which are written together or not at all:
//!
//! | `pk` | holds |
//! |---|---|
//! | `user#<id>` | the profile, and a copy of the password's hash, which moves with the address |
//! | `email#<canonical address>` | whose it is, and the password's hash: all that a login needs |
//! | `username#<name>` | whose it is |
//!
//! Beside them stand the counts of [`Attempts`](super::Attempts).
//!
//! The two latter make address and name unique: DynamoDB has no other unique index than a table's key. A user who may not
//! log in has `disabled` = true in the two former; a user whose tokens were voided at once has the same `generation` in both.

mod accounts;
mod items;

pub use accounts::{AccessChange, Added, NewAccount};
pub(super) use items::{credentials, email_key, whole_key};

use aws_sdk_dynamodb::{Client, types::TransactWriteItem};
use items::Writes;

use super::{
    Item, PasswordHash,
    batch::Wanted,
    string,
    transaction::{Repeated, transact},
    unavailable,
};
use crate::{
    Error,
    clock::{Clock, UnixSeconds},
    domain::{Email, Generation, Holder, Taken, User, UserId, Username},
    random::Random,
};

/// How often a write is begun anew: when the id that was drawn is another user's, or when the profile changed between
/// its reading and its writing. Each is rare, and more than once in a row is rarer.
const ATTEMPTS: u32 = 5;

/// Everything of a profile but the password's hash, which whoever only reads has no use for.
const SHOWN: &str = "pk, id, username, email, disabled, generation";

/// Creates, finds and changes users.
#[derive(Debug, Clone)]
pub struct Users {
    client: Client,
    table: String,
    clock: Clock,
    random: Random,
}

/// What a login is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who logs in.
    pub holder: Holder,
    /// The hash of the user's password.
    pub password_hash: PasswordHash,
    /// Whether the user may not log in all the same.
    pub disabled: bool,
}

/// A user as they are stored.
#[derive(Debug, Clone)]
pub struct Account {
    /// What clients see.
    pub user: User,
    /// Whether the user may not log in.
    pub disabled: bool,
    /// Since when there is the account.
    pub created_at: Option<UnixSeconds>,
    /// How often all tokens of the user were voided.
    pub generation: Generation,
    password_hash: Option<PasswordHash>,
}

/// What is to change of a profile; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// The new name.
    pub username: Option<Username>,
    /// The new address.
    pub email: Option<Email>,
}

/// What became of a user who was to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is done.
    User(User),
    /// Nothing is: these are another user's.
    Taken(Taken),
}

/// What became of a change of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// It is done.
    User(User),
    /// Nothing is: these are another user's.
    Taken(Taken),
}

/// What a write of a transaction is for, so that its failed condition can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Profile,
    Email,
    Username,
    Former,
}

fn taken(failed: &[Role]) -> Taken {
    Taken { username: failed.contains(&Role::Username), email: failed.contains(&Role::Email) }
}

impl Users {
    /// The users in this table.
    pub fn new(client: Client, table: String, clock: Clock, random: Random) -> Self {
        Self { client, table, clock, random }
    }

    /// Creates a user with a new id; without a name, one is made of the id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when there is no randomness.
    pub async fn create(&self, username: Option<Username>, email: Email, hash: PasswordHash) -> Result<Created, Error> {
        for _ in 0..ATTEMPTS {
            let id = UserId::random(&self.random)?;
            let name = username.clone().unwrap_or_else(|| Username::from_id(id));
            let user = User { id, username: name, email: email.clone() };
            let account = NewAccount { user, password_hash: hash.clone(), disabled: false, created_at: None };
            let writes = Writes::new(&self.table).add(&account, self.clock.now())?;
            let failed = self.write(writes).await?;
            if failed.is_empty() {
                return Ok(Created::User(account.user));
            }
            let mut taken = taken(&failed);
            // A name that was made of the id is drawn anew with it.
            taken.username &= username.is_some();
            if !failed.contains(&Role::Profile) && (taken.username || taken.email) {
                return Ok(Created::Taken(taken));
            }
        }
        Err(Error::Unavailable("no free user id was drawn".into()))
    }

    /// The user whom an access token was issued to.
    ///
    /// # Errors
    /// [`Error::USER_INACTIVE`] when there is none or they are disabled, [`Error::INVALID_TOKEN`] when their tokens were voided
    /// since. [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when the item is none of ours.
    pub async fn find(&self, holder: Holder) -> Result<User, Error> {
        Ok(self.account(holder, Some(SHOWN)).await?.user)
    }

    /// The same, to be changed.
    ///
    /// # Errors
    /// As [`Users::find`].
    pub async fn open(&self, holder: Holder) -> Result<Account, Error> {
        self.account(holder, None).await
    }

    async fn account(&self, holder: Holder, parts: Option<&str>) -> Result<Account, Error> {
        let profile = self.get(items::profile_key(holder.user), parts).await?;
        let account = self.found(profile)?.ok_or(Error::USER_INACTIVE)?;
        if account.generation == holder.generation { Ok(account) } else { Err(Error::INVALID_TOKEN) }
    }

    /// What [`found`](Self::found) reads, to be asked for beside other items.
    pub(super) fn wanted(&self, id: UserId) -> Wanted<'_> {
        Wanted { table: &self.table, key: whole_key(items::profile_key(id)), attributes: Some(SHOWN) }
    }

    /// The account with this profile, unless there is none or it is disabled.
    pub(super) fn found(&self, profile: Option<Item>) -> Result<Option<Account>, Error> {
        Ok(profile.map(items::account).transpose()?.filter(|account| !account.disabled))
    }

    /// Changes a profile, with its address and its name in one transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, or when the profile changes each time anew. As [`Users::find`]
    /// when the user is gone, disabled or without valid tokens meanwhile.
    pub async fn update(&self, mut account: Account, change: &ProfileChange) -> Result<Updated, Error> {
        for _ in 0..ATTEMPTS {
            let user = account.changed(change);
            if user == account.user {
                return Ok(Updated::User(user));
            }
            let writes = Writes::new(&self.table).update(&account, &user)?;
            let failed = self.write(writes).await?;
            if failed.is_empty() {
                return Ok(Updated::User(user));
            }
            if !failed.iter().any(|role| matches!(role, Role::Profile | Role::Former)) {
                return Ok(Updated::Taken(taken(&failed)));
            }
            // Somebody was quicker: the same change goes on top of theirs.
            account = self.open(account.holder()).await?;
        }
        Err(accounts::changes_each_time())
    }

    /// Replaces the hash that a password was just verified with by a better one of the same password, unless it was
    /// replaced meanwhile. That it fails stops no login: the next one tries again.
    pub async fn replace_hash(&self, email: &Email, verified: &Credentials, better: PasswordHash) {
        let replaced = async {
            let writes = Writes::new(&self.table).replace_hash(email, verified, &better)?;
            self.write(writes).await
        };
        match replaced.await {
            Ok(failed) if failed.is_empty() => {
                tracing::info!(event = "password_hash_upgraded", user_id = verified.holder.user.get());
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(event = "password_hash_kept", %error, "the next login tries again"),
        }
    }

    /// Does all of these writes and returns `[]`, or none and returns the roles of those whose conditions fail.
    async fn write(&self, writes: Vec<(Role, TransactWriteItem)>) -> Result<Vec<Role>, Error> {
        transact(&self.client, &self.random, writes, Repeated::ByToken).await
    }

    async fn get(&self, key: String, parts: Option<&str>) -> Result<Option<Item>, Error> {
        let request = self.client.get_item().table_name(&self.table).key("pk", string(key)).consistent_read(true);
        let answer = request.set_projection_expression(parts.map(Into::into)).send().await;
        Ok(answer.map_err(|error| unavailable(&error))?.item)
    }
}

impl Account {
    /// Whom tokens are issued to that are valid now.
    pub fn holder(&self) -> Holder {
        Holder { user: self.user.id, generation: self.generation }
    }

    /// The user as they will be.
    fn changed(&self, change: &ProfileChange) -> User {
        User {
            id: self.user.id,
            username: change.username.clone().unwrap_or_else(|| self.user.username.clone()),
            email: change.email.clone().unwrap_or_else(|| self.user.email.clone()),
        }
    }
}
