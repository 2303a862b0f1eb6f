//! `manage users`.

use std::pin::pin;

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use clap::Subcommand;
use futures_util::TryStreamExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use shared::{
    domain::{Email, Field, NewPassword, Password, User, UserId, Username},
    hashing::Hasher,
    random::Random,
    store::{AccessChange, Account, Created, PasswordHash},
};

use crate::{Manner, Result, ask, place::Tables};

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
    /// Set a new password, prompted for or read from standard input: ends all sessions, and access tokens at once
    SetPassword {
        /// As of show
        user: String,
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
}

pub(crate) async fn run(tables: &Tables, manner: Manner, command: Command) -> Result<()> {
    match command {
        Command::Show { user } => tell(manner, "", &find(tables, &user).await?),
        Command::Create { email, username } => create(tables, manner, &email, username.as_deref()).await?,
        Command::Disable { user } => {
            let account = find(tables, &user).await?;
            ask::confirm(manner, &format!("Disable {}, and end all sessions?", named(&account.user)))?;
            let account = tables.users.change_access(account, &AccessChange::Disable).await?;
            end_sessions(tables, account.user.id).await?;
            tell(manner, "disabled: ", &account);
        }
        Command::Enable { user } => {
            let account = find(tables, &user).await?;
            tell(manner, "enabled: ", &tables.users.change_access(account, &AccessChange::Enable).await?);
        }
        Command::SetPassword { user } => {
            let account = find(tables, &user).await?;
            let hash = new_hash(Some(&account.user.username), &account.user.email).await?;
            let account = tables.users.change_access(account, &AccessChange::Password(hash)).await?;
            end_sessions(tables, account.user.id).await?;
            tell(manner, "new password: ", &account);
        }
        Command::Delete { user } => {
            let account = find(tables, &user).await?;
            ask::confirm(manner, &format!("Delete {}? That can not be undone.", named(&account.user)))?;
            tables.users.delete(account.clone()).await?;
            end_sessions(tables, account.user.id).await?;
            tell(manner, "deleted: ", &account);
        }
        Command::List { limit, all } => list(tables, manner, if all { usize::MAX } else { limit }).await?,
    }
    Ok(())
}

async fn create(tables: &Tables, manner: Manner, email: &str, username: Option<&str>) -> Result<()> {
    let email: Email = field(email)?;
    let username: Option<Username> = username.map(field).transpose()?;
    let hash = new_hash(username.as_ref(), &email).await?;
    match tables.users.create(username, email, hash).await? {
        Created::User(user) => {
            let account = tables.users.account_with_id(user.id).await?.ok_or("the user is gone already")?;
            tell(manner, "created: ", &account);
            Ok(())
        }
        Created::Taken(taken) => Err(match (taken.username, taken.email) {
            (true, true) => "other users have that username and that email",
            (true, false) => "another user has that username",
            _ => "another user has that email",
        }
        .into()),
    }
}

/// The hash of a password that is asked for, if it may become this user's.
async fn new_hash(username: Option<&Username>, email: &Email) -> Result<PasswordHash> {
    let password: Password = field(ask::new_password()?.expose_secret())?;
    let password = NewPassword::judge(password, username, email).map_err(|error| error.messages.join(" "))?;
    Ok(Hasher::new(Random::system()).hash(password).await?)
}

async fn end_sessions(tables: &Tables, user: UserId) -> Result<()> {
    // They are void already, whatever becomes of this.
    Ok(tables.sessions.revoke(&tables.sessions.of_user(user).await?).await?)
}

async fn list(tables: &Tables, manner: Manner, limit: usize) -> Result<()> {
    let (mut shown, mut accounts) = (0, pin!(tables.users.all()));
    while let Some(account) = accounts.try_next().await? {
        if shown == limit {
            eprintln!("There are more: --limit N, or --all");
            break;
        }
        tell(manner, "", &account);
        shown += 1;
    }
    Ok(())
}

/// The one user whom a text names: by id, by email or by username.
pub(crate) async fn find(tables: &Tables, text: &str) -> Result<Account> {
    let (kind, name) = match text.split_once(':') {
        Some((kind @ ("id" | "email" | "username"), name)) => (Some(kind), name),
        _ => (None, text),
    };
    let wants = |wanted: &str| kind.is_none_or(|kind| kind == wanted);
    let mut found: Vec<Account> = Vec::new();
    if let Some(id) = name.parse().ok().and_then(UserId::new).filter(|_| wants("id")) {
        found.extend(tables.users.account_with_id(id).await?);
    }
    if let Some(email) = Email::parse(name).ok().filter(|_| wants("email")) {
        found.extend(tables.users.account_with_email(&email).await?);
    }
    if let Some(username) = Username::parse(name).ok().filter(|_| wants("username")) {
        found.extend(tables.users.account_with_username(&username).await?);
    }
    found.sort_by_key(|account| account.user.id);
    found.dedup_by_key(|account| account.user.id);
    match found.as_slice() {
        [account] => Ok(account.clone()),
        [] => Err(format!("there is no user {text}").into()),
        _ => {
            let ids: Vec<_> = found.iter().map(|account| format!("id:{}", account.user.id)).collect();
            Err(format!("{text} is more than one user: {}", ids.join(", ")).into())
        }
    }
}

/// A field by the rules of registration, which are Django's; or what is wrong with it.
pub(crate) fn field<F: Field>(text: &str) -> std::result::Result<F, String> {
    F::parse(text).map_err(|messages| format!("{}: {}", F::NAME, messages.join(" ")))
}

fn named(user: &User) -> String {
    format!("{} ({}, id {})", user.username.as_str(), user.email.as_str(), user.id)
}

fn tell(manner: Manner, what: &str, account: &Account) {
    let since = account.created_at.and_then(shown_time).unwrap_or_default();
    let disabled = if account.disabled { ", disabled" } else { "" };
    let text = format!("{what}{}, since {since}{disabled}", named(&account.user));
    manner.tell(text, &document(account));
}

/// A user for machines. Never with a hash.
fn document(account: &Account) -> Value {
    json!({
        "id": account.user.id,
        "username": account.user.username,
        "email": account.user.email,
        "disabled": account.disabled,
        "created_at": account.created_at.and_then(shown_time),
    })
}

/// A time as RFC 3339 has it, in UTC.
pub(crate) fn shown_time(seconds: u64) -> Option<String> {
    DateTime::from_secs(seconds.try_into().ok()?).fmt(DateTimeFormat::DateTime).ok()
}
