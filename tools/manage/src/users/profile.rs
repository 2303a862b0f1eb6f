//! `manage users set-email` and `set-username`.

use serde_json::json;
use shared::{
    domain::{Email, User, Username},
    store::{Account, ProfileChange},
};

use super::{find, label, parse_field, summary, to_json};
use crate::{OutputOptions, Result, prompt, target::Tables};

/// A field of a profile that operators can change.
struct ProfileField {
    name: &'static str,
    of: fn(&User) -> &str,
}

pub(super) async fn set_email(tables: &Tables, output: OutputOptions, user: &str, address: &str) -> Result<()> {
    let email: Email = parse_field(address)?;
    let account = find(tables, user).await?;
    prompt::confirm(output, &format!("Change the email of {} to {}?", label(&account.user), email.as_str()))?;
    let change = ProfileChange { email: Some(email), ..ProfileChange::default() };
    set(tables, output, account, &change, ProfileField { name: "email", of: email_of }).await
}

pub(super) async fn set_username(tables: &Tables, output: OutputOptions, user: &str, name: &str) -> Result<()> {
    let username: Username = parse_field(name)?;
    let account = find(tables, user).await?;
    prompt::confirm(output, &format!("Change the username of {} to {}?", label(&account.user), username.as_str()))?;
    let change = ProfileChange { username: Some(username), ..ProfileChange::default() };
    set(tables, output, account, &change, ProfileField { name: "username", of: username_of }).await
}

fn email_of(user: &User) -> &str {
    user.email.as_str()
}

fn username_of(user: &User) -> &str {
    user.username.as_str()
}

/// Changes a profile, and prints the value before and the account now.
async fn set(
    tables: &Tables,
    output: OutputOptions,
    mut account: Account,
    change: &ProfileChange,
    ProfileField { name, of }: ProfileField,
) -> Result<()> {
    let before = of(&account.user).to_owned();
    let settings = tables.settings.read().await?.unwrap_or_default().settings();
    let reserved = settings.former_email_reserved_seconds();
    (account.user, _) = tables.users.update_any(account.clone(), change, reserved).await??;
    let what = if of(&account.user) == before {
        format!("{name} unchanged")
    } else {
        tables.events.record("user_updated", json!({ "user_id": account.user.id, "changed": [name] })).await;
        format!("{name} changed from {before}")
    };
    let mut document = to_json(&account);
    if let Some(document) = document.as_object_mut() {
        document.insert("before".into(), json!({ name: before }));
    }
    output.print_done(format!("{what}: {}", summary(&account)), &document)
}
