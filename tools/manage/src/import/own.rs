//! What `manage export` writes: a JSON object a line for each user.

use std::io::BufRead;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{clock::UnixSeconds, store::Account};

use super::{Take, record::Record};
use crate::Result;

/// A user with everything that is needed to log in.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Exported {
    id: Value,
    username: Value,
    email: Value,
    password_hash: Value,
    disabled: bool,
    created_at: Option<UnixSeconds>,
}

impl Exported {
    pub(crate) fn new(account: &Account) -> Result<Self> {
        Ok(Self {
            id: json!(account.user.id),
            username: json!(account.user.username),
            email: json!(account.user.email),
            password_hash: account.password_hash()?.expose().into(),
            disabled: account.disabled,
            created_at: account.created_at,
        })
    }

    fn record(self) -> Record {
        let Self { id, username, email, password_hash, disabled, created_at } = self;
        Record { id, username, email, password_hash, disabled, created_at: Ok(created_at) }
    }
}

/// Reads an export, and hands on the users.
///
/// # Errors
/// The first line that is none of an export. What came before was handed on.
pub(super) fn read(input: &mut dyn BufRead, take: Take<'_>) -> std::result::Result<(), String> {
    for (number, line) in input.lines().enumerate() {
        let user = line.map_err(|error| error.to_string());
        let user = user.and_then(|line| serde_json::from_str::<Exported>(&line).map_err(|error| error.to_string()));
        let user = user.map_err(|reason| format!("line {} is no user of an export: {reason}", number + 1))?;
        if !take(user.record().candidate()) {
            break;
        }
    }
    Ok(())
}
