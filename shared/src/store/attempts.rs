//! What was tried too often: items of the table of users, under `failures#…` and `registrations#…`, that count attempts in a
//! window of time from the first one on. The table's TTL deletes them, and whether they still count is checked on read.

use std::sync::Arc;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use serde::Deserialize;

use super::{
    Credentials, Item,
    batch::{self, Wanted},
    corrupt, number, string, unavailable, users,
};
use crate::{
    Error,
    clock::{Clock, UnixSeconds},
    domain::{Email, Source},
    settings::{Limit, Settings},
    tokens::KeyStore,
};

/// How often a count is begun anew, when others count under the same key at the same moment.
const ATTEMPTS: u32 = 5;

/// Counts attempts, and finds what a login is checked against beside what was counted.
#[derive(Debug, Clone)]
pub struct Attempts {
    client: Client,
    table: String,
    clock: Clock,
    keys: Arc<KeyStore>,
}

/// What a login needs to know.
#[derive(Debug, Clone)]
pub struct Login {
    /// Whose address it is, if it is a user's.
    pub credentials: Option<Credentials>,
    by_source: Failures,
    by_account: Failures,
}

/// Failures that are counted together.
#[derive(Debug, Clone)]
struct Failures {
    key: String,
    counted: Option<Counted>,
}

/// A count as it is stored.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Counted {
    attempts: u64,
    expires_at: UnixSeconds,
}

impl Attempts {
    pub(crate) fn new(client: Client, table: String, clock: Clock, keys: Arc<KeyStore>) -> Self {
        Self { client, table, clock, keys }
    }

    /// Looks up a login: whose address it is, and what has failed before, in one request. An address that nobody has is
    /// counted like any other, so that nobody learns from it whose it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store or the key store does not answer, [`Error::Internal`] when an item is none of
    /// ours.
    pub async fn look_up(&self, email: &Email, source: Source) -> Result<Login, Error> {
        let account = self.keys.signing().await?.account(email);
        let keys = [users::email_key(email), format!("failures#{account}#{source}"), format!("failures#{account}")];
        let wanted = |key: &String| Wanted { table: &self.table, key: users::whole_key(key), attributes: None };
        let [credentials, by_source, by_account] = batch::read(&self.client, keys.each_ref().map(wanted)).await?;
        let [_, source_key, account_key] = keys;
        Ok(Login {
            credentials: credentials.map(users::credentials).transpose()?,
            by_source: Failures::read(source_key, by_source)?,
            by_account: Failures::read(account_key, by_account)?,
        })
    }

    /// The seconds until a login is looked at again, if too many have failed before.
    pub fn wait(&self, login: &Login, settings: &Settings) -> Option<u64> {
        let limits = [settings.login_failures_per_source(), settings.login_failures_per_account()];
        let waits = [&login.by_source, &login.by_account].into_iter().zip(limits);
        waits.filter_map(|(failures, limit)| failures.counted?.wait(limit, self.clock.now())).max()
    }

    /// Counts a login that failed. While it was checked others may have failed: the seconds to wait, if they were too many.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn count_failure(&self, login: Login, settings: &Settings) -> Result<Option<u64>, Error> {
        let (by_source, by_account) = tokio::try_join!(
            self.count(login.by_source.key, settings.login_failures_per_source()),
            self.count(login.by_account.key, settings.login_failures_per_account()),
        )?;
        Ok(by_source.max(by_account))
    }

    /// Counts a registration: the seconds to wait, if there were too many from the same address before.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn count_registration(&self, source: Source, settings: &Settings) -> Result<Option<u64>, Error> {
        self.count(format!("registrations#{source}"), settings.registrations_per_source()).await
    }

    /// One attempt more under this key, unless there were as many as there may be: then the seconds until they are forgotten.
    /// The condition is checked where the count is, so that of many at once no more get through than may.
    async fn count(&self, key: String, limit: Limit) -> Result<Option<u64>, Error> {
        for _ in 0..ATTEMPTS {
            let now = self.clock.now();
            let end = number(now.saturating_add(limit.window));
            let another = self
                .update(&key, now, &end)
                .update_expression("SET expires_at = if_not_exists(expires_at, :end) ADD attempts :one")
                .condition_expression("attribute_not_exists(pk) OR (expires_at > :now AND attempts < :max)")
                .expression_attribute_values(":max", number(limit.max));
            match attempt(another).await? {
                Outcome::Counted => return Ok(None),
                Outcome::Refused(Some(counted)) if now < counted.expires_at => {
                    return Ok(Some(counted.expires_at - now));
                }
                Outcome::Refused(_) => {}
            }
            // The window is over, and the table has not forgotten it yet.
            let first = self
                .update(&key, now, &end)
                .update_expression("SET expires_at = :end, attempts = :one")
                .condition_expression("expires_at <= :now");
            if let Outcome::Counted = attempt(first).await? {
                return Ok(None);
            }
        }
        Err(Error::Unavailable("others counted the same each time".into()))
    }

    fn update(&self, key: &str, now: UnixSeconds, end: &AttributeValue) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.table).key("pk", string(key));
        update
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":end", end.clone())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

enum Outcome {
    Counted,
    /// What is there instead.
    Refused(Option<Counted>),
}

async fn attempt(update: UpdateItemFluentBuilder) -> Result<Outcome, Error> {
    match update.send().await {
        Ok(_) => Ok(Outcome::Counted),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Outcome::Refused(failed.item.clone().map(Counted::read).transpose()?))
            }
            _ => Err(unavailable(&error)),
        },
    }
}

impl Failures {
    fn read(key: String, item: Option<Item>) -> Result<Self, Error> {
        Ok(Self { key, counted: item.map(Counted::read).transpose()? })
    }
}

impl Counted {
    fn read(item: Item) -> Result<Self, Error> {
        serde_dynamo::from_item(item).map_err(|error| corrupt("attempts", error))
    }

    /// The seconds until these attempts are forgotten, if they are as many as there may be.
    fn wait(self, limit: Limit, now: UnixSeconds) -> Option<u64> {
        (self.attempts >= limit.max && now < self.expires_at).then(|| self.expires_at - now)
    }
}
