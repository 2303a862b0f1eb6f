//! `manage export`: all users with their password hashes.

use std::{
    error::Error,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    pin::pin,
};

use futures_util::TryStreamExt;
use stack::new_private_file;

use crate::{Failure, Outcome, Result, import::export_line, is_closed_pipe, output::print_stderr, target::Tables};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// New file, readable only by its owner [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(tables: &Tables, arguments: Arguments) -> Result<Outcome> {
    let path = arguments.output.as_deref();
    let output: Box<dyn Write> = match path {
        Some(path) => Box::new(new_private_file(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Box::new(io::stdout()),
    };
    let count = write(tables, output).await.map_err(|reason| incomplete(path, reason))?;
    print_stderr(format!("exported {count} users"));
    print_stderr("hint: the output contains password hashes; keep it secret");
    Ok(Outcome::Completed)
}

/// Writes all users, and returns how many there are.
async fn write(tables: &Tables, output: Box<dyn Write>) -> Result<u64> {
    let mut output = BufWriter::new(output);
    let (mut count, mut accounts) = (0, pin!(tables.users.all()));
    while let Some(account) = accounts.try_next().await? {
        writeln!(output, "{}", export_line(&account))?;
        count += 1;
    }
    output.flush()?;
    Ok(count)
}

/// An error for an export that is not complete, as on a full disk. A closed pipe stays an error of that kind.
fn incomplete(path: Option<&Path>, reason: Box<dyn Error>) -> Box<dyn Error> {
    if is_closed_pipe(&*reason) {
        return reason;
    }
    let output = path.map_or_else(|| String::from("standard output"), |path| path.display().to_string());
    format!("{output}: {}; the export is incomplete", Failure::from_error(&*reason)).into()
}
