//! Prompts: confirmations and new passwords.

use std::io::{self, BufRead, IsTerminal};

use dialoguer::{Confirm, Password as PasswordPrompt};
use secrecy::SecretString;

use crate::{Failure, OutputOptions, Result, escape};

/// Continues only after a yes.
pub(crate) fn confirm(output: OutputOptions, question: &str) -> Result<()> {
    if output.yes {
        return Ok(());
    }
    // The question is printed on standard error.
    for (name, is_terminal) in [("stdin", io::stdin().is_terminal()), ("stderr", io::stderr().is_terminal())] {
        if !is_terminal {
            return Err(format!("refusing without confirmation: {name} is not a terminal (pass --yes)").into());
        }
    }
    // The question holds names and addresses that users chose.
    if Confirm::new().with_prompt(escape::text(question)).default(false).interact()? {
        Ok(())
    } else {
        Err("cancelled, nothing was changed".into())
    }
}

/// Continues only after a yes, and says that there is no way back.
pub(crate) fn confirm_irreversible(output: OutputOptions, question: &str) -> Result<()> {
    confirm(output, &format!("{question} This cannot be undone."))
}

/// A new password: prompted for twice and not shown, or a line of standard input if that is not a terminal. Blanks around it are
/// part of it.
pub(crate) fn new_password() -> Result<SecretString> {
    if io::stdin().is_terminal() {
        if !io::stderr().is_terminal() {
            let message = "cannot prompt for the password: stderr is not a terminal";
            return Err(Failure::new(message, "pass the password on stdin").into());
        }
        let prompt = PasswordPrompt::new().with_prompt("New password").allow_empty_password(true);
        return Ok(prompt.with_confirmation("Repeat password", "Passwords do not match").interact()?.into());
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            Failure::new("the password on stdin is not valid UTF-8", "encode it in UTF-8, or type it at a terminal")
        }
        _ => format!("cannot read the password from stdin: {error}").into(),
    })?;
    let password = line.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).unwrap_or(&line);
    Ok(password.into())
}
