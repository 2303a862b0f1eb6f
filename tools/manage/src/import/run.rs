//! Writes candidates one after another, or looks them up in a dry run, and counts the results.

use std::{collections::HashSet, path::Path, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde_json::json;
use shared::{
    error::StoreError,
    store::{Added, NewAccount, Users},
};
use tokio::sync::mpsc;

use super::{
    Candidate, Row,
    plan::{Found, Plan},
    reason::Reason,
    report::{Rejected, Report},
};
use crate::{Outcome, Result};

/// How long to wait before each further attempt if the table is overloaded. After the last one the import stops.
const WAITS: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// How many users were imported, skipped because they exist, and rejected.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) imported: u64,
    pub(super) skipped: u64,
    pub(super) rejected: u64,
}

impl Counts {
    pub(super) fn summary(self, dry_run: bool, report: Option<&Path>) -> String {
        let Self { imported, skipped, rejected } = self;
        let see = report.map(|file| format!(" (see {})", file.display())).unwrap_or_default();
        if dry_run {
            format!("would import {imported}, skip {skipped} (already present), reject {rejected}{see}")
        } else {
            format!("imported {imported}, skipped {skipped} (already present), rejected {rejected}{see}")
        }
    }

    pub(super) fn document(self, dry_run: bool, report: Option<&Path>) -> serde_json::Value {
        let Self { imported, skipped, rejected } = self;
        let report = report.map(|file| file.display().to_string());
        json!({
            "added": imported, "were_there": skipped, "refused": rejected, "dry_run": dry_run, "report": report,
        })
    }
}

/// An import in progress.
pub(super) struct Import<'a> {
    users: &'a Users,
    dry_run: bool,
    plan: Plan,
    pub(super) report: Report,
    pub(super) counts: Counts,
    pending: FuturesUnordered<BoxFuture<'a, StepResult>>,
    /// What the pending accounts claim.
    claims: HashSet<String>,
}

/// An account, and what its step led to.
type StepResult = (Row, std::result::Result<Step, StoreError>);

enum Step {
    Written(Added),
    LookedUp(Found),
}

impl<'a> Import<'a> {
    pub(super) fn new(users: &'a Users, dry_run: bool, report: Report) -> Self {
        let (plan, counts, claims) = (Plan::default(), Counts::default(), HashSet::new());
        Self { users, dry_run, plan, report, counts, pending: FuturesUnordered::new(), claims }
    }

    /// Takes all candidates, unless it is interrupted or fails. Pending accounts are always completed and counted.
    pub(super) async fn run(&mut self, mut candidates: mpsc::Receiver<Candidate>, at_once: usize) -> Result<Outcome> {
        let outcome = self.take_all(&mut candidates, at_once).await;
        candidates.close();
        let settled = self.settle().await;
        outcome.and_then(|outcome| settled.map(|()| outcome))
    }

    async fn take_all(&mut self, candidates: &mut mpsc::Receiver<Candidate>, at_once: usize) -> Result<Outcome> {
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        loop {
            tokio::select! {
                _ = &mut interrupted => return Ok(Outcome::Interrupted),
                Some(result) = self.pending.next() => self.record(result)?,
                candidate = candidates.recv(), if self.pending.len() < at_once => match candidate {
                    None => return Ok(Outcome::Completed),
                    Some(Err(rejected)) => self.reject(&rejected)?,
                    Some(Ok(row)) => self.begin(row).await?,
                }
            }
        }
    }

    async fn begin(&mut self, row: Row) -> Result<()> {
        let claims = claims_of(&row.account);
        // Of two users who claim the same, the first in the file gets it.
        if claims.iter().any(|claim| self.claims.contains(claim)) {
            self.settle().await?;
        }
        if self.plan.has(&row.account) {
            return self.reject(&Rejected::row(&row, &[Reason::IdTwice]));
        }
        self.claims.extend(claims);
        self.pending.push(step(self.users, row, self.dry_run).boxed());
        Ok(())
    }

    /// Waits for all pending accounts.
    async fn settle(&mut self) -> Result<()> {
        let mut settled = Ok(());
        while let Some(result) = self.pending.next().await {
            let recorded = self.record(result);
            settled = settled.and(recorded);
        }
        settled
    }

    fn record(&mut self, (row, result): StepResult) -> Result<()> {
        for claim in claims_of(&row.account) {
            self.claims.remove(&claim);
        }
        let added = match result? {
            Step::Written(added) => added,
            Step::LookedUp(found) => self.plan.predict(&row.account, found),
        };
        self.plan.record(&row.account, added, self.dry_run);
        match added {
            Added::Added => self.counts.imported += 1,
            Added::WasThere => self.counts.skipped += 1,
            Added::Taken(taken) => self.reject(&Rejected::taken(&row, taken))?,
        }
        Ok(())
    }

    fn reject(&mut self, rejected: &Rejected) -> Result<()> {
        self.counts.rejected += 1;
        self.report.add(rejected)
    }
}

/// What only one user may have.
fn claims_of(account: &NewAccount) -> [String; 3] {
    let user = &account.user;
    [format!("id {}", user.id), format!("email {}", user.email.canonical()), format!("name {}", user.username.as_str())]
}

/// Adds an account, or looks it up in a dry run. Waits and tries again while the table is overloaded.
async fn step(users: &Users, row: Row, dry_run: bool) -> StepResult {
    let mut waits = WAITS.into_iter();
    loop {
        let result = if dry_run {
            Found::of(users, &row.account).await.map(Step::LookedUp)
        } else {
            users.add(&row.account).await.map(Step::Written)
        };
        match (result, waits.next()) {
            (Err(error), Some(wait)) if error.is_temporary() => tokio::time::sleep(wait).await,
            (result, _) => return (row, result),
        }
    }
}
