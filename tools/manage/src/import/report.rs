//! Who cannot come, and why.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use shared::domain::Taken;

use super::{
    Row,
    json::{self, Stated},
    reason::Reason,
};
use crate::{Result, export::new_file};

/// The longest text that is shown of a field.
const SHOWN_CHARACTERS: usize = 254;

/// Somebody who cannot come.
#[derive(Debug)]
pub(super) struct Refused {
    line: Option<u64>,
    /// The id, the username and the email.
    fields: [Value; 3],
    reason: String,
}

impl Refused {
    /// Somebody with this id, username and email, as they stand in the file.
    pub(super) fn new(line: Option<u64>, fields: [Stated; 3], reasons: &[Reason]) -> Box<Self> {
        let fields = fields.map(|field| field.map(shown).unwrap_or_default());
        let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        Box::new(Self { line, fields, reason: reasons.join(" ") })
    }

    /// A line of which no user can be read.
    pub(super) fn line(number: u64, reason: Reason) -> Box<Self> {
        Self::new(Some(number), [None, None, None], &[reason])
    }

    /// A user who could come by their own fields.
    pub(super) fn row(row: &Row, reasons: &[Reason]) -> Box<Self> {
        let user = &row.account.user;
        let (username, email) = (user.username.as_str().into(), user.email.as_str().into());
        Self::new(row.line, [Some(user.id.get().into()), Some(username), Some(email)], reasons)
    }

    /// A user whose name or address is another one's.
    pub(super) fn taken(row: &Row, taken: Taken) -> Box<Self> {
        let username = taken.username.then_some(Reason::UsernameTaken);
        let email = taken.email.then_some(Reason::EmailTaken);
        let reasons: Vec<_> = username.into_iter().chain(email).collect();
        Self::row(row, &reasons)
    }

    /// The line of the report.
    fn shown(&self) -> String {
        let [id, username, email] = self.fields.clone();
        let reason = self.reason.as_str().into();
        let mut members = vec![("id", id), ("username", username), ("email", email), ("reason", reason)];
        if let Some(line) = self.line {
            members.insert(0, ("line", line.into()));
        }
        json::line(&members)
    }
}

/// A value that a person can look at.
fn shown(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(SHOWN_CHARACTERS).is_some() => {
            text.chars().take(SHOWN_CHARACTERS).chain("…".chars()).collect::<String>().into()
        }
        Value::Array(_) | Value::Object(_) => Value::Null,
        value => value,
    }
}

/// The file with those who cannot come. There is one after each import of which there are any, and none after another, so
/// that none is left that tells of an import before.
#[derive(Debug)]
pub(super) struct Report {
    path: PathBuf,
    file: File,
    is_empty: bool,
}

impl Report {
    /// Begins a report, in the place of one of before.
    ///
    /// # Errors
    /// There is something else, which stays, or no file can be written there.
    pub(super) fn begin(path: &Path) -> Result<Self> {
        make_room(path)?;
        // One that somebody put there just now, or a link to elsewhere, is not written to.
        let file = new_file(path).map_err(|error| format!("{}: {error}; {ANOTHER}", path.display()))?;
        Ok(Self { path: path.into(), file, is_empty: true })
    }

    pub(super) fn add(&mut self, refused: &Refused) -> Result<()> {
        self.is_empty = false;
        let line = refused.shown() + "\n";
        Ok(self.file.write_all(line.as_bytes()).map_err(|error| format!("{}: {error}", self.path.display()))?)
    }

    /// Where it is, if anybody is in it; or it goes away.
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

const ANOTHER: &str = "say --report for another";

/// Refuses a report in the place of the file that is to be read.
///
/// # Errors
/// They are the same file.
pub(super) fn keep_apart(report: &Path, file: &Path) -> Result<()> {
    match (fs::canonicalize(report), fs::canonicalize(file)) {
        (Ok(one), Ok(other)) if one == other => {
            Err(format!("{}: is the file that is to be imported; {ANOTHER}", report.display()).into())
        }
        // Where one of them is not there, they are two.
        _ => Ok(()),
    }
}

/// Deletes a report of before, and nothing else.
fn make_room(path: &Path) -> Result<()> {
    let told = |what: &dyn std::fmt::Display| format!("{}: {what}; {ANOTHER}", path.display());
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(told(&error).into()),
        Ok(metadata) if !metadata.is_file() => Err(told(&"is no ordinary file").into()),
        Ok(_) if !is_report(path).map_err(|error| told(&error))? => {
            Err(told(&"is there already, and is no report of an import").into())
        }
        Ok(_) => fs::remove_file(path).map_err(|error| told(&error).into()),
    }
}

/// What stands in every line of a report; `line` may stand before it.
const MEMBERS: [&str; 4] = ["id", "username", "email", "reason"];

/// Longer than any line of a report.
const LINE_BYTES: u64 = 65_536;

/// Whether a file is empty, or its first line has what a line of a report has, and nothing more.
fn is_report(path: &Path) -> io::Result<bool> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?).take(LINE_BYTES).read_until(b'\n', &mut line)?;
    let mut members: Map<String, Value> = serde_json::from_slice(&line).unwrap_or_default();
    members.remove("line");
    let is_refused = members.len() == MEMBERS.len() && MEMBERS.iter().all(|name| members.contains_key(*name));
    Ok(line.is_empty() || is_refused)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tempfile::TempDir;

    use super::*;

    fn refused() -> Box<Refused> {
        Refused::new(Some(4), [Some(5.into()), None, Some("a\u{1b}[2K".into())], &[Reason::Id, Reason::NoPassword])
    }

    #[test]
    fn a_line_tells_who_and_why_and_a_terminal_nothing() {
        let expected = "{\"line\":4,\"id\":5,\"username\":null,\"email\":\"a\\u001b[2K\",\
                        \"reason\":\"id: must be a whole number from 1 to 9007199254740991. password: none.\"}";
        assert_eq!(refused().shown(), expected);
    }

    #[test]
    fn a_report_takes_the_place_of_one_of_before_and_goes_where_nobody_is_in_it() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("report.jsonl");
        for _ in 0..2 {
            let mut report = Report::begin(&path).unwrap();
            report.add(&refused()).unwrap();
            assert_eq!(report.finish().unwrap().as_deref(), Some(path.as_path()));
            assert_eq!(fs::read_to_string(&path).unwrap(), refused().shown() + "\n");
        }
        assert_eq!(Report::begin(&path).unwrap().finish().unwrap(), None);
        assert!(!path.exists());
    }

    #[rstest]
    #[case::a_dump("[{\"model\": \"auth.user\"}]")]
    #[case::an_export("{\"id\":1,\"username\":\"ada\",\"email\":\"ada@example.com\",\"password_hash\":\"x\"}\n")]
    #[case::users_of_whom_one_has_a_reason(
        "{\"id\":1,\"username\":\"ada\",\"email\":\"ada@example.com\",\"password_hash\":\"x\",\"reason\":\"\"}\n"
    )]
    #[case::text("a list of things to do\n")]
    fn a_file_that_is_no_report_stays(#[case] text: &str) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("users.json");
        fs::write(&path, text).unwrap();
        let error = Report::begin(&path).unwrap_err().to_string();
        assert!(error.ends_with("is no report of an import; say --report for another"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_report_is_not_the_file_that_is_read_by_whatever_name() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("users.jsonl");
        assert!(keep_apart(&file, &file).is_ok(), "none is there");
        fs::write(&file, "").unwrap();
        let name = folder.path().file_name().unwrap();
        for report in [file.clone(), folder.path().join("..").join(name).join("users.jsonl")] {
            let error = keep_apart(&report, &file).unwrap_err().to_string();
            assert!(error.ends_with(": is the file that is to be imported; say --report for another"), "{error}");
        }
        assert!(keep_apart(&folder.path().join("report.jsonl"), &file).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_report_is_for_its_owner_alone_and_follows_no_link() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = TempDir::new().unwrap();
        let (path, elsewhere) = (folder.path().join("report.jsonl"), folder.path().join("elsewhere"));
        let mut report = Report::begin(&path).unwrap();
        report.add(&refused()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        report.finish().unwrap();

        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        let error = Report::begin(&path).unwrap_err().to_string();
        assert!(error.ends_with("is no ordinary file; say --report for another"), "{error}");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), refused().shown() + "\n");
    }
}
