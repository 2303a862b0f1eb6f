//! `cargo run -p manage`: what operators do with settings, users and sessions, and how users come and go.

mod ask;
mod export;
mod import;
mod place;
mod sessions;
mod settings;
mod users;

use std::{error::Error, fmt, process::ExitCode};

use clap::{Parser, Subcommand};
use place::Place;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Manages the settings, users and sessions of a deployed stack or of the local one, and brings users in and out
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo run -p manage --",
    after_help = "Examples:
  cargo run -p manage -- --stack pyshop-auth settings set ACCESS_TOKEN_LIFETIME 600
  cargo run -p manage -- --stack pyshop-auth users disable ada@example.com
  cargo run -p manage -- --stack pyshop-auth import-django users.json --dry-run
  cargo run -p manage -- --local users list

Exit status: 0 done, 1 failed, 2 wrong arguments, 3 done but for the users in the report, 130 stopped by Ctrl-C."
)]
struct Arguments {
    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    manner: Manner,

    #[command(subcommand)]
    command: Command,
}

/// How to talk to whoever calls.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Manner {
    /// Answer with JSON, one document for each thing that is listed
    #[arg(long, global = true)]
    json: bool,

    /// Ask nothing before what can not be undone
    #[arg(long, global = true)]
    yes: bool,
}

impl Manner {
    /// Prints what was done or found: the text for people, or the document for machines.
    fn tell(self, text: impl fmt::Display, document: &serde_json::Value) {
        if self.json {
            println!("{document}");
        } else {
            println!("{text}");
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show and change the settings that hold while the service runs
    #[command(subcommand)]
    Settings(settings::Command),
    /// Look after users
    #[command(subcommand)]
    Users(users::Command),
    /// Show and end users' sessions
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Bring in the users of a Django service, from what `manage.py dumpdata auth.user` prints
    ImportDjango(import::DjangoArguments),
    /// Bring in users that `export` wrote
    Import(import::Arguments),
    /// Write all users as JSON, one a line
    Export(export::Arguments),
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Done,
    /// Some users could not come.
    Partly,
    Interrupted,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Partly) => ExitCode::from(3),
        Ok(Ending::Interrupted) => ExitCode::from(130),
        Err(reason) => {
            eprintln!("error: {}", plain(&reason.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { place, manner, command }: Arguments) -> Result<Ending> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ending = runtime.block_on(async {
        let tables = place.tables().await?;
        match command {
            Command::Settings(command) => settings::run(&tables, manner, command).await?,
            Command::Users(command) => users::run(&tables, manner, command).await?,
            Command::Sessions(command) => sessions::run(&tables, manner, command).await?,
            Command::ImportDjango(arguments) => return import::django(&tables, manner, arguments).await,
            Command::Import(arguments) => return import::own(&tables, manner, arguments).await,
            Command::Export(arguments) => return export::run(&tables, arguments).await,
        }
        Ok(Ending::Done)
    });
    // A thread may be waiting for standard input, which nobody has any more to give.
    runtime.shutdown_background();
    ending
}

/// A reason in one line, without the structures that the SDK shows behind its own.
fn plain(reason: &str) -> String {
    let shown =
        [" (ConstructionFailure(", " (DispatchFailure(", " (ResponseError(", " (ServiceError(", " (TimeoutError("];
    let end = shown.iter().filter_map(|structure| reason.find(structure)).min().unwrap_or(reason.len());
    reason.get(..end).unwrap_or(reason).replace('\n', " ")
}
