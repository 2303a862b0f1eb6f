//! `manage import-django` and `manage import`: users from elsewhere, each with all items or none, and nothing that is there
//! already is changed. So an import that was stopped, or killed, is continued by running it again.
//!
//! A file is read on a thread of its own: `opening` finds its users, of whatever encoding (`text`), `finite` makes plain
//! JSON of it, `django` and `own` read that one by one, and `record` judges each. What comes is handed to `run`.

mod behind;
mod django;
mod finite;
mod json;
mod lines;
mod opening;
mod own;
mod pieces;
mod plan;
mod reason;
mod record;
mod report;
mod run;
mod text;
mod time;

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use shared::store::NewAccount;
use tokio::{sync::mpsc, task};

pub(crate) use own::exported;

use self::{
    pieces::Input,
    report::{Refused, Report},
    run::{Counts, Import},
};
use crate::{
    Ending, Result,
    manner::{Manner, remark},
    place::Tables,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "The file: what dumpdata prints as JSON, in a list or (--format jsonl) a line for each object.
There may be objects of other models. The text is UTF-8 or UTF-16, in gzip or as it is.

Text before the first object and behind the last one, as a shell or a log leaves it, is left out, which is told. Of a file in
lines, a line between objects that is none stands in the report with its number and the reason, and the others come.")]
pub(crate) struct DjangoArguments {
    /// The model of the users, if they have one of their own
    #[arg(long, default_value = "auth.user", value_name = "APP.MODEL")]
    model: String,

    #[command(flatten)]
    import: How,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "The file: a line for each user, with an object of JSON.

  id             a whole number from 1 to 9007199254740991; the user keeps it
  email          the address
  password_hash  $argon2id$…; or of Django pbkdf2_sha256$…, argon2$argon2id$…, argon2$argon2i$…
  username       left out, null or blank: user<id>
  disabled       true: the user may not log in; false, or left out: they may
  created_at     in seconds since 1970; null, or left out: now

Other names are passed over, and so are blank lines. The text is UTF-8 or UTF-16, in gzip or as it is. A line that is no user
stands in the report with its number and the reason, and the others come.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    import: How,
}

#[derive(Debug, clap::Args)]
struct How {
    /// The file, or - for standard input
    file: PathBuf,

    /// Write no user, and find all that cannot come
    #[arg(long)]
    dry_run: bool,

    /// Where to write, a line of JSON each, who cannot come and why; a report of before goes
    #[arg(long, value_name = "FILE", default_value = "import-report.jsonl")]
    report: PathBuf,

    /// How many users are written at the same time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    at_once: u16,
}

/// What a file holds: an account that may come, or somebody who cannot.
type Candidate = std::result::Result<Row, Box<Refused>>;

/// An account that may come.
#[derive(Debug)]
struct Row {
    /// The line, in files that have one for each user.
    line: Option<u64>,
    account: NewAccount,
}

/// How many candidates may have been read and not been looked at.
const READ_AHEAD: usize = 64;

pub(crate) async fn django(tables: &Tables, manner: Manner, arguments: DjangoArguments) -> Result<Ending> {
    let DjangoArguments { model, import } = arguments;
    bring(tables, manner, &import, move |input, take| django::read(input, &model, take)).await
}

pub(crate) async fn own(tables: &Tables, manner: Manner, arguments: Arguments) -> Result<Ending> {
    bring(tables, manner, &arguments.import, own::read).await
}

/// Takes a candidate; false if no more are wanted.
type Take<'a> = &'a mut dyn FnMut(Candidate) -> bool;

/// What of a file was left out, or why it was not read to its end.
type WasRead = std::result::Result<Option<String>, String>;

/// Why the end of a file was not read where the thread that reads has a fault, of which it told itself.
const PANICKED: &str = "cannot be read on: a fault in manage";

/// Reads a file on a thread of its own, while what was read is written.
async fn bring(
    tables: &Tables,
    manner: Manner,
    how: &How,
    read: impl FnOnce(Input, Take<'_>) -> WasRead + Send + 'static,
) -> Result<Ending> {
    report::keep_apart(&how.report, &how.file)?;
    let (input, bar) = open(&how.file)?;
    let report = Report::begin(&how.report)?;
    let (sender, candidates) = mpsc::channel(READ_AHEAD);
    let reading = task::spawn_blocking(move || read(input, &mut |candidate| sender.blocking_send(candidate).is_ok()));

    let mut import = Import::new(&tables.users, how.dry_run, report);
    let ending = import.run(candidates, usize::from(how.at_once)).await;
    bar.finish_and_clear();
    let ending: Result<Ending> = match ending {
        Err(reason) => Err(format!("{reason}; run it again to continue").into()),
        Ok(Ending::Done) => match reading.await.unwrap_or_else(|_| Err(PANICKED.into())) {
            Err(reason) => Err(format!("{}: {reason}", how.file.display()).into()),
            Ok(left_out) => {
                if let Some(what) = left_out {
                    remark(format!("{}: {what}", how.file.display()));
                }
                Ok(if import.counts.refused > 0 { Ending::Partly } else { Ending::Done })
            }
        },
        Ok(ending) => {
            remark("stopped: run it again to continue");
            Ok(ending)
        }
    };
    let told = tell(tables, manner, import, how.dry_run).await;
    ending.and_then(|ending| told.map(|()| ending))
}

/// Tells what became of all, and where the report is.
async fn tell(tables: &Tables, manner: Manner, import: Import<'_>, dry_run: bool) -> Result<()> {
    let Import { counts, report, .. } = import;
    let report = report.finish();
    let path = report.as_ref().ok().and_then(Option::as_deref);
    let (text, document) = (counts.shown(dry_run, path), counts.document(dry_run, path));
    if !dry_run && counts.added > 0 {
        let Counts { added, were_there, refused } = counts;
        let details = json!({ "object": "users", "added": added, "were_there": were_there, "refused": refused });
        tables.events.note("sensitive_create", details).await;
    }
    if let Some(path) = path {
        let what = "a line for each who cannot come; MIGRATING.md tells what to do about each reason";
        remark(format!("{}: {what}, then run it again", path.display()));
    }
    if dry_run {
        manner.tell(text, &document)?
    } else {
        manner.done(text, &document)?
    }
    report.map(drop)
}

/// The file with a bar that shows how much of it was read, where that can be told.
fn open(file: &Path) -> Result<(Input, ProgressBar)> {
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

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use local::Database;
    use shared::{
        clock::Clock,
        random::Random,
        store::{Sessions, SettingsTable, Users},
    };
    use tempfile::TempDir;

    use super::*;
    use crate::events::Events;

    #[derive(Debug, Parser)]
    struct Whole {
        #[command(flatten)]
        manner: Manner,

        #[command(flatten)]
        how: How,
    }

    /// Tables that nobody asks.
    async fn tables() -> Tables {
        let client = Database::at("http://127.0.0.1:9").client().await;
        let (clock, random) = (Clock::system(), Random::system());
        Tables {
            users: Users::new(client.clone(), "users".into(), clock.clone(), random.clone()),
            sessions: Sessions::new(client.clone(), "sessions".into(), clock.clone(), random),
            settings: SettingsTable::new(client, "settings".into()),
            events: Events::new(clock, None, None),
            service_words: String::new(),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_import_comes_to_its_end_where_the_reader_of_its_file_does_not() {
        let folder = TempDir::new().unwrap();
        let [file, report] = ["users.json", "report.jsonl"].map(|name| folder.path().join(name));
        fs::write(&file, "[]").unwrap();
        let [file_name, report_name] = [&file, &report].map(|path| path.to_str().unwrap());
        let Whole { manner, how } = Whole::parse_from(["manage", file_name, "--report", report_name, "--dry-run"]);
        let ended = bring(&tables().await, manner, &how, |_, _| panic!("a fault")).await;
        let expected = format!("{file_name}: cannot be read on: a fault in manage");
        assert_eq!(ended.unwrap_err().to_string(), expected);
        assert!(!report.exists(), "nobody is in it");
    }
}
