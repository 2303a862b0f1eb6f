//! `cargo run -p manage`: what operators do with settings, users and sessions, and how users come and go.

mod ask;
mod credentials;
mod events;
mod export;
mod import;
mod manner;
mod place;
mod sessions;
mod settings;
mod shown;
mod stack;
mod users;

use std::{error::Error, io, process::ExitCode};

use clap::{Parser, Subcommand};
use manner::{Manner, remark};
use place::Place;
use serde_json::json;

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

Whatever is done is told on standard error as well, a line of JSON for each act, and with --stack in the log of the functions.

Exit status: 0 done, 1 failed, 2 wrong arguments, 3 done but for users that are named, 130 stopped by Ctrl-C, 141 nobody reads
the output any more."
)]
struct Arguments {
    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    manner: Manner,

    #[command(subcommand)]
    command: Command,
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
    /// Some users could not be brought in, or not be filed anew.
    Partly,
    Interrupted,
}

/// What a shell says of a program that SIGPIPE ended.
const NOBODY_READS: u8 = 141;

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().and_then(|arguments| arguments.place.check().map(|()| arguments));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    match run(arguments) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Partly) => ExitCode::from(3),
        Ok(Ending::Interrupted) => ExitCode::from(130),
        Err(reason) if is_closed_pipe(&*reason) => ExitCode::from(NOBODY_READS),
        Err(reason) => {
            remark(format!("error: {}", told(&*reason).replace('\n', " ")));
            ExitCode::FAILURE
        }
    }
}

/// Tells what is wrong with the arguments, or the help if that is what was asked for. An argument may be anybody's text, and
/// clap prints it as it is.
fn refused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    error.to_string().lines().for_each(remark);
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn run(Arguments { place, manner, command }: Arguments) -> Result<Ending> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ending = runtime.block_on(async {
        let tables = place.tables().await?;
        match command {
            Command::Settings(command) => settings::run(&tables, manner, command).await,
            Command::Users(command) => users::run(&tables, manner, command).await,
            Command::Sessions(command) => sessions::run(&tables, manner, command).await,
            Command::ImportDjango(arguments) => import::django(&tables, manner, arguments).await,
            Command::Import(arguments) => import::own(&tables, manner, arguments).await,
            Command::Export(arguments) => {
                // Before it: who stops it in time has read most.
                tables.events.note("sensitive_read", json!({ "object": "users, with their passwords' hashes" })).await;
                export::run(&tables, arguments).await
            }
        }
    });
    // A thread may be waiting for standard input, which nobody has any more to give.
    runtime.shutdown_background();
    ending
}

/// Whether a command ended since nobody reads what it prints, as behind `| head`: that is nothing to complain of.
fn is_closed_pipe(reason: &(dyn Error + 'static)) -> bool {
    reason.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// A reason in words for operators, where the service has but a status for its clients.
fn told(reason: &(dyn Error + 'static)) -> String {
    match reason.downcast_ref::<shared::Error>() {
        Some(shared::Error::Conflict) => "the user was changed by others at the same time: run it again".into(),
        Some(shared::Error::TokenRefused { .. }) => "the user is gone meanwhile".into(),
        _ => reason.to_string(),
    }
}
