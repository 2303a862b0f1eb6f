//! What is printed, and how. Every line goes through here, so that none is printed unescaped and none is lost unnoticed.

use std::{
    fmt,
    io::{self, Write},
};

use serde_json::Value;

use crate::{Result, escape};

/// How to print, and whether to ask.
#[derive(Debug, Clone, Copy, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct OutputOptions {
    /// Print JSON, one document per line
    #[arg(long, global = true)]
    json: bool,

    /// Skip confirmation prompts
    #[arg(long, global = true)]
    pub(crate) yes: bool,
}

impl OutputOptions {
    /// Prints what was found: the text for people, or the document for programs.
    ///
    /// # Errors
    /// An [`io::Error`] of standard output, of the kind `BrokenPipe` where its reader has ended.
    pub(crate) fn print(self, text: impl fmt::Display, document: &Value) -> Result<()> {
        Ok(print_stdout(&self.line(text, document))?)
    }

    /// Prints what was changed, on standard error if standard output fails: the change is made, whoever reads.
    ///
    /// # Errors
    /// As [`print`](Self::print).
    pub(crate) fn print_done(self, text: impl fmt::Display, document: &Value) -> Result<()> {
        let line = self.line(text, document);
        Ok(print_stdout(&line).inspect_err(|_| print_stderr(&line))?)
    }

    fn line(self, text: impl fmt::Display, document: &Value) -> String {
        if self.json { escape::json(document) } else { escape::text(&text.to_string()) }
    }
}

fn print_stdout(line: &str) -> io::Result<()> {
    let printed = writeln!(io::stdout(), "{line}");
    printed.map_err(|error| io::Error::new(error.kind(), format!("standard output: {error}")))
}

/// Prints a line on standard error. If that fails, nothing else is left to print it on.
pub(crate) fn print_stderr(line: impl fmt::Display) {
    let line = escape::text(&line.to_string()) + "\n";
    let _ = io::stderr().write_all(line.as_bytes());
}
