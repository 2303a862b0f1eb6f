//! How commands name a user.

use shared::{
    domain::{Email, Field, UserId, Username},
    store::Account,
};

use crate::{Failure, Result, target::Tables};

/// The user that a text names: by id, email or username.
///
/// # Errors
/// There is no such user, or more than one.
pub(crate) async fn find(tables: &Tables, text: &str) -> Result<Account> {
    let (kind, name) = match text.split_once(':') {
        Some((kind @ ("id" | "email" | "username"), name)) => (Some(kind), name),
        _ => (None, text),
    };
    let wants = |wanted: &str| kind.is_none_or(|kind| kind == wanted);
    let email = Email::parse(name).ok().filter(|_| wants("email"));
    // What looks like an email is taken for one: a user may have another user's email as a username.
    let may_be = |username: &Username| wants("username") && (kind.is_some() || !username.as_str().contains('@'));
    let mut found: Vec<Account> = Vec::new();
    // Only as ids are printed: `+77` and `077` are usernames.
    let id = name.parse().ok().and_then(UserId::new).filter(|id| wants("id") && id.to_string() == name);
    if let Some(id) = id {
        found.extend(tables.users.account_with_id(id).await?);
    }
    if let Some(email) = &email {
        found.extend(tables.users.account_with_email(email).await?);
    }
    if let Some(username) = Username::parse(name).ok().filter(may_be) {
        found.extend(tables.users.account_with_username(&username).await?);
    }
    found.sort_by_key(|account| account.user.id);
    found.dedup_by_key(|account| account.user.id);
    match found.as_slice() {
        [account] => Ok(account.clone()),
        [] => {
            let former = match &email {
                Some(email) => tables.users.former_owner(email).await?,
                None => None,
            };
            let failure = Failure::from(format!("user not found: {text}"));
            Err(match former {
                Some(owner) => failure.hint(format!("it is a former address of id:{owner}")).into(),
                None => failure.into(),
            })
        }
        _ => {
            let ids: Vec<_> = found.iter().map(|account| format!("id:{}", account.user.id)).collect();
            let message = format!("{text} matches more than one user: {}", ids.join(", "));
            Err(Failure::new(message, "pass id:…, email:… or username:…").into())
        }
    }
}
