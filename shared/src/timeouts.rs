//! How long anything may take, and how often it is tried. Each bound is below the next one, so that it is always the inner one
//! that ends, with a reason in the log, and the client gets a 503 rather than the gateway's error:
//!
//! attempt ([`ATTEMPT`]) < operation ([`OPERATION`]) < request ([`REQUEST`], and [`WIPE`] behind it) < function (15 s, in
//! `template.yaml`) < API Gateway (30 s).
//!
//! The SDK's defaults are for long downloads: three seconds to connect, no end to anything else. DynamoDB answers in
//! milliseconds, so what does not come soon is better asked for again, on another connection.

use std::time::Duration;

use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};

/// To connect, with TLS. Within a region that takes milliseconds; beyond a second, a packet was lost more than once.
const CONNECT: Duration = Duration::from_millis(1_000);

/// One attempt, to its answer's last byte. Slow answers of DynamoDB take a tenth of it.
const ATTEMPT: Duration = Duration::from_millis(1_500);

/// How often an operation is tried: as often as one may hang and still leave the time for an answer.
const ATTEMPTS: u32 = 3;

/// The longest wait before the second attempt, doubled before the third. The SDK waits for a random part of it, and retries
/// no more than a budget of its own allows, so that a store that is overwhelmed is not overwhelmed further.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);

/// An operation with all its attempts.
const OPERATION: Duration = Duration::from_millis(4_000);

/// A request with all its operations: three in sequence that each need all their time. One that would take longer, since
/// several are slow without failing, is ended here. Every write is whole or not done, so that it can be ended anywhere.
pub const REQUEST: Duration = Duration::from_millis(13_000);

/// How long an answer waits for a hash that still runs because its request was given up. A hash of this service's own cost
/// takes a small part of that. An imported one may take longer; then the client gets its answer first.
pub const WIPE: Duration = Duration::from_millis(1_500);

/// How often a transaction is tried that collides with others on the same items. They are few: two people who change one
/// account at the same moment.
pub(crate) const TRANSACTIONS: u32 = 5;

/// How often items are asked for that DynamoDB left out of an answer, since a table was throttled.
pub(crate) const PARTIAL_READS: u32 = 6;

/// How often a change is begun anew on top of somebody else's: enough for a dozen who change one account at the same moment.
pub(crate) const CHANGES: u32 = 12;

/// The longest wait before a second attempt of these; it doubles with each up to sixteen times, and waits are random below it.
/// All of them together, at most three seconds for each, leave a [`REQUEST`] the time to answer.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(20);

/// The SDK's timeouts.
pub(crate) fn of_the_sdk() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// The SDK's retries.
pub(crate) fn retries_of_the_sdk() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_BACKOFF)
}
