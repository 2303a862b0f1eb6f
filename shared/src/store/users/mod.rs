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
//! log in has `disabled` = true in the two former.

mod items;

pub(super) use items::{credentials, email_key, whole_key};

use aws_sdk_dynamodb::Client;
use items::Writes;

use super::{Item, PasswordHash, batch::Wanted, corrupt, string, transaction::transact, unavailable};
use crate::{
    Error,
    clock::Clock,
    domain::{Email, Taken, User, UserId, Username},
    random::Random,
};

/// How often a write is begun anew: when the id that was drawn is another user's, or when the profile changed between
/// its reading and its writing. Each is rare, and more than once in a row is rarer.
const ATTEMPTS: u32 = 5;

/// Everything of a profile but the password's hash, which whoever only reads has no use for.
const SHOWN: &str = "pk, id, username, email, disabled";

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
    pub user: UserId,
    /// The hash of the user's password.
    pub password_hash: PasswordHash,
    /// Whether the user may not log in all the same.
    pub disabled: bool,
}

/// A user who was asked for by id, with what is needed to change them.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What clients see.
    pub user: User,
    password_hash: PasswordHash,
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
    /// Nothing is: the user was deleted or disabled meanwhile.
    Gone,
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
    pub(crate) fn new(client: Client, table: String, clock: Clock, random: Random) -> Self {
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
            let writes = Writes::new(&self.table).create(&user, &hash, self.clock.now())?;
            let failed = transact(&self.client, &self.random, writes).await?;
            if failed.is_empty() {
                return Ok(Created::User(user));
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

    /// The user with this id, unless there is none or they are disabled.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when the item is none of ours.
    pub async fn find(&self, id: UserId) -> Result<Option<User>, Error> {
        self.found(self.get(items::profile_key(id), Some(SHOWN)).await?)
    }

    /// What [`found`](Self::found) reads, to be asked for beside other items.
    pub(super) fn wanted(&self, id: UserId) -> Wanted<'_> {
        Wanted { table: &self.table, key: whole_key(items::profile_key(id)), attributes: Some(SHOWN) }
    }

    /// The user whose profile this is, unless there is none or they are disabled.
    pub(super) fn found(&self, profile: Option<Item>) -> Result<Option<User>, Error> {
        Ok(items::enabled(profile)?.map(|(user, _)| user))
    }

    /// The user with this id, to be changed, unless there is none or they are disabled.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when the item is none of ours.
    pub async fn open(&self, id: UserId) -> Result<Option<Profile>, Error> {
        match items::enabled(self.get(items::profile_key(id), None).await?)? {
            Some((user, Some(password_hash))) => Ok(Some(Profile { user, password_hash })),
            Some((_, None)) => Err(corrupt("profile", "no password_hash")),
            None => Ok(None),
        }
    }

    /// Changes a profile, with its address and its name in one transaction.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, or when the profile changes each time anew.
    pub async fn update(&self, mut profile: Profile, change: &ProfileChange) -> Result<Updated, Error> {
        for _ in 0..ATTEMPTS {
            let user = profile.changed(change);
            if user == profile.user {
                return Ok(Updated::User(user));
            }
            let writes = Writes::new(&self.table).update(&profile, &user)?;
            let failed = transact(&self.client, &self.random, writes).await?;
            if failed.is_empty() {
                return Ok(Updated::User(user));
            }
            if !failed.iter().any(|role| matches!(role, Role::Profile | Role::Former)) {
                return Ok(Updated::Taken(taken(&failed)));
            }
            // Somebody was quicker: the same change goes on top of theirs.
            match self.open(profile.user.id).await? {
                Some(current) => profile = current,
                None => return Ok(Updated::Gone),
            }
        }
        Err(Error::Unavailable("the profile changed each time that it was to be written".into()))
    }

    /// Replaces the hash that a password was just verified with by a better one of the same password, unless it was
    /// replaced meanwhile. That it fails stops no login: the next one tries again.
    pub async fn replace_hash(&self, email: &Email, verified: &Credentials, better: PasswordHash) {
        let replaced = async {
            let writes = Writes::new(&self.table).replace_hash(email, verified, &better)?;
            transact(&self.client, &self.random, writes).await
        };
        match replaced.await {
            Ok(failed) if failed.is_empty() => {
                tracing::info!(event = "password_hash_upgraded", user_id = verified.user.get());
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(event = "password_hash_kept", %error, "the next login tries again"),
        }
    }

    async fn get(&self, key: String, parts: Option<&str>) -> Result<Option<Item>, Error> {
        let request = self.client.get_item().table_name(&self.table).key("pk", string(key)).consistent_read(true);
        let answer = request.set_projection_expression(parts.map(Into::into)).send().await;
        Ok(answer.map_err(|error| unavailable(&error))?.item)
    }
}

impl Profile {
    /// The user as they will be.
    fn changed(&self, change: &ProfileChange) -> User {
        User {
            id: self.user.id,
            username: change.username.clone().unwrap_or_else(|| self.user.username.clone()),
            email: change.email.clone().unwrap_or_else(|| self.user.email.clone()),
        }
    }
}
