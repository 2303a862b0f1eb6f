//! Who can not come, and why.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::Value;
use shared::domain::{Taken, User};

use crate::Result;

/// The longest text that is shown of a field.
const SHOWN_CHARACTERS: usize = 254;

/// Somebody who can not come.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    id: Value,
    username: Value,
    email: Value,
    reason: String,
}

impl Refused {
    /// Somebody with these fields, as they stand in the file.
    pub(super) fn new(id: &Value, username: &Value, email: &Value, reasons: &[String]) -> Self {
        let [id, username, email] = [id, username, email].map(shown);
        Self { id, username, email, reason: reasons.join(" ") }
    }

    /// A user whose name or address is another one's.
    pub(super) fn taken(user: &User, taken: Taken) -> Self {
        let username = taken.username.then(|| "username: another user has it.".to_owned());
        let email = taken.email.then(|| "email: another user has it, perhaps in other case.".to_owned());
        let reasons: Vec<_> = username.into_iter().chain(email).collect();
        let text = |text: &str| Value::from(text);
        Self::new(&user.id.get().into(), &text(user.username.as_str()), &text(user.email.as_str()), &reasons)
    }
}

/// A value that a person can look at.
fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(SHOWN_CHARACTERS).is_some() => {
            text.chars().take(SHOWN_CHARACTERS).chain("…".chars()).collect::<String>().into()
        }
        Value::Array(_) | Value::Object(_) => Value::Null,
        value => value.clone(),
    }
}

/// The file with those who can not come; there is none where there is nobody.
#[derive(Debug)]
pub(super) struct Report {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Report {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.into(), file: None }
    }

    pub(super) fn add(&mut self, refused: &Refused) -> Result<()> {
        let line = serde_json::to_string(refused)? + "\n";
        let failed = |error| format!("{}: {error}", self.path.display());
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(File::create(&self.path).map_err(failed)?)),
        };
        Ok(file.write_all(line.as_bytes()).map_err(failed)?)
    }

    /// Where it is, if anybody is in it.
    pub(super) fn finish(self) -> Result<Option<PathBuf>> {
        let Some(mut file) = self.file else { return Ok(None) };
        file.flush()?;
        Ok(Some(self.path))
    }
}
