//! `manage export`: everything that is needed to go elsewhere.

use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    pin::pin,
};

use futures_util::TryStreamExt;

use crate::{Ending, Result, import::exported, is_closed_pipe, manner::remark, place::Tables, told};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A new file, which nobody else can read; without it standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(tables: &Tables, arguments: Arguments) -> Result<Ending> {
    let path = arguments.output.as_deref();
    let output: Box<dyn Write> = match path {
        Some(path) => Box::new(new_file(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Box::new(io::stdout()),
    };
    let count = write(tables, output).await.map_err(|reason| not_whole(path, reason))?;
    remark(format!("{count} users, with their passwords' hashes: keep them as a secret"));
    Ok(Ending::Done)
}

/// Writes all users, and counts them.
async fn write(tables: &Tables, output: Box<dyn Write>) -> Result<u64> {
    let mut output = BufWriter::new(output);
    let (mut count, mut accounts) = (0, pin!(tables.users.all()));
    while let Some(account) = accounts.try_next().await? {
        writeln!(output, "{}", exported(&account)?)?;
        count += 1;
    }
    output.flush()?;
    Ok(count)
}

/// Why an output ends before its end, as on a full disk. A pipe that nobody reads any more stays an error of that kind.
fn not_whole(path: Option<&Path>, reason: Box<dyn Error>) -> Box<dyn Error> {
    if is_closed_pipe(&*reason) {
        return reason;
    }
    let output = path.map_or_else(|| String::from("standard output"), |path| path.display().to_string());
    format!("{output}: {}; what is in it is not whole", told(&*reason)).into()
}

/// A new file that nobody else can read: one that is there, or a link to one, is not touched.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
