//! `manage users set-email` and `set-username`.

use serde_json::json;
use shared::{
    domain::{Email, User, Username},
    settings::Settings,
    store::{Account, ProfileChange, Updated},
};

use super::{document, field, find, line, named, whose};
use crate::{Manner, Result, ask, place::Tables};

/// A part of a profile that operators change.
struct Part {
    name: &'static str,
    of: fn(&User) -> &str,
}

pub(super) async fn set_email(tables: &Tables, manner: Manner, user: &str, address: &str) -> Result<()> {
    let email: Email = field(address)?;
    let account = find(tables, user).await?;
    ask::confirm(manner, &format!("Change the email of {} to {}?", named(&account.user), email.as_str()))?;
    let change = ProfileChange { email: Some(email), ..ProfileChange::default() };
    set(tables, manner, account, &change, Part { name: "email", of: email_of }).await
}

pub(super) async fn set_username(tables: &Tables, manner: Manner, user: &str, name: &str) -> Result<()> {
    let username: Username = field(name)?;
    let account = find(tables, user).await?;
    ask::confirm(manner, &format!("Change the username of {} to {}?", named(&account.user), username.as_str()))?;
    let change = ProfileChange { username: Some(username), ..ProfileChange::default() };
    set(tables, manner, account, &change, Part { name: "username", of: username_of }).await
}

fn email_of(user: &User) -> &str {
    user.email.as_str()
}

fn username_of(user: &User) -> &str {
    user.username.as_str()
}

/// Changes a profile, and tells what stood there and what does now.
async fn set(
    tables: &Tables,
    manner: Manner,
    mut account: Account,
    change: &ProfileChange,
    Part { name, of }: Part,
) -> Result<()> {
    let before = of(&account.user).to_owned();
    let settings = Settings::of_item(&tables.settings.read().await?.unwrap_or_default());
    let reserved = settings.former_email_reserved_seconds();
    account.user = match tables.users.update_any(account.clone(), change, reserved).await? {
        Updated::User(user, _) => user,
        Updated::Taken(taken) => return Err(whose(taken).into()),
    };
    let what = if of(&account.user) == before {
        format!("{name} was that already")
    } else {
        tables.events.note("user_updated", json!({ "user_id": account.user.id, "changed": [name] })).await;
        format!("{name} was {before}")
    };
    let mut document = document(&account);
    if let Some(document) = document.as_object_mut() {
        document.insert("before".into(), json!({ name: before }));
    }
    manner.done(format!("{what}: {}", line(&account)), &document)
}
