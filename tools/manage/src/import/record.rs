//! A user as a file has them, by the rules of the service.

use serde_json::Value;
use shared::{
    clock::UnixSeconds,
    domain::{Email, Field, User, UserId, Username},
    hashing,
    store::{NewAccount, PasswordHash},
};

use super::{Candidate, report::Refused};
use crate::users::field;

/// What a file says of a user. Values may be of any type.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: Value,
    /// Null where users have none: they get the name of those who choose none.
    pub(super) username: Value,
    pub(super) email: Value,
    pub(super) password_hash: Value,
    pub(super) disabled: bool,
    /// Or why it is none.
    pub(super) created_at: Result<Option<UnixSeconds>, String>,
}

impl Record {
    /// The account, or everything that keeps it from coming.
    pub(super) fn candidate(self) -> Candidate {
        let mut reasons = Vec::new();
        let mut noted = |reason: String| reasons.push(reason);
        let id = id(&self.id).map_err(&mut noted).ok();
        let username = match &self.username {
            Value::Null => id.map(Username::from_id),
            name => text_field(name).map_err(&mut noted).ok(),
        };
        let email: Option<Email> = text_field(&self.email).map_err(&mut noted).ok();
        let password_hash = hash(&self.password_hash).map_err(&mut noted).ok();
        let created_at = self.created_at.map_err(&mut noted).ok();
        match (id, username, email, password_hash, created_at) {
            (Some(id), Some(username), Some(email), Some(password_hash), Some(created_at)) => Ok(NewAccount {
                user: User { id, username, email },
                password_hash,
                disabled: self.disabled,
                created_at,
            }),
            _ => Err(Refused::new(&self.id, &self.username, &self.email, &reasons)),
        }
    }
}

fn id(value: &Value) -> Result<UserId, String> {
    let id = value.as_u64().and_then(UserId::new);
    id.ok_or_else(|| format!("id: must be a whole number from 1 to {}.", UserId::MAX))
}

fn text_field<F: Field>(value: &Value) -> Result<F, String> {
    value.as_str().map_or_else(|| Err(format!("{}: {}", F::NAME, F::NOT_A_STRING)), field)
}

fn hash(value: &Value) -> Result<PasswordHash, String> {
    match value.as_str() {
        // https://docs.djangoproject.com/en/5.2/ref/contrib/auth/#django.contrib.auth.models.User.set_unusable_password
        Some(text) if text.starts_with('!') => Err("password: unusable, the user has none.".into()),
        Some(text) => {
            let hash = PasswordHash::new(text.into());
            hashing::check(&hash).map(|()| hash).map_err(|error| format!("{error}."))
        }
        None => Err("password: none.".into()),
    }
}
