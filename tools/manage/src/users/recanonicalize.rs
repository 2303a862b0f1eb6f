//! `manage users recanonicalize`: what identifies an address was made otherwise before, and whoever has one of those that differ
//! is not found by it until it is filed anew.

use std::collections::HashMap;

use futures_util::TryStreamExt;
use serde_json::{Value, json};
use shared::{
    domain::UserId,
    store::{Misplaced, Placed},
};

use super::{document, named};
use crate::{Ending, Manner, Result, place::Tables};

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    moved: u64,
    twins: u64,
}

pub(super) async fn run(tables: &Tables, manner: Manner, dry_run: bool) -> Result<Ending> {
    let mut counts = Counts::default();
    let walked = walk(tables, manner, dry_run, &mut counts).await;
    let Counts { moved, twins } = counts;
    if moved > 0 && !dry_run {
        let details = json!({ "changed": ["email_key"], "users": moved, "twins": twins });
        tables.events.note("user_updated", details).await;
    }
    walked?;
    let text = if dry_run {
        format!("{moved} users would be moved, {twins} have a twin and would not")
    } else {
        format!("{moved} users were moved, {twins} have a twin and were not")
    };
    print(manner, dry_run, &text, &json!({ "moved": moved, "twins": twins, "dry_run": dry_run }))?;
    Ok(if twins > 0 { Ending::Partly } else { Ending::Done })
}

/// Files each address that is in a wrong place, and tells of each. Of several that would be filed in the same place none is:
/// which of them the address is, a person decides.
async fn walk(tables: &Tables, manner: Manner, dry_run: bool, counts: &mut Counts) -> Result<()> {
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
                let text = format!("{moves}: {}, from {key}", named(user));
                print(manner, dry_run, &text, &json!({ "result": result, "user": user, "key": key }))?;
            }
            Placed::Twin(twin) => {
                counts.twins += 1;
                let (named_twin, twin) = other(tables, twin).await?;
                let text =
                    format!("twins: {} and {named_twin} have one address, or had; neither was moved", named(user));
                manner.tell(text, &json!({ "result": "twins", "user": user, "key": key, "twin": twin }))?;
            }
            // Its owner was quicker.
            Placed::Gone => {}
        }
    }
    Ok(())
}

/// Tells what was done, or found where nothing is.
fn print(manner: Manner, dry_run: bool, text: &str, document: &Value) -> Result<()> {
    if dry_run { manner.tell(text, document) } else { manner.done(text, document) }
}

/// The user with this id, for people and for machines.
async fn other(tables: &Tables, id: UserId) -> Result<(String, Value)> {
    Ok(match tables.users.account_with_id(id).await? {
        Some(account) => (named(&account.user), document(&account)),
        None => (format!("id {id}"), json!({ "id": id })),
    })
}
