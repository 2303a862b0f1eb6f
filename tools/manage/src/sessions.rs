//! `manage sessions`.

use clap::Subcommand;
use serde_json::json;

use crate::{Outcome, OutputOptions, Result, target::Tables, time, users::find};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List a user's sessions, newest first
    List {
        /// User id, email or username (see `users show`)
        user: String,
    },
    /// Revoke one session or all; their access tokens work until they expire
    Revoke {
        /// User id, email or username (see `users show`)
        user: String,
        /// Session id (see `sessions list`)
        #[arg(required_unless_present = "all")]
        session: Option<String>,
        /// Revoke all sessions of the user
        #[arg(long, conflicts_with = "session")]
        all: bool,
    },
}

pub(crate) async fn run(tables: &Tables, output: OutputOptions, command: Command) -> Result<Outcome> {
    match command {
        Command::List { user } => {
            let account = find(tables, &user).await?;
            for session in tables.sessions.of_user(account.user.id).await? {
                let is_void = session.generation != account.generation;
                let [created, used, expires] = [session.created_at, session.rotated_at, session.expires_at]
                    .map(|at| time::format(at).unwrap_or_default());
                let void = if is_void { ", void" } else { "" };
                let name = session.name.to_string();
                output.print(
                    format!("{name}  created {created}, last rotated {used}, expires {expires}{void}"),
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
                    return Err(format!("session not found: {name}").into());
                }
            }
            let revoked = tables.sessions.revoke(&sessions).await;
            let names: Vec<_> = sessions.iter().map(|session| session.name.to_string()).collect();
            if !names.is_empty() {
                // If not all sessions were revoked, some may have been.
                let details = json!({ "user_id": account.user.id, "sessions": names, "complete": revoked.is_ok() });
                tables.events.record("authn_token_revoked", details).await;
            }
            revoked?;
            output.print_done(format!("revoked: {}", names.len()), &json!({ "ended": names.len() }))?;
        }
    }
    Ok(Outcome::Completed)
}
