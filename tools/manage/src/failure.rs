//! What a command prints when it fails.

use std::{error::Error, fmt};

use shared::domain::Refusal;

use crate::output::print_stderr;

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// Printed on a line of its own.
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }

    /// An error, with what to do about it where that is known.
    pub(crate) fn from_error(reason: &(dyn Error + 'static)) -> Self {
        if let Some(failure) = reason.downcast_ref::<Self>() {
            return Self { message: failure.message.clone(), hint: failure.hint.clone() };
        }
        match reason.downcast_ref::<Refusal>() {
            Some(Refusal::Conflict) => Self::new(reason.to_string(), "run the command again"),
            _ => reason.to_string().into(),
        }
    }

    /// The same, with what it is about before the message.
    #[must_use]
    pub(crate) fn of(self, what: impl fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// The same with this hint.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Prints the message and the hint on standard error, a line each.
    pub(crate) fn print(&self) {
        print_stderr(format!("error: {}", self.message.replace('\n', " ")));
        if let Some(hint) = &self.hint {
            print_stderr(format!("hint: {hint}"));
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self { message, hint: None }
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}
