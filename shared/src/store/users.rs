//! The table of users. A user is three items, which are written together or not at all:
//!
//! | `pk` | holds |
//! |---|---|
//! | `user#<id>` | the profile, and a copy of the password's hash, which moves with the address |
//! | `email#<canonical address>` | the user's id and the password's hash: all that a login needs |
//! | `username#<name>` | the user's id |
//!
//! The same table has the counters of [`Throttle`](super::Throttle).
//!
//! The last two, the markers, make address and name unique: in DynamoDB only a table's key is unique. Profile and address marker
//! have the same `disabled`, `generation` and `unlocked_at`, if set. A former address keeps its marker for a while, without a hash
//! and with an expiry, so that nobody else can take it.

mod accounts;
mod items;
mod profile;
mod recanonicalize;
mod writes;

pub use accounts::{AccessChange, Added, NewAccount};
pub(super) use items::{credentials, email_key, whole_key};
pub use profile::ProfileChange;
pub use recanonicalize::{Misplaced, Placed};

use aws_sdk_dynamodb::{Client, types::TransactWriteItem};
use items::FormerEmail;
use writes::Writes;

use crate::{
    clock::{Clock, UnixSeconds},
    domain::{Email, Generation, Holder, PasswordHash, Refusal, Taken, User, UserId, Username},
    error::StoreError,
    random::Random,
    store::{
        Item,
        batch::Wanted,
        string,
        transaction::{Repeated, Written, transact},
    },
    timeouts::TRANSACTION_ATTEMPTS,
};

/// How many ids are tried. An id that is already taken is rare.
const DRAWS: u32 = 5;

/// The attributes of a [`Profile`].
const SHOWN: &str = "pk, id, username, email, disabled, generation";

/// Creates, finds and changes users.
#[derive(Debug, Clone)]
pub struct Users {
    client: Client,
    table: String,
    clock: Clock,
    random: Random,
}

/// The stored credentials of a user.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub holder: Holder,
    pub password_hash: PasswordHash,
    pub disabled: bool,
    /// Failed logins up to this time do not count.
    pub unlocked_at: Option<UnixSeconds>,
}

/// The part of an account that tokens are checked against, without the password's hash.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    user: User,
    disabled: bool,
    generation: Generation,
}

/// A whole account.
#[derive(Debug, Clone)]
pub struct Account {
    pub user: User,
    pub disabled: bool,
    /// Unknown for some imported users.
    pub created_at: Option<UnixSeconds>,
    pub generation: Generation,
    unlocked_at: Option<UnixSeconds>,
    former_emails: Vec<FormerEmail>,
    /// The key of the address's marker, if it differs from the canonical form; see [`Misplaced`].
    misplaced_key: Option<String>,
    password_hash: PasswordHash,
}

/// What a write of a transaction is for, so that a failed condition can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Profile,
    Email,
    Username,
    Former,
}

/// The error if others changed the account at each attempt.
fn contention(attempts: u32) -> StoreError {
    StoreError::Contention { what: "the account", attempts }
}

/// Which values belong to another user, by the writes that failed.
fn taken_by(failed: &[Role]) -> Taken {
    Taken { username: failed.contains(&Role::Username), email: failed.contains(&Role::Email) }
}

impl Users {
    /// The users in this table.
    pub fn new(client: Client, table: String, clock: Clock, random: Random) -> Self {
        Self { client, table, clock, random }
    }

    /// Creates a user with a new id. The default name is made of the id.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Random`].
    pub async fn create(
        &self,
        username: Option<Username>,
        email: Email,
        hash: PasswordHash,
    ) -> Result<Result<User, Taken>, StoreError> {
        for _ in 0..DRAWS {
            let id = UserId::random(&self.random)?;
            let name = username.clone().unwrap_or_else(|| Username::from_id(id));
            let user = User { id, username: name, email: email.clone() };
            let account = self.new_account(user, hash.clone())?;
            let failed = match self.write(self.writes().add(&account)?).await? {
                Written::Done => return Ok(Ok(account.user)),
                Written::Refused(failed) => failed,
                Written::Collided => return Err(contention(TRANSACTION_ATTEMPTS)),
            };
            let mut taken = taken_by(&failed);
            // A default name changes with the id.
            taken.username &= username.is_some();
            if !failed.contains(&Role::Profile) && (taken.username || taken.email) {
                return Ok(Err(taken));
            }
        }
        Err(StoreError::Contention { what: "a new user id", attempts: DRAWS })
    }

    /// The user of an access token.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Corrupt`] for an item that no version of this code wrote.
    pub async fn find(&self, holder: Holder) -> Result<Result<User, Refusal>, StoreError> {
        let profile = self.get(items::profile_key(holder.user), Some(SHOWN)).await?;
        let Some(profile) = self.active(profile)? else { return Ok(Err(Refusal::Gone)) };
        Ok(if profile.generation == holder.generation { Ok(profile.user) } else { Err(Refusal::Revoked) })
    }

    /// The account of an access token's user, to be changed.
    ///
    /// # Errors
    /// As [`Users::find`].
    pub async fn open(&self, holder: Holder) -> Result<Result<Account, Refusal>, StoreError> {
        let account = self.account_with_id(holder.user).await?;
        let Some(account) = account.filter(|account| !account.disabled) else { return Ok(Err(Refusal::Gone)) };
        Ok(if account.generation == holder.generation { Ok(account) } else { Err(Refusal::Revoked) })
    }

    /// The read of a [profile](Self::active), for a batch with other items.
    pub(super) fn profile_read(&self, id: UserId) -> Wanted<'_> {
        Wanted { table: &self.table, key: whole_key(items::profile_key(id)), attributes: Some(SHOWN) }
    }

    /// The profile in this item, unless there is none or its user is disabled.
    pub(super) fn active(&self, profile: Option<Item>) -> Result<Option<Profile>, StoreError> {
        Ok(profile.map(items::profile).transpose()?.filter(|profile| !profile.disabled))
    }

    /// A new account.
    fn new_account(&self, user: User, password_hash: PasswordHash) -> Result<Account, StoreError> {
        Ok(Account {
            user,
            disabled: false,
            created_at: Some(self.clock.now()),
            generation: Generation::random(&self.random)?,
            unlocked_at: None,
            former_emails: Vec::new(),
            misplaced_key: None,
            password_hash,
        })
    }

    /// Replaces the hash that a password was just verified with by a better hash of the same password, unless the password has
    /// changed meanwhile. An error here does not fail the login; the next one tries again.
    pub async fn replace_hash(&self, email: &Email, verified: &Credentials, better: PasswordHash) {
        let replaced = async {
            let writes = self.writes().replace_hash(email, verified, &better)?;
            self.write(writes).await
        };
        match replaced.await {
            Ok(Written::Done) => {
                tracing::info!(event = "password_hash_upgraded", user_id = verified.holder.user.get());
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(event = "password_hash_kept", %error, "the next login tries again"),
        }
    }

    fn writes(&self) -> Writes<'_> {
        Writes::new(&self.table, self.clock.now())
    }

    async fn write(&self, writes: Vec<(Role, TransactWriteItem)>) -> Result<Written<Role>, StoreError> {
        transact(&self.client, &self.random, writes, Repeated::ByToken, TRANSACTION_ATTEMPTS).await
    }

    async fn get(&self, key: String, parts: Option<&str>) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).key("pk", string(key)).consistent_read(true);
        let answer = request.set_projection_expression(parts.map(Into::into)).send().await;
        Ok(answer?.item)
    }
}

impl Profile {
    pub(super) fn holder(&self) -> Holder {
        Holder { user: self.user.id, generation: self.generation }
    }
}

impl Account {
    /// The key of the address's marker.
    fn email_key(&self) -> String {
        self.misplaced_key.clone().unwrap_or_else(|| items::email_key(&self.user.email))
    }

    /// The holder of tokens that are valid now.
    pub fn holder(&self) -> Holder {
        Holder { user: self.user.id, generation: self.generation }
    }
}
