//! How long anything may take. Each bound is below the next one, so that it is always the inner one that ends, with a reason in
//! the log, and the client gets a 503 rather than the gateway's error:
//!
//! attempt < operation < request, and the wipe after it < function (15 s, in `template.yaml`) < API Gateway (30 s).
//!
//! The SDK's defaults are made for long downloads: three seconds to connect, no limit on anything else. DynamoDB answers in
//! milliseconds, so it is better to ask again for what does not come soon, on another connection.

use std::time::Duration;

use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};

/// The time limits of a function. Only tests have others than the default ones.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// To connect, with TLS. Within a region that takes milliseconds; beyond a second, more than one packet was lost.
    pub connect: Duration,
    /// One attempt of an operation, to the last byte of its response. Slow responses of DynamoDB take a tenth of it.
    pub attempt: Duration,
    /// How often an operation is attempted: as often as attempts may hang and still leave time for a response.
    pub attempts: u32,
    /// The longest wait before the second attempt, doubled before the third. The SDK waits for a random part of it, and retries no
    /// more than its budget allows, so that an overloaded store is not loaded further.
    pub first_backoff: Duration,
    /// An operation with all its attempts.
    pub operation: Duration,
    /// A request with all its operations: three in sequence that each take their time. A request of several operations that are
    /// slow without failing ends here. Every write is whole or not done, so a request can end anywhere.
    pub request: Duration,
    /// How long a response waits for a hash that still runs because its request was given up. A hash of this service's own cost
    /// takes a small part of that. An imported one may take longer; then the client gets its response first.
    pub wipe: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(1_000),
            attempt: Duration::from_millis(1_500),
            attempts: 3,
            first_backoff: Duration::from_millis(50),
            operation: Duration::from_millis(4_000),
            request: Duration::from_millis(13_000),
            wipe: Duration::from_millis(1_500),
        }
    }
}

impl Timeouts {
    /// The SDK's timeouts.
    pub fn sdk(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }

    /// The SDK's retries.
    pub fn retries(&self) -> RetryConfig {
        RetryConfig::standard().with_max_attempts(self.attempts).with_initial_backoff(self.first_backoff)
    }
}

/// How often a transaction is attempted that conflicts with others on the same items. They are few: two people who change one
/// account at the same moment.
pub(crate) const TRANSACTION_ATTEMPTS: u32 = 5;

/// How often items are asked for that DynamoDB left out of a response, since a table was throttled.
pub(crate) const PARTIAL_READS: u32 = 6;

/// How often a change is applied to what others wrote meanwhile: enough for a dozen who change one account at the same moment.
pub(crate) const CHANGE_ATTEMPTS: u32 = 12;

/// How often a counter is updated again, if others update the same counter at the same moment.
pub(crate) const COUNTER_ATTEMPTS: u32 = 5;

/// The longest wait before a second attempt of these. It doubles with each attempt, up to sixteen times, and waits are random
/// below it. All of them together take at most three seconds, which leaves a request the time to answer.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(20);
