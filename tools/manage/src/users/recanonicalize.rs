//! `manage users recanonicalize`: older versions derived the key of an email differently. A user whose key differs is not found
//! by their email until the key is rewritten.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use shared::{
    domain::UserId,
    store::{Misplaced, Placed},
};

use super::{label, to_json};
use crate::{Outcome, OutputOptions, Result, target::Tables};

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    moved: u64,
    twins: u64,
}

pub(super) async fn run(tables: &Tables, output: OutputOptions, dry_run: bool) -> Result<Outcome> {
    let mut counts = Counts::default();
    let moved_all = move_all(tables, output, dry_run, &mut counts).await;
    let Counts { moved, twins } = counts;
    if moved > 0 && !dry_run {
        let details = json!({ "changed": ["email_key"], "users": moved, "twins": twins });
        tables.events.record("user_updated", details).await;
    }
    moved_all?;
    let text = if dry_run {
        format!("would move {moved}, skip {twins} (email shared with another user)")
    } else {
        format!("moved {moved}, skipped {twins} (email shared with another user)")
    };
    print(output, dry_run, &text, &json!({ "moved": moved, "twins": twins, "dry_run": dry_run }))?;
    Ok(if twins > 0 { Outcome::Partial } else { Outcome::Completed })
}

/// Moves each email that has an outdated key, and prints each. Of several that would get the same key none is moved: a person
/// decides whose email it is.
async fn move_all(tables: &Tables, output: OutputOptions, dry_run: bool, counts: &mut Counts) -> Result<()> {
    let all: Vec<_> = tables.users.misplaced().try_collect().await?;
    let mut wanted = HashMap::<String, Vec<UserId>>::new();
    for Misplaced { user, .. } in &all {
        wanted.entry(user.email.canonical()).or_default().push(user.id);
    }
    for misplaced in &all {
        let Misplaced { user, key, .. } = misplaced;
        let rivals = wanted.get(&user.email.canonical()).into_iter().flatten();
        let placed = match rivals.copied().find(|rival| *rival != user.id) {
            Some(rival) => Placed::Twin(rival),
            None => tables.users.placed(misplaced, dry_run).await?,
        };
        match placed {
            Placed::Moved => {
                counts.moved += 1;
                let (result, moves) = if dry_run { ("would_move", "would move") } else { ("moved", "moved") };
                let text = format!("{moves}: {}, from {key}", label(user));
                print(output, dry_run, &text, &json!({ "result": result, "user": user, "key": key }))?;
            }
            Placed::Twin(twin) => {
                counts.twins += 1;
                let (twin_label, twin) = describe_user(tables, twin).await?;
                let text = format!("shared email: {} and {twin_label}; neither is moved", label(user));
                output.print(text, &json!({ "result": "twins", "user": user, "key": key, "twin": twin }))?;
            }
            // Its owner changed it meanwhile.
            Placed::Gone => {}
        }
    }
    Ok(())
}

/// Prints what was done, or what would be.
fn print(output: OutputOptions, dry_run: bool, text: &str, document: &Value) -> Result<()> {
    if dry_run { output.print(text, document) } else { output.print_done(text, document) }
}

/// The user with this id, in words and as JSON.
async fn describe_user(tables: &Tables, id: UserId) -> Result<(String, Value)> {
    Ok(match tables.users.account_with_id(id).await? {
        Some(account) => (label(&account.user), to_json(&account)),
        None => (format!("id {id}"), json!({ "id": id })),
    })
}
