//! The tables and the secret. All knowledge of DynamoDB and Secrets Manager stands here: keys, expressions, and what their
//! errors mean.

mod attempts;
mod secret;
mod sessions;
mod settings_table;
mod transaction;
mod users;

use std::{fmt, time::Duration};

use aws_config::{
    BehaviorVersion, ConfigLoader, retry::RetryConfig, stalled_stream_protection::StalledStreamProtectionConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::{
    error::{DisplayErrorContext, SdkError},
    types::AttributeValue,
};
use secrecy::{ExposeSecret, SecretString};

pub use attempts::{Attempts, Login};
pub use secret::{SecretStore, SecretVersion};
pub use sessions::{End, Presented, Session, Sessions, Use};
pub use settings_table::SettingsTable;
pub use users::{Created, Credentials, Profile, ProfileChange, Updated, Users};

use crate::Error;

/// An item of any table.
pub type Item = std::collections::HashMap<String, AttributeValue>;

/// Where the SDK's settings come from, before credentials, region and endpoint, which are the environment's.
///
/// The SDK's defaults are for long downloads. An answer of DynamoDB takes milliseconds, so a connection or an answer that
/// does not come soon is better tried again on another connection. A request needs three operations in sequence at most
/// (the secret, a read, a write), and all their attempts together end before the function's own timeout (15 s) does, so
/// that the client gets a 503 rather than the gateway's error.
pub fn aws_defaults() -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(1_000))
        .operation_attempt_timeout(Duration::from_millis(1_500))
        .operation_timeout(Duration::from_millis(4_000))
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(50)))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// A password's hash as it is stored: a PHC string. Never printed.
#[derive(Debug, Clone)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    /// The hash in this PHC string. Whether it is one is found out when a password is verified with it.
    pub fn new(phc: String) -> Self {
        Self(phc.into())
    }

    /// The PHC string.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The store did not do what it was asked, for whatever reason: deny, and let the log tell why.
fn unavailable<E, R>(error: &SdkError<E, R>) -> Error
where
    E: std::error::Error + 'static,
    R: fmt::Debug,
{
    Error::Unavailable(DisplayErrorContext(error).to_string().into())
}

/// An item that does not hold what its kind holds.
fn corrupt(kind: &str, error: impl fmt::Display) -> Error {
    Error::internal(format!("{kind}: {error}"))
}

fn string(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
