//! The table of users. A user is three items, which are written together or not at all:
//!
//! | `pk` | holds |
//! |---|---|
//! | `user#<id>` | the profile, and a copy of the password's hash, which moves with the address |
//! | `email#<canonical address>` | whose it is, and the password's hash: all that a login needs |
//! | `username#<name>` | whose it is |
//!
//! Beside them stand the counts of [`Throttle`](super::Throttle).
//!
//! The two latter make address and name unique: DynamoDB has no other unique index than a table's key. The two former have the
//! same `disabled`, `generation` and `unlocked_at`, where these are set. A former address keeps its marker for a while, without
//! a hash and with an end, so that nobody else takes it.

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

/// How often an id is drawn: one that is another user's already is rare, and more than once in a row is rarer.
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

/// What a login is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who logs in.
    pub holder: Holder,
    /// The hash of the user's password.
    pub password_hash: PasswordHash,
    /// Whether the user may not log in all the same.
    pub disabled: bool,
    /// Failed logins until then do not count.
    pub unlocked_at: Option<UnixSeconds>,
}

/// What of an account needs no hash: all that a token is checked against.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    user: User,
    disabled: bool,
    generation: Generation,
}

/// A whole account.
#[derive(Debug, Clone)]
pub struct Account {
    /// What clients see.
    pub user: User,
    /// Whether the user may not log in.
    pub disabled: bool,
    /// Since when there is the account.
    pub created_at: Option<UnixSeconds>,
    /// What the user's tokens have in common.
    pub generation: Generation,
    unlocked_at: Option<UnixSeconds>,
    former_emails: Vec<FormerEmail>,
    /// The key of the address's marker, where that is not the one of its canonical form; see [`Misplaced`].
    misplaced_key: Option<String>,
    password_hash: PasswordHash,
}

/// What a write of a transaction is for, so that its failed condition can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Profile,
    Email,
    Username,
    Former,
}

/// For a write that others made impossible at each attempt.
fn contention(attempts: u32) -> StoreError {
    StoreError::Contention { what: "the account", attempts }
}

/// Which values belong to another user, by the writes whose conditions failed.
fn taken_by(failed: &[Role]) -> Taken {
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
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Internal`] when there is no randomness.
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
            // A name that was made of the id is drawn anew with it.
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

    /// An account that begins now.
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

    /// Replaces the hash that a password was just verified with by a better one of the same password, unless it was
    /// replaced meanwhile. That it fails stops no login: the next one tries again.
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

    /// Whom tokens are issued to that are valid now.
    pub fn holder(&self) -> Holder {
        Holder { user: self.user.id, generation: self.generation }
    }
}
