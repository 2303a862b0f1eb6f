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
    domain::{Email, Field, PasswordHash, Taken, User, UserId, Username},
    passwords::{Hasher, Password, PasswordRules},
    random::Random,
    store::{AccessChange, Account, Created},
};

pub(crate) use self::find::find;
use crate::{Ending, Manner, Result, ask, manner::remark, place::Tables, shown};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a user
    Show {
        /// An id, an email or a username; id:…, email:… or username:… where it could be more than one
        user: String,
    },
    /// Create a user; the password is prompted for, or read from standard input
    Create {
        #[arg(long)]
        email: String,
        /// Without it, user<id>
        #[arg(long)]
        username: Option<String>,
    },
    /// Let a user in no more: ends all sessions, and access tokens at once
    Disable {
        /// As of show
        user: String,
    },
    /// Let a disabled user in again
    Enable {
        /// As of show
        user: String,
    },
    /// Set a new password, prompted for or read from standard input: ends all sessions, and access tokens at once, and lifts
    /// the lock of failed logins
    SetPassword {
        /// As of show
        user: String,
    },
    /// Lift the lock of failed logins: those from before count no longer
    Unlock {
        /// As of show
        user: String,
    },
    /// Give a user another address; the former one stays reserved for them as long as FORMER_EMAIL_RESERVED says
    SetEmail {
        /// As of show
        user: String,
        /// The new address
        address: String,
    },
    /// Give a user another name
    SetUsername {
        /// As of show
        user: String,
        /// The new name
        name: String,
    },
    /// Delete a user with all sessions
    Delete {
        /// As of show
        user: String,
    },
    /// Show all users, in no order
    List {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Show all of them
        #[arg(long, conflicts_with = "limit")]
        all: bool,
    },
    /// File the addresses of tables from before under what identifies them now, and name those that two users share then
    Recanonicalize {
        /// Only tell what would be done
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) async fn run(tables: &Tables, manner: Manner, command: Command) -> Result<Ending> {
    match command {
        Command::Show { user } => show(manner, &find(tables, &user).await?)?,
        Command::Create { email, username } => create(tables, manner, &email, username.as_deref()).await?,
        Command::Disable { user } => {
            let account = find(tables, &user).await?;
            ask::confirm(manner, &format!("Disable {}, and end all sessions?", named(&account.user)))?;
            let was_disabled = account.disabled;
            let account = tables.users.change_access(account, &AccessChange::Disable).await?;
            if !was_disabled {
                note(tables, "user_updated", &account, &["disabled"]).await;
            }
            end_sessions(tables, account.user.id).await?;
            done(manner, "disabled", &account)?;
        }
        Command::Enable { user } => {
            let account = find(tables, &user).await?;
            let was_disabled = account.disabled;
            let account = tables.users.change_access(account, &AccessChange::Enable).await?;
            if was_disabled {
                note(tables, "user_updated", &account, &["disabled"]).await;
            }
            done(manner, "enabled", &account)?;
        }
        Command::SetPassword { user } => {
            let account = find(tables, &user).await?;
            let hash = new_hash(tables, Some(&account.user.username), &account.user.email).await?;
            let account = tables.users.change_access(account, &AccessChange::Password(hash)).await?;
            note(tables, "authn_password_change", &account, &["password", "failed_logins"]).await;
            end_sessions(tables, account.user.id).await?;
            done(manner, "new password, and no failed login from before counts", &account)?;
        }
        Command::Unlock { user } => {
            let account = find(tables, &user).await?;
            let account = tables.users.change_access(account, &AccessChange::Unlock).await?;
            note(tables, "user_updated", &account, &["failed_logins"]).await;
            done(manner, "unlocked, no failed login from before counts", &account)?;
        }
        Command::SetEmail { user, address } => profile::set_email(tables, manner, &user, &address).await?,
        Command::SetUsername { user, name } => profile::set_username(tables, manner, &user, &name).await?,
        Command::Delete { user } => {
            let account = find(tables, &user).await?;
            ask::confirm_for_good(manner, &format!("Delete {}?", named(&account.user)))?;
            tables.users.delete(account.clone()).await?;
            note(tables, "user_deleted", &account, &[]).await;
            end_sessions(tables, account.user.id).await?;
            done(manner, "deleted", &account)?;
        }
        Command::List { limit, all } => list(tables, manner, if all { usize::MAX } else { limit }).await?,
        Command::Recanonicalize { dry_run } => return recanonicalize::run(tables, manner, dry_run).await,
    }
    Ok(Ending::Done)
}

async fn create(tables: &Tables, manner: Manner, email: &str, username: Option<&str>) -> Result<()> {
    let email: Email = field(email)?;
    let username: Option<Username> = username.map(field).transpose()?;
    let hash = new_hash(tables, username.as_ref(), &email).await?;
    match tables.users.create(username, email, hash).await? {
        Created::User(user) => {
            tables.events.note("user_created", json!({ "user_id": user.id })).await;
            let account = tables.users.account_with_id(user.id).await?.ok_or("the user is gone already")?;
            done(manner, "created", &account)
        }
        Created::Taken(taken) => Err(whose(taken).into()),
    }
}

/// Who has what was asked for.
fn whose(taken: Taken) -> &'static str {
    match (taken.username, taken.email) {
        (true, true) => "other users have that username and that email",
        (true, false) => "another user has that username",
        _ => "another user has that email",
    }
}

/// The hash of a password that is asked for, if it may become this user's.
async fn new_hash(tables: &Tables, username: Option<&Username>, email: &Email) -> Result<PasswordHash> {
    let password: Password = field(ask::new_password()?.expose_secret())?;
    let rules = PasswordRules::new(&tables.service_words);
    let password = rules.judge(password, username, email).map_err(|error| error.messages.join(" "))?;
    Ok(Hasher::new(Random::system()).hash(password).await?)
}

/// Tells what was changed of an account, by names alone.
async fn note(tables: &Tables, event: &str, account: &Account, changed: &[&str]) {
    let details = json!({ "user_id": account.user.id, "changed": changed, "disabled": account.disabled });
    tables.events.note(event, details).await;
}

async fn end_sessions(tables: &Tables, user: UserId) -> Result<()> {
    // They are void already, whatever becomes of this.
    Ok(tables.sessions.revoke(&tables.sessions.of_user(user).await?).await?)
}

async fn list(tables: &Tables, manner: Manner, limit: usize) -> Result<()> {
    let (mut shown, mut accounts) = (0, pin!(tables.users.all()));
    while let Some(account) = accounts.try_next().await? {
        if shown == limit {
            remark("There are more: --limit N, or --all");
            break;
        }
        show(manner, &account)?;
        shown += 1;
    }
    Ok(())
}

/// A field by the rules of registration, which are Django's; or what is wrong with it.
pub(crate) fn field<F: Field>(text: &str) -> std::result::Result<F, String> {
    F::parse(text).map_err(|messages| format!("{}: {}", F::NAME, messages.join(" ")))
}

fn named(user: &User) -> String {
    format!("{} ({}, id {})", user.username.as_str(), user.email.as_str(), user.id)
}

fn show(manner: Manner, account: &Account) -> Result<()> {
    manner.tell(line(account), &document(account))
}

/// Tells what was done to an account.
fn done(manner: Manner, what: &str, account: &Account) -> Result<()> {
    manner.done(format!("{what}: {}", line(account)), &document(account))
}

/// A user for people.
fn line(account: &Account) -> String {
    let since = account.created_at.and_then(shown::time).unwrap_or_default();
    let disabled = if account.disabled { ", disabled" } else { "" };
    format!("{}, since {since}{disabled}", named(&account.user))
}

/// A user for machines. Never with a hash.
fn document(account: &Account) -> Value {
    json!({
        "id": account.user.id,
        "username": account.user.username,
        "email": account.user.email,
        "disabled": account.disabled,
        "created_at": account.created_at.and_then(shown::time),
    })
}
