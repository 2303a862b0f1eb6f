//! `manage export`: everything that is needed to go elsewhere.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    pin::pin,
};

use futures_util::TryStreamExt;

use crate::{Ending, Result, import::exported, manner::remark, place::Tables};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A new file, which nobody else can read; without it standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(tables: &Tables, arguments: Arguments) -> Result<Ending> {
    let output: Box<dyn Write + Send> = match &arguments.output {
        Some(path) => Box::new(new_file(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Box::new(io::stdout()),
    };
    let mut output = BufWriter::new(output);
    let (mut count, mut accounts) = (0_u64, pin!(tables.users.all()));
    while let Some(account) = accounts.try_next().await? {
        let line = exported(&account)?;
        writeln!(output, "{line}").map_err(|error| not_whole(&arguments, error))?;
        count += 1;
    }
    output.flush().map_err(|error| not_whole(&arguments, error))?;
    remark(format!("{count} users, with their passwords' hashes: keep them as a secret"));
    Ok(Ending::Done)
}

/// An output that takes no more, as a full disk does. A pipe that nobody reads any more stays an error of that kind.
fn not_whole(arguments: &Arguments, error: io::Error) -> io::Error {
    match &arguments.output {
        Some(path) => io::Error::new(error.kind(), format!("{}: {error}; what is in it is not whole", path.display())),
        None => error,
    }
}

/// A new file that nobody else can read: one that is there, or a link to one, is not touched.
pub(crate) fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
