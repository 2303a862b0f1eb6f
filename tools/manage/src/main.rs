//! `cargo run -p manage`: manages settings, users and sessions of a stack, and imports and exports users.

mod cloudformation;
mod credentials;
mod escape;
mod events;
mod export;
mod failure;
mod import;
mod output;
mod prompt;
mod sessions;
mod settings;
mod target;
mod time;
mod users;

use std::{error::Error, io, process::ExitCode};

use clap::{Parser, Subcommand};
use failure::Failure;
use output::{OutputOptions, print_stderr};
use serde_json::json;
use target::Target;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Manage settings, users and sessions of a deployed or local stack, and import and export users
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo run -p manage --",
    after_help = "Examples:
  cargo run -p manage -- --stack pyshop-auth settings set ACCESS_TOKEN_LIFETIME 600
  cargo run -p manage -- --stack pyshop-auth users disable ada@example.com
  cargo run -p manage -- --stack pyshop-auth import-django users.json --dry-run
  cargo run -p manage -- --local users list

Each change is also written to standard error as one line of JSON and, with --stack, to the functions' log.

Exit status:
  0    completed
  1    failed
  2    invalid arguments
  3    completed, some users rejected
  130  interrupted by Ctrl-C
  141  output closed by its reader"
)]
struct Arguments {
    #[command(flatten)]
    output: OutputOptions,

    #[command(flatten)]
    target: Target,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show and change settings of the running service
    #[command(subcommand)]
    Settings(settings::Command),
    /// Manage users
    #[command(subcommand)]
    Users(users::Command),
    /// List and revoke users' sessions
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Import the users of a Django project, from the output of `manage.py dumpdata auth.user`
    ImportDjango(import::DjangoArguments),
    /// Import users that `export` wrote
    Import(import::Arguments),
    /// Export all users as JSON, one per line
    Export(export::Arguments),
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Completed,
    /// Some users were rejected.
    Partial,
    Interrupted,
}

/// The exit status that a shell reports for a program that SIGPIPE ended.
const BROKEN_PIPE: u8 = 141;

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().and_then(|arguments| arguments.target.check().map(|()| arguments));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return report_usage_error(&error),
    };
    match run(arguments) {
        Ok(Outcome::Completed) => ExitCode::SUCCESS,
        Ok(Outcome::Partial) => ExitCode::from(3),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(reason) if is_closed_pipe(&*reason) => ExitCode::from(BROKEN_PIPE),
        Err(reason) => {
            Failure::from_error(&*reason).print();
            ExitCode::FAILURE
        }
    }
}

/// Prints what is wrong with the arguments, or the help if that is what was asked for. An argument may be any text, which clap
/// prints unescaped.
fn report_usage_error(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        error.exit();
    }
    error.to_string().lines().for_each(print_stderr);
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn run(Arguments { output, target, command }: Arguments) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let tables = target.tables().await?;
        match command {
            Command::Settings(command) => settings::run(&tables, output, command).await,
            Command::Users(command) => users::run(&tables, output, command).await,
            Command::Sessions(command) => sessions::run(&tables, output, command).await,
            Command::ImportDjango(arguments) => import::from_django(&tables, output, arguments).await,
            Command::Import(arguments) => import::from_export(&tables, output, arguments).await,
            Command::Export(arguments) => {
                // Before the export: a command that is interrupted has shown most users already.
                tables.events.record("sensitive_read", json!({ "object": "users with password hashes" })).await;
                export::run(&tables, arguments).await
            }
        }
    });
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    outcome
}

/// Whether a command ended because the reader of its output ended, as behind `| head`: that is no error.
fn is_closed_pipe(reason: &(dyn Error + 'static)) -> bool {
    reason.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::{Args, CommandFactory};

    use super::*;

    /// The longest description, in characters.
    const MAX_HELP: usize = 100;

    /// The command and all its subcommands, each under its name.
    fn commands() -> Vec<(String, clap::Command)> {
        fn collect(name: String, command: &clap::Command, all: &mut Vec<(String, clap::Command)>) {
            for command in command.get_subcommands() {
                collect(format!("{name} {}", command.get_name()), command, all);
            }
            all.push((name, command.clone()));
        }
        let mut root = Arguments::command();
        root.build();
        let mut all = Vec::new();
        collect("manage".into(), &root, &mut all);
        all
    }

    /// Every description: of the commands, their arguments and their options.
    fn descriptions() -> Vec<(String, Option<String>)> {
        let mut all = Vec::new();
        for (name, command) in commands() {
            for argument in command.get_arguments() {
                all.push((format!("{name} {}", argument.get_id()), argument.get_help().map(ToString::to_string)));
            }
            all.push((name, command.get_about().map(ToString::to_string)));
        }
        all
    }

    #[test]
    fn every_command_and_argument_is_described_in_one_short_line() {
        let all = descriptions();
        assert!(all.len() > 100, "{} descriptions", all.len());
        for (name, text) in all {
            let text = text.unwrap_or_default();
            assert!(!text.is_empty(), "{name} is not described");
            assert_eq!(text.lines().count(), 1, "{name}: {text}");
            assert!(text.chars().count() <= MAX_HELP, "{name}: {text}");
        }
    }

    #[test]
    fn every_description_begins_with_a_capital_and_has_no_full_stop() {
        for (name, text) in descriptions() {
            let text = text.unwrap_or_default();
            assert!(text.starts_with(|first: char| first.is_uppercase()), "{name}: {text}");
            assert!(!text.ends_with('.'), "{name}: {text}");
        }
    }

    #[test]
    fn every_option_is_under_the_heading_of_its_group() {
        let [target, output] = [Target::augment_args, OutputOptions::augment_args].map(|augment| {
            let group = augment(clap::Command::new("group"));
            group.get_arguments().map(|argument| argument.get_id().clone()).collect::<Vec<_>>()
        });
        for (name, command) in commands() {
            for argument in command.get_arguments() {
                let expected = match argument.get_id() {
                    id if target.contains(id) => Some("Target"),
                    id if output.contains(id) => Some("Global options"),
                    _ => None,
                };
                assert_eq!(argument.get_help_heading(), expected, "{name} {}", argument.get_id());
            }
        }
    }
}
