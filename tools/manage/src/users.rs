//! `manage users`.

mod find;
mod profile;
mod recanonicalize;

use std::pin::pin;

use clap::Subcommand;
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::{
    domain::{Email, Field, PasswordHash, Refusal, User, UserId, Username},
    passwords::{Hasher, Password, PasswordRules},
    random::Random,
    store::{AccessChange, Account},
};

pub(crate) use self::find::find;
use crate::{Outcome, OutputOptions, Result, output::print_stderr, prompt, target::Tables, time};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a user
    Show {
        /// User id, email or username; id:, email: or username: before it if ambiguous
        user: String,
    },
    /// Create a user; the password is prompted for, or read from standard input
    Create {
        /// Email address
        #[arg(long)]
        email: String,
        #[arg(help = "Username [default: user<id>]", long)]
        username: Option<String>,
    },
    /// Disable a user; revokes all sessions and access tokens immediately
    Disable {
        /// User id, email or username (see `users show`)
        user: String,
    },
    /// Enable a disabled user
    Enable {
        /// User id, email or username (see `users show`)
        user: String,
    },
    /// Set a new password; revokes all sessions and access tokens and clears failed logins
    #[command(after_help = "The password is prompted for, or read from standard input.")]
    SetPassword {
        /// User id, email or username (see `users show`)
        user: String,
    },
    /// Clear failed logins, so that a user who is locked out can log in
    Unlock {
        /// User id, email or username (see `users show`)
        user: String,
    },
    /// Change a user's email; the old one stays reserved for FORMER_EMAIL_RESERVED days
    SetEmail {
        /// User id, email or username (see `users show`)
        user: String,
        /// New email address
        #[arg(value_name = "EMAIL")]
        address: String,
    },
    /// Change a user's username
    SetUsername {
        /// User id, email or username (see `users show`)
        user: String,
        /// New username
        #[arg(value_name = "USERNAME")]
        name: String,
    },
    /// Delete a user and all their sessions
    Delete {
        /// User id, email or username (see `users show`)
        user: String,
    },
    /// List users, in no particular order
    List {
        /// Show at most N users
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        /// Show all users
        #[arg(long, conflicts_with = "limit")]
        all: bool,
    },
    /// Rewrite email keys of older versions, and list emails that two users share
    Recanonicalize {
        /// Only report what would change
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) async fn run(tables: &Tables, output: OutputOptions, command: Command) -> Result<Outcome> {
    match command {
        Command::Show { user } => print_account(output, &find(tables, &user).await?)?,
        Command::Create { email, username } => create(tables, output, &email, username.as_deref()).await?,
        Command::Disable { user } => {
            let account = find(tables, &user).await?;
            prompt::confirm(output, &format!("Disable {} and revoke all sessions?", label(&account.user)))?;
            let was_disabled = account.disabled;
            let account = tables.users.change_access(account, &AccessChange::Disable).await??;
            if !was_disabled {
                record_event(tables, "user_updated", &account, &["disabled"]).await;
            }
            revoke_sessions(tables, account.user.id).await?;
            print_change(output, "disabled", &account)?;
        }
        Command::Enable { user } => {
            let account = find(tables, &user).await?;
            let was_disabled = account.disabled;
            let account = tables.users.change_access(account, &AccessChange::Enable).await??;
            if was_disabled {
                record_event(tables, "user_updated", &account, &["disabled"]).await;
            }
            print_change(output, "enabled", &account)?;
        }
        Command::SetPassword { user } => {
            let account = find(tables, &user).await?;
            let hash = hash_new_password(tables, Some(&account.user.username), &account.user.email).await?;
            let account = tables.users.change_access(account, &AccessChange::Password(hash)).await??;
            record_event(tables, "authn_password_change", &account, &["password", "failed_logins"]).await;
            revoke_sessions(tables, account.user.id).await?;
            print_change(output, "password changed, failed logins cleared", &account)?;
        }
        Command::Unlock { user } => {
            let account = find(tables, &user).await?;
            let account = tables.users.change_access(account, &AccessChange::Unlock).await??;
            record_event(tables, "user_updated", &account, &["failed_logins"]).await;
            print_change(output, "failed logins cleared", &account)?;
        }
        Command::SetEmail { user, address } => profile::set_email(tables, output, &user, &address).await?,
        Command::SetUsername { user, name } => profile::set_username(tables, output, &user, &name).await?,
        Command::Delete { user } => {
            let account = find(tables, &user).await?;
            prompt::confirm_irreversible(output, &format!("Delete {}?", label(&account.user)))?;
            tables.users.delete(account.clone()).await?;
            record_event(tables, "user_deleted", &account, &[]).await;
            revoke_sessions(tables, account.user.id).await?;
            print_change(output, "deleted", &account)?;
        }
        Command::List { limit, all } => list(tables, output, if all { usize::MAX } else { limit }).await?,
        Command::Recanonicalize { dry_run } => return recanonicalize::run(tables, output, dry_run).await,
    }
    Ok(Outcome::Completed)
}

async fn create(tables: &Tables, output: OutputOptions, email: &str, username: Option<&str>) -> Result<()> {
    let email: Email = parse_field(email)?;
    let username: Option<Username> = username.map(parse_field).transpose()?;
    let hash = hash_new_password(tables, username.as_ref(), &email).await?;
    match tables.users.create(username, email, hash).await? {
        Ok(user) => {
            tables.events.record("user_created", json!({ "user_id": user.id })).await;
            let account = tables.users.account_with_id(user.id).await?.ok_or(Refusal::Gone)?;
            print_change(output, "created", &account)
        }
        Err(taken) => Err(Refusal::Taken(taken).into()),
    }
}

/// Prompts for a password, and hashes it if the rules allow it for this user.
async fn hash_new_password(tables: &Tables, username: Option<&Username>, email: &Email) -> Result<PasswordHash> {
    let password: Password = parse_field(prompt::new_password()?.expose_secret())?;
    let rules = PasswordRules::new(&tables.service_words);
    let password = rules.judge(password, username, email).map_err(|error| error.messages.join(" "))?;
    Ok(Hasher::new(Random::system()).hash(password).await?)
}

/// Records which fields of an account were changed, and no values.
async fn record_event(tables: &Tables, event: &str, account: &Account, changed: &[&str]) {
    let details = json!({ "user_id": account.user.id, "changed": changed, "disabled": account.disabled });
    tables.events.record(event, details).await;
}

async fn revoke_sessions(tables: &Tables, user: UserId) -> Result<()> {
    // They are void already, whether this succeeds or not.
    Ok(tables.sessions.revoke(&tables.sessions.of_user(user).await?).await?)
}

async fn list(tables: &Tables, output: OutputOptions, limit: usize) -> Result<()> {
    let (mut shown, mut accounts) = (0, pin!(tables.users.all()));
    while let Some(account) = accounts.try_next().await? {
        if shown == limit {
            print_stderr("hint: there are more users; pass --limit N or --all");
            break;
        }
        print_account(output, &account)?;
        shown += 1;
    }
    Ok(())
}

/// Parses a field by the rules of registration.
///
/// # Errors
/// The field's name, and what is wrong with it.
pub(crate) fn parse_field<F: Field>(text: &str) -> std::result::Result<F, String> {
    F::parse(text).map_err(|messages| format!("{}: {}", F::NAME, messages.join(" ")))
}

fn label(user: &User) -> String {
    format!("{} ({}, id {})", user.username.as_str(), user.email.as_str(), user.id)
}

fn print_account(output: OutputOptions, account: &Account) -> Result<()> {
    output.print(summary(account), &to_json(account))
}

/// Prints what was changed, and the account.
fn print_change(output: OutputOptions, what: &str, account: &Account) -> Result<()> {
    output.print_done(format!("{what}: {}", summary(account)), &to_json(account))
}

/// An account in words.
fn summary(account: &Account) -> String {
    let created = account.created_at.and_then(time::format).map(|time| format!(", created {time}")).unwrap_or_default();
    let disabled = if account.disabled { ", disabled" } else { "" };
    format!("{}{created}{disabled}", label(&account.user))
}

/// An account as JSON, without its hash.
fn to_json(account: &Account) -> Value {
    json!({
        "id": account.user.id,
        "username": account.user.username,
        "email": account.user.email,
        "disabled": account.disabled,
        "created_at": account.created_at.and_then(time::format),
    })
}
