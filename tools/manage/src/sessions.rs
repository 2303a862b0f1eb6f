//! `manage sessions`.

use clap::Subcommand;
use serde_json::json;

use crate::{Ending, Manner, Result, place::Tables, shown, users::find};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a user's sessions, the latest first
    List {
        /// An id, an email or a username
        user: String,
    },
    /// End a session, or all; the access token of one goes on until it expires
    Revoke {
        /// An id, an email or a username
        user: String,
        /// As list names it
        #[arg(required_unless_present = "all")]
        session: Option<String>,
        /// End all of them
        #[arg(long, conflicts_with = "session")]
        all: bool,
    },
}

pub(crate) async fn run(tables: &Tables, manner: Manner, command: Command) -> Result<Ending> {
    match command {
        Command::List { user } => {
            let account = find(tables, &user).await?;
            for session in tables.sessions.of_user(account.user.id).await? {
                let is_void = session.generation != account.generation;
                let [created, used, expires] = [session.created_at, session.rotated_at, session.expires_at]
                    .map(|time| shown::time(time).unwrap_or_default());
                let void = if is_void { ", void" } else { "" };
                let name = session.name.to_string();
                manner.tell(
                    format!("{name}  since {created}, token of {used}, until {expires}{void}"),
                    &json!({
                        "session": name, "created_at": created, "rotated_at": used, "expires_at": expires,
                        "rotations": session.counter, "void": is_void,
                    }),
                )?;
            }
        }
        Command::Revoke { user, session, .. } => {
            let account = find(tables, &user).await?;
            let mut sessions = tables.sessions.of_user(account.user.id).await?;
            if let Some(name) = &session {
                sessions.retain(|session| session.name.to_string() == *name);
                if sessions.is_empty() {
                    return Err(format!("{user} has no session {name}").into());
                }
            }
            let revoked = tables.sessions.revoke(&sessions).await;
            let names: Vec<_> = sessions.iter().map(|session| session.name.to_string()).collect();
            if !names.is_empty() {
                // Where not all of them ended, some may have.
                let details = json!({ "user_id": account.user.id, "sessions": names, "complete": revoked.is_ok() });
                tables.events.note("authn_token_revoked", details).await;
            }
            revoked?;
            manner.done(format!("ended: {}", names.len()), &json!({ "ended": names.len() }))?;
        }
    }
    Ok(Ending::Done)
}
