//! The tables and the secret. All knowledge of DynamoDB and Secrets Manager stands here: keys, expressions, and what their
//! errors mean.

mod attempts;
mod backoff;
mod batch;
mod secret;
mod sessions;
mod settings_table;
mod transaction;
mod users;

use std::fmt;

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use secrecy::{ExposeSecret, SecretString};

pub use attempts::{Attempts, Login};
pub use secret::{SecretStore, SecretVersion};
pub use sessions::{End, Presented, Session, SessionInfo, SessionName, Sessions, Use};
pub use settings_table::SettingsTable;
pub use users::{
    AccessChange, Account, Added, Changed, Created, Credentials, Misplaced, NewAccount, Placed, ProfileChange, Updated,
    Users,
};

use crate::{Error, aws};

/// An item of any table.
pub type Item = std::collections::HashMap<String, AttributeValue>;

/// A password's hash as it is stored: a PHC string. Never printed.
#[derive(Debug, Clone)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    /// The hash in this PHC string. Whether it is one is found out when a password is verified with it.
    pub fn new(phc: String) -> Self {
        Self(phc.into())
    }

    /// The PHC string, or what stands for one in a Django service: as good a secret as the password is weak.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The store did not do what it was asked, for whatever reason: deny, and let the log tell why.
fn unavailable<E>(error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    Error::Unavailable(aws::told(error).into())
}

/// An item that does not hold what its kind holds. Behind a colon or in quotes the reason may show the value.
fn corrupt(kind: &str, error: impl fmt::Display) -> Error {
    let reason = error.to_string();
    Error::internal(format!("{kind}: {}", reason.split([':', '"', '\'']).next().unwrap_or_default()))
}

fn string(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
