//! Candidates, one after the other: each is written, or looked at in a dry run, and what became of it is counted.

use std::{collections::HashSet, path::Path, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use serde_json::json;
use shared::{
    Error,
    store::{Added, NewAccount, Users},
};
use tokio::sync::mpsc;

use super::{
    Candidate, Row,
    plan::{Found, Plan},
    reason::Reason,
    report::{Refused, Report},
};
use crate::{Ending, Result};

/// How long to wait before the next attempt, when the table takes no more; after the last one the import stops.
const WAITS: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// What became of all.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) added: u64,
    pub(super) were_there: u64,
    pub(super) refused: u64,
}

impl Counts {
    pub(super) fn shown(self, dry_run: bool, report: Option<&Path>) -> String {
        let Self { added, were_there, refused } = self;
        let came = if dry_run { "would come" } else { "came" };
        let see = report.map(|file| format!(", see {}", file.display())).unwrap_or_default();
        format!("{added} users {came}, {were_there} were there already, {refused} cannot come{see}")
    }

    pub(super) fn document(self, dry_run: bool, report: Option<&Path>) -> serde_json::Value {
        let Self { added, were_there, refused } = self;
        let report = report.map(|file| file.display().to_string());
        json!({ "added": added, "were_there": were_there, "refused": refused, "dry_run": dry_run, "report": report })
    }
}

/// An import that goes on.
pub(super) struct Import<'a> {
    users: &'a Users,
    dry_run: bool,
    plan: Plan,
    pub(super) report: Report,
    pub(super) counts: Counts,
    under_way: FuturesUnordered<BoxFuture<'a, Outcome>>,
    /// What those who are under way are to have for themselves.
    claims: HashSet<String>,
}

/// What became of an account.
type Outcome = (Row, std::result::Result<Step, Error>);

enum Step {
    Written(Added),
    LookedAt(Found),
}

impl<'a> Import<'a> {
    pub(super) fn new(users: &'a Users, dry_run: bool, report: Report) -> Self {
        let (plan, counts, claims) = (Plan::default(), Counts::default(), HashSet::new());
        Self { users, dry_run, plan, report, counts, under_way: FuturesUnordered::new(), claims }
    }

    /// Takes all candidates, unless it is stopped. What is under way comes to its end and is counted, whatever happens.
    pub(super) async fn run(&mut self, mut candidates: mpsc::Receiver<Candidate>, at_once: usize) -> Result<Ending> {
        let ending = self.take(&mut candidates, at_once).await;
        candidates.close();
        let settled = self.settle().await;
        ending.and_then(|ending| settled.map(|()| ending))
    }

    async fn take(&mut self, candidates: &mut mpsc::Receiver<Candidate>, at_once: usize) -> Result<Ending> {
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        loop {
            tokio::select! {
                _ = &mut interrupted => return Ok(Ending::Interrupted),
                Some(outcome) = self.under_way.next() => self.note(outcome)?,
                candidate = candidates.recv(), if self.under_way.len() < at_once => match candidate {
                    None => return Ok(Ending::Done),
                    Some(Err(refused)) => self.refuse(&refused)?,
                    Some(Ok(row)) => self.begin(row).await?,
                }
            }
        }
    }

    async fn begin(&mut self, row: Row) -> Result<()> {
        let mine = claims_of(&row.account);
        // Of two who claim the same, the first in the file gets it.
        if mine.iter().any(|claim| self.claims.contains(claim)) {
            self.settle().await?;
        }
        if self.plan.has(&row.account) {
            return self.refuse(&Refused::row(&row, &[Reason::IdTwice]));
        }
        self.claims.extend(mine);
        self.under_way.push(step(self.users, row, self.dry_run).boxed());
        Ok(())
    }

    /// Waits for all that is under way.
    async fn settle(&mut self) -> Result<()> {
        let mut settled = Ok(());
        while let Some(outcome) = self.under_way.next().await {
            let noted = self.note(outcome);
            settled = settled.and(noted);
        }
        settled
    }

    fn note(&mut self, (row, result): Outcome) -> Result<()> {
        for claim in claims_of(&row.account) {
            self.claims.remove(&claim);
        }
        let added = match result? {
            Step::Written(added) => added,
            Step::LookedAt(found) => self.plan.outcome(&row.account, found),
        };
        self.plan.note(&row.account, added, self.dry_run);
        match added {
            Added::Added => self.counts.added += 1,
            Added::WasThere => self.counts.were_there += 1,
            Added::Taken(taken) => self.refuse(&Refused::taken(&row, taken))?,
        }
        Ok(())
    }

    fn refuse(&mut self, refused: &Refused) -> Result<()> {
        self.counts.refused += 1;
        self.report.add(refused)
    }
}

/// What nobody else may have.
fn claims_of(account: &NewAccount) -> [String; 3] {
    let user = &account.user;
    [format!("id {}", user.id), format!("email {}", user.email.canonical()), format!("name {}", user.username.as_str())]
}

/// Adds an account or looks what there is, as often as it takes while the table takes no more.
async fn step(users: &Users, row: Row, dry_run: bool) -> Outcome {
    let mut waits = WAITS.into_iter();
    loop {
        let result = if dry_run {
            Found::of(users, &row.account).await.map(Step::LookedAt)
        } else {
            users.add(&row.account).await.map(Step::Written)
        };
        match (result, waits.next()) {
            (Err(Error::Unavailable(_)), Some(wait)) => tokio::time::sleep(wait).await,
            (result, _) => return (row, result),
        }
    }
}
