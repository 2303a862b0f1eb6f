//! The tables and the secret. All knowledge of DynamoDB and Secrets Manager stands here: keys, expressions, and what their
//! errors mean.

mod backoff;
mod batch;
mod sessions;
mod settings;
mod throttle;
mod transaction;
mod users;

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;

pub use sessions::{End, Presented, Session, SessionInfo, SessionName, Sessions, Use};
pub use settings::{SettingsCache, SettingsTable};
pub use throttle::{LoginState, Throttle};
pub use users::{
    AccessChange, Account, Added, Created, Credentials, Misplaced, NewAccount, Placed, ProfileChange, Updated, Users,
};

use crate::{Error, error::unavailable};

/// An item of any table.
pub type Item = std::collections::HashMap<String, AttributeValue>;

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
