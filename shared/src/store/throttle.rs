//! Rate limits: items of the users table under `failures#…`, `registrations#…` and `changes#…` that count attempts in a window
//! that starts with the first one. The table's TTL deletes them; whether they still count is checked on read.
//!
//! A failed login counts for its source with the account, for its source alone, and for the account; for the last only if the
//! source is within its own limits, so that one source cannot use up the account's limit. A source from which the owner recently
//! logged in is exempt from the account's limit. That is an item under `known#…`, written only while there are failures.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::ReturnValuesOnConditionCheckFailure,
};
use serde::Deserialize;

use crate::{
    clock::{Clock, UnixSeconds},
    domain::{Email, Holder, Source},
    error::StoreError,
    keys::KeyStore,
    random::Random,
    settings::{Limit, Settings},
    store::{
        Credentials, Item,
        batch::{self, Wanted},
        number, string, users,
    },
    timeouts::COUNTER_ATTEMPTS,
};

/// How long a source from which the owner logged in stays known, in seconds: 30 days.
const KNOWN_FOR: u64 = 30 * 86_400;

/// Counts attempts, and reads a login's credentials together with the counters.
#[derive(Debug, Clone)]
pub struct Throttle {
    client: Client,
    table: String,
    clock: Clock,
    random: Random,
    keys: Arc<KeyStore>,
}

/// The credentials and the counters of a login.
#[derive(Debug, Clone)]
pub struct LoginState {
    /// The credentials for the address, if it belongs to a user.
    pub credentials: Option<Credentials>,
    by_source: Failures,
    by_source_all: Failures,
    by_account: Failures,
    /// Whether logins to the account failed recently, even if an operator has cleared them: the attacker may come back.
    failed_lately: bool,
    known: Known,
}

/// Whether the owner recently logged in from this source.
#[derive(Debug, Clone)]
struct Known {
    key: String,
    until: Option<UnixSeconds>,
}

/// The stored form.
#[derive(Deserialize)]
struct KnownItem {
    expires_at: UnixSeconds,
}

/// A counter of failures.
#[derive(Debug, Clone)]
struct Failures {
    key: String,
    /// Failures up to this time do not count.
    unlocked_at: Option<UnixSeconds>,
    counted: Option<Counted>,
}

/// The stored counter.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Counted {
    attempts: u64,
    /// Missing in counters of earlier versions.
    #[serde(default)]
    began_at: UnixSeconds,
    expires_at: UnixSeconds,
}

impl Throttle {
    pub(crate) fn new(client: Client, table: String, clock: Clock, random: Random, keys: Arc<KeyStore>) -> Self {
        Self { client, table, clock, random, keys }
    }

    /// Reads the credentials of a login and its counters, in one request. Unknown addresses are counted like known ones, so that
    /// the limits do not reveal who has an account.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB or Secrets Manager fails, [`StoreError::Corrupt`] for an item that no version of this code
    /// wrote.
    pub async fn look_up(&self, email: &Email, source: Source) -> Result<LoginState, StoreError> {
        let account = self.keys.signing().await?.account(email);
        let keys = [
            users::email_key(email),
            format!("failures#{account}#{source}"),
            // Not a possible account.
            format!("failures#*#{source}"),
            format!("failures#{account}"),
            format!("known#{account}#{source}"),
        ];
        let wanted = |key: &String| Wanted { table: &self.table, key: users::whole_key(key), attributes: None };
        let found = batch::read(&self.client, &self.random, keys.each_ref().map(wanted)).await?;
        let ([credentials, by_source, by_source_all, by_account, known], [_, source, source_all, account, known_key]) =
            (found, keys);
        let credentials = credentials.map(users::credentials).transpose()?.flatten();
        let unlocked_at = credentials.as_ref().and_then(|credentials| credentials.unlocked_at);
        let failed_lately = by_account.is_some();
        Ok(LoginState {
            credentials,
            by_source: Failures::read(source, by_source, unlocked_at)?,
            by_source_all: Failures::read(source_all, by_source_all, None)?,
            by_account: Failures::read(account, by_account, unlocked_at)?,
            failed_lately,
            known: Known::read(known_key, known)?,
        })
    }

    /// The seconds until a login is accepted again, if too many failed before.
    pub fn wait(&self, login: &LoginState, settings: &Settings) -> Option<u64> {
        let now = self.clock.now();
        let wait = |failures: &Failures, limit| failures.counted.and_then(|counted| counted.wait(limit, now));
        let by_source = wait(&login.by_source, settings.login_failures_per_source());
        let by_source_all = wait(&login.by_source_all, settings.login_failures_per_source_all());
        let by_account = wait(&login.by_account, settings.login_failures_per_account());
        by_source.max(by_source_all).max(by_account.filter(|_| !login.known.is(now)))
    }

    /// Counts a failed login. Returns the seconds to wait if too many others failed while this one was checked.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn count_failure(&self, login: LoginState, settings: &Settings) -> Result<Option<u64>, StoreError> {
        let (by_source, by_source_all) = tokio::try_join!(
            self.count(&login.by_source, settings.login_failures_per_source()),
            self.count(&login.by_source_all, settings.login_failures_per_source_all()),
        )?;
        // Failures beyond the source's own limits do not count for the account, even concurrent ones.
        if let Some(wait) = by_source.max(by_source_all) {
            return Ok(Some(wait));
        }
        let by_account = self.count(&login.by_account, settings.login_failures_per_account()).await?;
        Ok(by_account.filter(|_| !login.known.is(self.clock.now())))
    }

    /// Remembers the source of a successful login if logins to the account failed recently: if there are too many failures later,
    /// the owner can still log in from there. An error here does not fail the login.
    pub async fn remember(&self, login: &LoginState) {
        let now = self.clock.now();
        let is_known_for_long = login.known.is(now.saturating_add(KNOWN_FOR / 2));
        if !login.failed_lately || is_known_for_long {
            return;
        }
        let put = self.client.put_item().table_name(&self.table).item("pk", string(&login.known.key));
        let put = put.item("expires_at", number(now.saturating_add(KNOWN_FOR)));
        if let Err(error) = put.send().await {
            let error = StoreError::from(error);
            tracing::warn!(event = "source_not_remembered", %error, "the next login tries again");
        }
    }

    /// Counts an attempt to change a profile. Returns the seconds to wait if the user made too many before. Requests with revoked
    /// tokens are counted separately from the owner's, since at this point nobody knows that they are revoked.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn count_change(&self, holder: Holder, settings: &Settings) -> Result<Option<u64>, StoreError> {
        let Holder { user, generation } = holder;
        self.count(&Failures::none(format!("changes#{user}#{}", generation.get())), settings.profile_changes_per_user())
            .await
    }

    /// Counts a registration. Returns the seconds to wait if too many came from the same source before.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn count_registration(&self, source: Source, settings: &Settings) -> Result<Option<u64>, StoreError> {
        self.count(&Failures::none(format!("registrations#{source}")), settings.registrations_per_source()).await
    }

    /// Adds one attempt, or returns the seconds until the window ends if the limit is reached. DynamoDB checks the condition, so that
    /// concurrent requests cannot exceed the limit.
    async fn count(&self, failures: &Failures, limit: Limit) -> Result<Option<u64>, StoreError> {
        let unlocked_at = failures.unlocked_at;
        // A window that began before the unlock does not count, nor one of an earlier version, which has no start.
        let (goes_on, is_void) = match unlocked_at {
            Some(_) => {
                (" AND began_at > :unlocked_at", " OR attribute_not_exists(began_at) OR began_at <= :unlocked_at")
            }
            None => ("", ""),
        };
        for _ in 0..COUNTER_ATTEMPTS {
            let now = self.clock.now();
            let update = || self.update(failures, now, limit);
            let another = update()
                .update_expression(
                    "SET expires_at = if_not_exists(expires_at, :end), began_at = if_not_exists(began_at, :began_at) \
                     ADD attempts :one",
                )
                .condition_expression(format!(
                    "attribute_not_exists(pk) OR (expires_at > :now AND attempts < :max{goes_on})"
                ))
                .expression_attribute_values(":max", number(limit.max));
            match try_update(another).await? {
                Outcome::Counted => return Ok(None),
                Outcome::Refused(Some(counted)) if now < counted.expires_at && counted.is_after(unlocked_at) => {
                    return Ok(Some(counted.expires_at - now));
                }
                Outcome::Refused(_) => {}
            }
            // The window has ended or is void, but TTL has not deleted it yet.
            let first = update()
                .update_expression("SET expires_at = :end, began_at = :began_at, attempts = :one")
                .condition_expression(format!("expires_at <= :now{is_void}"));
            if let Outcome::Counted = try_update(first).await? {
                return Ok(None);
            }
        }
        Err(StoreError::Contention { what: "a counter", attempts: COUNTER_ATTEMPTS })
    }

    fn update(&self, failures: &Failures, now: UnixSeconds, limit: Limit) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.table).key("pk", string(&failures.key));
        // The operator's clock may be ahead of this one; a window that begins now counts anyway.
        let began_at = failures.unlocked_at.map_or(now, |time| now.max(time.saturating_add(1)));
        let update = match failures.unlocked_at {
            Some(time) => update.expression_attribute_values(":unlocked_at", number(time)),
            None => update,
        };
        update
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":began_at", number(began_at))
            .expression_attribute_values(":end", number(now.saturating_add(limit.window)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

enum Outcome {
    Counted,
    /// The stored counter that prevented it.
    Refused(Option<Counted>),
}

async fn try_update(update: UpdateItemFluentBuilder) -> Result<Outcome, StoreError> {
    match update.send().await {
        Ok(_) => Ok(Outcome::Counted),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Outcome::Refused(failed.item.clone().map(Counted::read).transpose()?))
            }
            _ => Err(error.into()),
        },
    }
}

impl Failures {
    /// A counter that has not been read.
    fn none(key: String) -> Self {
        Self { key, unlocked_at: None, counted: None }
    }

    fn read(key: String, item: Option<Item>, unlocked_at: Option<UnixSeconds>) -> Result<Self, StoreError> {
        let counted = item.map(Counted::read).transpose()?.filter(|counted| counted.is_after(unlocked_at));
        Ok(Self { key, unlocked_at, counted })
    }
}

impl Known {
    fn read(key: String, item: Option<Item>) -> Result<Self, StoreError> {
        let item: Option<KnownItem> = item
            .map(serde_dynamo::from_item)
            .transpose()
            .map_err(|error| StoreError::corrupt("known source", error))?;
        Ok(Self { key, until: item.map(|item| item.expires_at) })
    }

    fn is(&self, time: UnixSeconds) -> bool {
        self.until.is_some_and(|until| time < until)
    }
}

impl Counted {
    fn read(item: Item) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(|error| StoreError::corrupt("attempts", error))
    }

    fn is_after(self, unlocked_at: Option<UnixSeconds>) -> bool {
        unlocked_at.is_none_or(|time| self.began_at > time)
    }

    /// The seconds until the window ends, if the limit is reached.
    fn wait(self, limit: Limit, now: UnixSeconds) -> Option<u64> {
        (self.attempts >= limit.max && now < self.expires_at).then(|| self.expires_at - now)
    }
}
