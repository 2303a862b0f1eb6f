//! Who is meant.

use shared::{
    domain::{Email, Field, UserId, Username},
    store::Account,
};

use crate::{Result, place::Tables};

/// The one user whom a text names: by id, by email or by username.
pub(crate) async fn find(tables: &Tables, text: &str) -> Result<Account> {
    let (kind, name) = match text.split_once(':') {
        Some((kind @ ("id" | "email" | "username"), name)) => (Some(kind), name),
        _ => (None, text),
    };
    let wants = |wanted: &str| kind.is_none_or(|kind| kind == wanted);
    let email = Email::parse(name).ok().filter(|_| wants("email"));
    // What looks like an address means one, since anybody may take another one's address for a name.
    let may_be = |username: &Username| wants("username") && (kind.is_some() || !username.as_str().contains('@'));
    let mut found: Vec<Account> = Vec::new();
    // Only as ids are shown: `+77` and `077` are names.
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
            let former = former.map(|owner| format!("; it is a former address of id:{owner}")).unwrap_or_default();
            Err(format!("there is no user {text}{former}").into())
        }
        _ => {
            let ids: Vec<_> = found.iter().map(|account| format!("id:{}", account.user.id)).collect();
            Err(format!("{text} is more than one user: {}", ids.join(", ")).into())
        }
    }
}
