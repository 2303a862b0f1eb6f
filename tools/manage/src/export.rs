//! `manage export`: everything that is needed to go elsewhere.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::PathBuf,
    pin::pin,
};

use futures_util::TryStreamExt;

use crate::{Ending, Result, import::Exported, place::Tables};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A new file, which nobody else can read; without it standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(tables: &Tables, arguments: Arguments) -> Result<Ending> {
    let mut output: BufWriter<Box<dyn Write + Send>> = BufWriter::new(match &arguments.output {
        Some(path) => Box::new(new_file(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Box::new(io::stdout()),
    });
    let (mut count, mut accounts) = (0_u64, pin!(tables.users.all()));
    while let Some(account) = accounts.try_next().await? {
        writeln!(output, "{}", serde_json::to_string(&Exported::new(&account)?)?)?;
        count += 1;
    }
    output.flush()?;
    eprintln!("{count} users, with their passwords' hashes: keep them as a secret");
    Ok(Ending::Done)
}

/// It holds hashes of passwords, and overwrites nothing.
fn new_file(path: &PathBuf) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
