//! `manage import-django` and `manage import`. A user is imported completely or not at all, and an existing user is never changed.
//! So an import that was interrupted or killed is continued by running it again.
//!
//! A file is read on a thread of its own: `detect` finds its users in any encoding (`decode`), `non_finite` replaces numbers that
//! are not JSON, `django` and `export_format` read one user after another, and `record` validates each. The results go to `run`.

mod chunks;
mod decode;
mod detect;
mod django;
mod export_format;
mod json;
mod lines;
mod non_finite;
mod plan;
mod reason;
mod record;
mod report;
mod run;
mod trailing;

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use shared::store::NewAccount;
use tokio::{sync::mpsc, task};

pub(crate) use export_format::export_line;

use self::{
    chunks::Input,
    report::{Rejected, Report},
    run::{Counts, Import},
};
use crate::{
    Failure, Outcome, Result,
    output::{OutputOptions, print_stderr},
    target::Tables,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Input file:
  The JSON that dumpdata prints, as a list or as JSON Lines (--format jsonl), in UTF-8 or UTF-16, with or without gzip.
  Objects of other models are ignored.

  Text before the first object and after the last one, such as output of a shell or a log, is skipped with a message. In JSON
  Lines, a line that is not an object goes to the report with its number and the reason, and the import continues.")]
pub(crate) struct DjangoArguments {
    /// Model of the users, if the project has its own
    #[arg(long, default_value = "auth.user", value_name = "APP.MODEL")]
    model: String,

    #[command(flatten)]
    import: ImportOptions,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Input file:
  One JSON object per line, with these fields:

  id             whole number from 1 to 9007199254740991, which the user keeps
  email          email address
  password_hash  $argon2id$…, or from Django pbkdf2_sha256$…, argon2$argon2id$… or argon2$argon2i$…
  username       optional [default: user<id>]
  disabled       optional, true if the user must not log in [default: false]
  created_at     optional, in seconds since 1970 [default: now]

  Other fields and blank lines are ignored. The text is UTF-8 or UTF-16, with or without gzip. A line that is not a user goes to
  the report with its number and the reason, and the import continues.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    import: ImportOptions,
}

#[derive(Debug, clap::Args)]
struct ImportOptions {
    /// Input file, or - for standard input
    file: PathBuf,

    /// Check the file and write no user
    #[arg(long)]
    dry_run: bool,

    /// Write rejected users to FILE, one JSON object per line; replaces an earlier report
    #[arg(long, value_name = "FILE", default_value = "import-report.jsonl")]
    report: PathBuf,

    /// Number of users written concurrently
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    at_once: u16,
}

/// What a file holds: an account to import, or a user that is rejected.
type Candidate = std::result::Result<Row, Box<Rejected>>;

/// An account to import.
#[derive(Debug)]
struct Row {
    /// The line, in files with a user per line.
    line: Option<u64>,
    account: NewAccount,
}

/// How many candidates are read ahead of those that are written.
const READ_AHEAD: usize = 64;

pub(crate) async fn from_django(tables: &Tables, output: OutputOptions, arguments: DjangoArguments) -> Result<Outcome> {
    let DjangoArguments { model, import: options } = arguments;
    import(tables, output, &options, move |input, sink| django::read(input, &model, sink)).await
}

pub(crate) async fn from_export(tables: &Tables, output: OutputOptions, arguments: Arguments) -> Result<Outcome> {
    import(tables, output, &arguments.import, export_format::read).await
}

/// Takes a candidate; false if no more are wanted.
type Sink<'a> = &'a mut dyn FnMut(Candidate) -> bool;

/// What was skipped of a file, or why it was not read to its end.
type ReadResult = std::result::Result<Option<String>, Failure>;

/// For a panic of the thread that reads, which prints its own message.
const PANICKED: &str = "cannot be read to its end: internal error";

const CONTINUE: &str = "run the command again to continue";

/// Reads a file on a thread of its own, while what was read is written.
async fn import(
    tables: &Tables,
    output: OutputOptions,
    options: &ImportOptions,
    read: impl FnOnce(Input, Sink<'_>) -> ReadResult + Send + 'static,
) -> Result<Outcome> {
    report::check_not_input(&options.report, &options.file)?;
    let (input, bar) = open(&options.file)?;
    let report = Report::begin(&options.report)?;
    let (sender, candidates) = mpsc::channel(READ_AHEAD);
    let reading = task::spawn_blocking(move || read(input, &mut |candidate| sender.blocking_send(candidate).is_ok()));

    let mut import = Import::new(&tables.users, options.dry_run, report);
    let outcome = import.run(candidates, usize::from(options.at_once)).await;
    bar.finish_and_clear();
    let file = options.file.display();
    let outcome: Result<Outcome> = match outcome {
        Err(reason) => Err(Failure::from_error(&*reason).hint(CONTINUE).into()),
        Ok(Outcome::Completed) => match reading.await.unwrap_or_else(|_| Err(PANICKED.into())) {
            Err(failure) => Err(failure.of(file).into()),
            Ok(skipped) => {
                if let Some(what) = skipped {
                    print_stderr(format!("{file}: skipped {what}"));
                }
                Ok(if import.counts.rejected > 0 { Outcome::Partial } else { Outcome::Completed })
            }
        },
        Ok(outcome) => {
            print_stderr("interrupted");
            print_stderr(format!("hint: {CONTINUE}"));
            Ok(outcome)
        }
    };
    let reported = report_result(tables, output, import, options.dry_run).await;
    outcome.and_then(|outcome| reported.map(|()| outcome))
}

/// Prints how many users were imported, skipped and rejected, and records it.
async fn report_result(tables: &Tables, output: OutputOptions, import: Import<'_>, dry_run: bool) -> Result<()> {
    let Import { counts, report, .. } = import;
    let report = report.finish();
    let path = report.as_ref().ok().and_then(Option::as_deref);
    let (text, document) = (counts.summary(dry_run, path), counts.document(dry_run, path));
    if !dry_run && counts.imported > 0 {
        let Counts { imported, skipped, rejected } = counts;
        let details = json!({ "object": "users", "added": imported, "were_there": skipped, "refused": rejected });
        tables.events.record("sensitive_create", details).await;
    }
    if path.is_some() {
        print_stderr("hint: docs/migrate-from-django.md says what to do about each reason; then run the import again");
    }
    if dry_run {
        output.print(text, &document)?
    } else {
        output.print_done(text, &document)?
    }
    report.map(drop)
}

/// The file, with a bar that shows how much of it was read, if its size is known.
fn open(file: &Path) -> Result<(Input, ProgressBar)> {
    let style = |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    if file == Path::new("-") {
        let bar = ProgressBar::new_spinner().with_style(style("{spinner} {bytes} read, {elapsed}"));
        return Ok((Box::new(BufReader::new(bar.wrap_read(io::stdin()))), bar));
    }
    let opened = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let length = opened.metadata().map_or(0, |metadata| metadata.len());
    let bar = ProgressBar::new(length).with_style(style("{wide_bar} {percent}% of {total_bytes}, {eta} left"));
    Ok((Box::new(BufReader::new(bar.wrap_read(opened))), bar))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use shared::{
        clock::Clock,
        random::Random,
        store::{Sessions, SettingsTable, Users},
    };
    use stack::DynamoDb;
    use tempfile::TempDir;

    use super::*;
    use crate::events::Events;

    #[derive(Debug, Parser)]
    struct AllOptions {
        #[command(flatten)]
        output: OutputOptions,

        #[command(flatten)]
        options: ImportOptions,
    }

    /// Tables that are never asked.
    async fn tables() -> Tables {
        let client = DynamoDb::at("http://127.0.0.1:9").client().await;
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
    async fn an_import_ends_with_an_error_if_its_reader_panics() {
        let folder = TempDir::new().unwrap();
        let [file, report] = ["users.json", "report.jsonl"].map(|name| folder.path().join(name));
        fs::write(&file, "[]").unwrap();
        let [file_name, report_name] = [&file, &report].map(|path| path.to_str().unwrap());
        let arguments = ["manage", file_name, "--report", report_name, "--dry-run"];
        let AllOptions { output, options } = AllOptions::parse_from(arguments);
        let result = import(&tables().await, output, &options, |_, _| panic!("a fault")).await;
        let expected = format!("{file_name}: cannot be read to its end: internal error");
        assert_eq!(result.unwrap_err().to_string(), expected);
        assert!(!report.exists(), "nobody was rejected");
    }
}
