//! What is asked of whoever calls.

use std::io::{self, BufRead, IsTerminal};

use dialoguer::{Confirm, Password as PasswordPrompt};
use secrecy::SecretString;

use crate::{Manner, Result, shown::escaped};

/// Goes on only if that is meant.
pub(crate) fn confirm(manner: Manner, question: &str) -> Result<()> {
    ask(manner, question, "nobody is there to be asked: say --yes")
}

/// Goes on only if that is meant, though there is no way back.
pub(crate) fn confirm_for_good(manner: Manner, question: &str) -> Result<()> {
    let question = format!("{question} That cannot be undone.");
    ask(manner, &question, "this cannot be undone, and nobody is there to be asked: say --yes")
}

fn ask(manner: Manner, question: &str, nobody: &'static str) -> Result<()> {
    if manner.yes {
        return Ok(());
    }
    // What is asked stands on standard error.
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(nobody.into());
    }
    // Whoever is asked about must not have written the question.
    if Confirm::new().with_prompt(escaped(question)).default(false).interact()? {
        Ok(())
    } else {
        Err("nothing was done".into())
    }
}

/// A new password: asked for twice without showing it, or a line of standard input where that is no terminal. Blanks around it
/// are part of it.
pub(crate) fn new_password() -> Result<SecretString> {
    if io::stdin().is_terminal() {
        if !io::stderr().is_terminal() {
            return Err("nobody is there to be asked for the password: give it on standard input".into());
        }
        let prompt = PasswordPrompt::new().with_prompt("New password").allow_empty_password(true);
        let again = prompt.with_confirmation("The same again", "These are two different ones.");
        return Ok(again.interact()?.into());
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            String::from("the password on standard input is not UTF-8: give it in UTF-8, or type it in at a terminal")
        }
        _ => format!("the password on standard input: {error}"),
    })?;
    let password = line.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).unwrap_or(&line);
    Ok(password.into())
}
