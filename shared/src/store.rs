//! The tables. All knowledge of DynamoDB is here: keys, expressions, and what its errors mean.

mod backoff;
mod batch;
mod sessions;
mod settings;
mod throttle;
mod transaction;
mod users;

use aws_sdk_dynamodb::types::AttributeValue;

pub use sessions::{LoggedOut, Refreshed, SessionInfo, SessionName, Sessions};
pub use settings::{SettingsCache, SettingsItem, SettingsTable};
pub use throttle::{LoginState, Throttle};
pub use users::{AccessChange, Account, Added, Credentials, Misplaced, NewAccount, Placed, ProfileChange, Users};

/// An item of any table.
pub type Item = std::collections::HashMap<String, AttributeValue>;

fn string(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
