//! The report of rejected users, with the reasons.

use std::{
    fmt::Display,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use shared::domain::Taken;
use stack::new_private_file;

use super::{
    Row,
    json::{self, JsonField},
    reason::Reason,
};
use crate::{Failure, Result};

/// The longest text that the report has of a field, in characters.
const MAX_FIELD: usize = 254;

/// A user who is not imported.
#[derive(Debug)]
pub(super) struct Rejected {
    line: Option<u64>,
    /// The id, the username and the email.
    fields: [Value; 3],
    reason: String,
}

impl Rejected {
    /// A user with this id, username and email, as the file has them.
    pub(super) fn new(line: Option<u64>, fields: [JsonField; 3], reasons: &[Reason]) -> Box<Self> {
        let fields = fields.map(|field| field.map(shorten).unwrap_or_default());
        let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        Box::new(Self { line, fields, reason: reasons.join(" ") })
    }

    /// A line that is not a user.
    pub(super) fn line(number: u64, reason: Reason) -> Box<Self> {
        Self::new(Some(number), [None, None, None], &[reason])
    }

    /// A user whose fields are valid.
    pub(super) fn row(row: &Row, reasons: &[Reason]) -> Box<Self> {
        let user = &row.account.user;
        let (username, email) = (user.username.as_str().into(), user.email.as_str().into());
        Self::new(row.line, [Some(user.id.get().into()), Some(username), Some(email)], reasons)
    }

    /// A user whose username or email another user has.
    pub(super) fn taken(row: &Row, taken: Taken) -> Box<Self> {
        let username = taken.username.then_some(Reason::UsernameTaken);
        let email = taken.email.then_some(Reason::EmailTaken);
        let reasons: Vec<_> = username.into_iter().chain(email).collect();
        Self::row(row, &reasons)
    }

    /// The line of the report.
    fn to_line(&self) -> String {
        let [id, username, email] = self.fields.clone();
        let reason = self.reason.as_str().into();
        let mut members = vec![("id", id), ("username", username), ("email", email), ("reason", reason)];
        if let Some(line) = self.line {
            members.insert(0, ("line", line.into()));
        }
        json::object_line(&members)
    }
}

/// A value that is short enough for a person to read.
fn shorten(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(MAX_FIELD).is_some() => {
            text.chars().take(MAX_FIELD).chain("…".chars()).collect::<String>().into()
        }
        Value::Array(_) | Value::Object(_) => Value::Null,
        value => value,
    }
}

/// The file with the rejected users. After an import that rejects nobody there is none, so that no report of an earlier import is
/// left.
#[derive(Debug)]
pub(super) struct Report {
    path: PathBuf,
    file: File,
    is_empty: bool,
}

impl Report {
    /// Begins a report, and replaces an earlier one.
    ///
    /// # Errors
    /// The path is something else, which stays, or no file can be written there.
    pub(super) fn begin(path: &Path) -> Result<Self> {
        remove_earlier(path)?;
        // A file that was created meanwhile, or a link, is not written to.
        let file = new_private_file(path).map_err(|error| unusable(path, error))?;
        Ok(Self { path: path.into(), file, is_empty: true })
    }

    pub(super) fn add(&mut self, rejected: &Rejected) -> Result<()> {
        self.is_empty = false;
        let line = rejected.to_line() + "\n";
        Ok(self.file.write_all(line.as_bytes()).map_err(|error| format!("{}: {error}", self.path.display()))?)
    }

    /// Its path, or none if nobody was rejected: then it is removed.
    pub(super) fn finish(self) -> Result<Option<PathBuf>> {
        let Self { path, file, is_empty } = self;
        drop(file);
        if is_empty {
            fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            return Ok(None);
        }
        Ok(Some(path))
    }
}

/// Why a path cannot be the report.
fn unusable(path: &Path, reason: impl Display) -> Failure {
    Failure::new(format!("{}: {reason}", path.display()), "pass --report to write the report elsewhere")
}

/// Makes sure that the report does not replace the input file.
///
/// # Errors
/// They are the same file.
pub(super) fn check_not_input(report: &Path, file: &Path) -> Result<()> {
    match (fs::canonicalize(report), fs::canonicalize(file)) {
        (Ok(one), Ok(other)) if one == other => Err(unusable(report, "is the input file").into()),
        // If one of them does not exist, they differ.
        _ => Ok(()),
    }
}

/// Deletes an earlier report, and nothing else.
fn remove_earlier(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unusable(path, error).into()),
        Ok(metadata) if !metadata.is_file() => Err(unusable(path, "is not a regular file").into()),
        Ok(_) if !is_report(path).map_err(|error| unusable(path, error))? => {
            Err(unusable(path, "exists and is not an import report").into())
        }
        Ok(_) => fs::remove_file(path).map_err(|error| unusable(path, error).into()),
    }
}

/// The members of every line of a report; `line` may come before them.
const MEMBERS: [&str; 4] = ["id", "username", "email", "reason"];

/// Longer than any line of a report.
const LINE_BYTES: u64 = 65_536;

/// Whether a file is empty, or its first line has exactly the members of a line of a report.
fn is_report(path: &Path) -> io::Result<bool> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?).take(LINE_BYTES).read_until(b'\n', &mut line)?;
    let mut members: Map<String, Value> = serde_json::from_slice(&line).unwrap_or_default();
    members.remove("line");
    let is_report_line = members.len() == MEMBERS.len() && MEMBERS.iter().all(|name| members.contains_key(*name));
    Ok(line.is_empty() || is_report_line)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tempfile::TempDir;

    use super::*;

    fn rejected() -> Box<Rejected> {
        Rejected::new(Some(4), [Some(5.into()), None, Some("a\u{1b}[2K".into())], &[Reason::Id, Reason::NoPassword])
    }

    #[test]
    fn a_line_has_the_user_and_the_reasons_without_control_characters() {
        let expected = "{\"line\":4,\"id\":5,\"username\":null,\"email\":\"a\\u001b[2K\",\
                        \"reason\":\"id: must be a whole number from 1 to 9007199254740991. password: none.\"}";
        assert_eq!(rejected().to_line(), expected);
    }

    #[test]
    fn a_report_replaces_an_earlier_one_and_is_removed_if_it_is_empty() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("report.jsonl");
        for _ in 0..2 {
            let mut report = Report::begin(&path).unwrap();
            report.add(&rejected()).unwrap();
            assert_eq!(report.finish().unwrap().as_deref(), Some(path.as_path()));
            assert_eq!(fs::read_to_string(&path).unwrap(), rejected().to_line() + "\n");
        }
        assert_eq!(Report::begin(&path).unwrap().finish().unwrap(), None);
        assert!(!path.exists());
    }

    #[rstest]
    #[case::a_dump("[{\"model\": \"auth.user\"}]")]
    #[case::an_export("{\"id\":1,\"username\":\"ada\",\"email\":\"ada@example.com\",\"password_hash\":\"x\"}\n")]
    #[case::users_with_a_reason(
        "{\"id\":1,\"username\":\"ada\",\"email\":\"ada@example.com\",\"password_hash\":\"x\",\"reason\":\"\"}\n"
    )]
    #[case::text("a list of things to do\n")]
    fn a_file_that_is_not_a_report_is_kept(#[case] text: &str) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("users.json");
        fs::write(&path, text).unwrap();
        let error = Report::begin(&path).unwrap_err().to_string();
        assert!(error.ends_with(": exists and is not an import report"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_report_never_replaces_the_input_file_under_any_name() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("users.jsonl");
        assert!(check_not_input(&file, &file).is_ok(), "neither exists");
        fs::write(&file, "").unwrap();
        let name = folder.path().file_name().unwrap();
        for report in [file.clone(), folder.path().join("..").join(name).join("users.jsonl")] {
            let error = check_not_input(&report, &file).unwrap_err().to_string();
            assert!(error.ends_with(": is the input file"), "{error}");
        }
        assert!(check_not_input(&folder.path().join("report.jsonl"), &file).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_a_report_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = TempDir::new().unwrap();
        let (path, elsewhere) = (folder.path().join("report.jsonl"), folder.path().join("elsewhere"));
        let mut report = Report::begin(&path).unwrap();
        report.add(&rejected()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        report.finish().unwrap();

        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        let error = Report::begin(&path).unwrap_err().to_string();
        assert!(error.ends_with(": is not a regular file"), "{error}");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), rejected().to_line() + "\n");
    }
}
