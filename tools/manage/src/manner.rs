//! How to talk to whoever calls. Every line that is printed goes through here: none is printed raw, and none is taken for
//! printed that was not.

use std::{
    fmt,
    io::{self, Write},
};

use serde_json::Value;

use crate::{Result, shown};

/// How to talk to whoever calls.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Manner {
    /// Answer with JSON, one document for each thing that is listed
    #[arg(long, global = true)]
    json: bool,

    /// Ask nothing first
    #[arg(long, global = true)]
    pub(crate) yes: bool,
}

impl Manner {
    /// Prints what was found: the text for people, or the document for machines.
    ///
    /// # Errors
    /// An [`io::Error`] as standard output has it, of the kind `BrokenPipe` where nobody reads on.
    pub(crate) fn tell(self, text: impl fmt::Display, document: &Value) -> Result<()> {
        Ok(print(&self.line(text, document))?)
    }

    /// Prints what was done, on standard error where standard output does not take it: it is done, whoever reads.
    ///
    /// # Errors
    /// As [`tell`](Self::tell).
    pub(crate) fn done(self, text: impl fmt::Display, document: &Value) -> Result<()> {
        let line = self.line(text, document);
        Ok(print(&line).inspect_err(|_| remark(&line))?)
    }

    fn line(self, text: impl fmt::Display, document: &Value) -> String {
        if self.json { shown::json(document) } else { shown::escaped(&text.to_string()) }
    }
}

fn print(line: &str) -> io::Result<()> {
    let printed = writeln!(io::stdout(), "{line}");
    printed.map_err(|error| io::Error::new(error.kind(), format!("standard output: {error}")))
}

/// Prints a line on standard error. Where that fails, there is nowhere left to tell it.
pub(crate) fn remark(line: impl fmt::Display) {
    let line = shown::escaped(&line.to_string()) + "\n";
    let _ = io::stderr().write_all(line.as_bytes());
}
