//! `manage import-django` and `manage import`: users from elsewhere, each with all items or none, and nothing that is there
//! already is changed. So an import that was stopped, or killed, is continued by running it again.

mod check;
mod django;
mod own;
mod record;
mod report;

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use shared::{
    Error,
    store::{Added, NewAccount, Users},
};
use tokio::sync::mpsc;

pub(crate) use own::Exported;

use self::{
    check::Check,
    report::{Refused, Report},
};
use crate::{Ending, Manner, Result, place::Tables};

#[derive(Debug, clap::Args)]
pub(crate) struct DjangoArguments {
    /// The model of the users, if they have one of their own
    #[arg(long, default_value = "auth.user", value_name = "APP.MODEL")]
    model: String,

    #[command(flatten)]
    import: Arguments,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The file, or - for standard input
    file: PathBuf,

    /// Write no user, and find all that can not come
    #[arg(long)]
    dry_run: bool,

    /// Where to write, a line of JSON each, who can not come and why
    #[arg(long, value_name = "FILE", default_value = "import-report.jsonl")]
    report: PathBuf,

    /// How many users are written at the same time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    at_once: u16,
}

/// What a file holds: an account that may come, or somebody who can not.
type Candidate = std::result::Result<NewAccount, Refused>;

/// How many candidates may have been read and not been looked at.
const READ_AHEAD: usize = 64;

/// How long to wait before the next attempt, when the table takes no more; after the last one the import stops.
const WAITS: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

pub(crate) async fn django(tables: &Tables, manner: Manner, arguments: DjangoArguments) -> Result<Ending> {
    let DjangoArguments { model, import } = arguments;
    bring(tables, manner, &import, move |input, take| django::read(input, &model, take)).await
}

pub(crate) async fn own(tables: &Tables, manner: Manner, arguments: Arguments) -> Result<Ending> {
    bring(tables, manner, &arguments, own::read).await
}

/// Takes a candidate; false if no more are wanted.
type Take<'a> = &'a mut dyn FnMut(Candidate) -> bool;

/// Reads a file on a thread of its own, while what was read is written.
async fn bring(
    tables: &Tables,
    manner: Manner,
    arguments: &Arguments,
    read: impl FnOnce(&mut dyn BufRead, Take<'_>) -> std::result::Result<(), String> + Send + 'static,
) -> Result<Ending> {
    let (mut input, bar) = open(&arguments.file)?;
    let (sender, candidates) = mpsc::channel(READ_AHEAD);
    let reading =
        tokio::task::spawn_blocking(move || read(&mut input, &mut |candidate| sender.blocking_send(candidate).is_ok()));

    let mut import = Import {
        users: &tables.users,
        check: arguments.dry_run.then(Check::default),
        report: Report::new(&arguments.report),
        counts: Counts::default(),
    };
    let ending = import.run(candidates, usize::from(arguments.at_once)).await;
    bar.finish_and_clear();
    let Import { counts, report, .. } = import;
    let file = report.finish()?;
    manner.tell(counts.shown(arguments.dry_run, file.as_deref()), &counts.document(arguments.dry_run));
    let again = "run it again to continue";
    match ending {
        Err(reason) => Err(format!("{reason}; {again}").into()),
        Ok(Ending::Interrupted) => {
            eprintln!("stopped: {again}");
            Ok(Ending::Interrupted)
        }
        Ok(_) => {
            reading.await?.map_err(|reason| format!("{}: {reason}", arguments.file.display()))?;
            Ok(if counts.refused > 0 { Ending::Partly } else { Ending::Done })
        }
    }
}

/// The file with a bar that shows how much of it was read, where that can be told.
fn open(file: &Path) -> Result<(Box<dyn BufRead + Send>, ProgressBar)> {
    let style = |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    if file == Path::new("-") {
        let bar = ProgressBar::new_spinner().with_style(style("{spinner} {bytes} read, {elapsed}"));
        return Ok((Box::new(BufReader::new(bar.wrap_read(io::stdin()))), bar));
    }
    let opened = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let length = opened.metadata().map_or(0, |metadata| metadata.len());
    let bar = ProgressBar::new(length).with_style(style("{wide_bar} {percent} % of {total_bytes}, {eta} to go"));
    Ok((Box::new(BufReader::new(bar.wrap_read(opened))), bar))
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    added: u64,
    were_there: u64,
    refused: u64,
}

impl Counts {
    fn shown(self, dry_run: bool, report: Option<&Path>) -> String {
        let Self { added, were_there, refused } = self;
        let came = if dry_run { "would come" } else { "came" };
        let see = report.map(|file| format!(", see {}", file.display())).unwrap_or_default();
        format!("{added} users {came}, {were_there} were there already, {refused} can not come{see}")
    }

    fn document(self, dry_run: bool) -> serde_json::Value {
        let Self { added, were_there, refused } = self;
        json!({ "added": added, "were_there": were_there, "refused": refused, "dry_run": dry_run })
    }
}

/// An import that goes on.
struct Import<'a> {
    users: &'a Users,
    /// Instead of writing.
    check: Option<Check>,
    report: Report,
    counts: Counts,
}

/// What became of an account.
type Outcome = (NewAccount, std::result::Result<Added, Error>);

impl<'a> Import<'a> {
    async fn run(&mut self, mut candidates: mpsc::Receiver<Candidate>, at_once: usize) -> Result<Ending> {
        let mut under_way = FuturesUnordered::<BoxFuture<'a, Outcome>>::new();
        // What those who are under way are to have for themselves.
        let mut claims = HashSet::new();
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        loop {
            tokio::select! {
                _ = &mut interrupted => {
                    candidates.close();
                    self.settle(&mut under_way, &mut claims).await?;
                    return Ok(Ending::Interrupted);
                }
                Some(outcome) = under_way.next() => self.note(outcome, &mut claims)?,
                candidate = candidates.recv(), if under_way.len() < at_once => match candidate {
                    None => {
                        self.settle(&mut under_way, &mut claims).await?;
                        return Ok(Ending::Done);
                    }
                    Some(Err(refused)) => self.refuse(&refused)?,
                    Some(Ok(account)) => {
                        let mine = claims_of(&account);
                        // Of two who claim the same, the first in the file gets it.
                        if mine.iter().any(|claim| claims.contains(claim)) {
                            self.settle(&mut under_way, &mut claims).await?;
                        }
                        claims.extend(mine);
                        let outcome = match &mut self.check {
                            Some(check) => check.outcome(self.users, account).boxed(),
                            None => write(self.users, account).boxed(),
                        };
                        under_way.push(outcome);
                    }
                }
            }
        }
    }

    /// Waits for all that is under way.
    async fn settle(
        &mut self,
        under_way: &mut FuturesUnordered<BoxFuture<'a, Outcome>>,
        claims: &mut HashSet<String>,
    ) -> Result<()> {
        while let Some(outcome) = under_way.next().await {
            self.note(outcome, claims)?;
        }
        Ok(())
    }

    fn note(&mut self, (account, result): Outcome, claims: &mut HashSet<String>) -> Result<()> {
        for claim in claims_of(&account) {
            claims.remove(&claim);
        }
        match result? {
            Added::Added => self.counts.added += 1,
            Added::WasThere => self.counts.were_there += 1,
            Added::Taken(taken) => self.refuse(&Refused::taken(&account.user, taken))?,
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

/// Adds an account, as often as it takes while the table takes no more.
async fn write(users: &Users, account: NewAccount) -> Outcome {
    for wait in WAITS {
        match users.add(&account).await {
            Err(Error::Unavailable(_)) => tokio::time::sleep(wait).await,
            result => return (account, result),
        }
    }
    let result = users.add(&account).await;
    (account, result)
}
