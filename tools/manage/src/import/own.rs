//! What `manage export` writes: a JSON object a line for each user.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};
use shared::{clock::UnixSeconds, store::Account};

use super::{
    Candidate, Take, finite,
    json::{self, Object, Stated, stated},
    lines,
    opening::{self, Shape},
    pieces::Input,
    reason::Reason,
    record::Record,
    report::Refused,
};
use crate::Result;

/// What stands in a line.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default, deserialize_with = "stated")]
    id: Stated,
    #[serde(default, deserialize_with = "stated")]
    username: Stated,
    #[serde(default, deserialize_with = "stated")]
    email: Stated,
    #[serde(default, deserialize_with = "stated")]
    password_hash: Stated,
    #[serde(default, deserialize_with = "stated")]
    disabled: Stated,
    #[serde(default, deserialize_with = "stated")]
    created_at: Stated,
}

/// A user with everything that is needed to log in, in a line.
///
/// # Errors
/// [`shared::Error::Internal`] when the account has no hash.
pub(crate) fn exported(account: &Account) -> Result<String> {
    Ok(json::line(&[
        ("id", json!(account.user.id)),
        ("username", json!(account.user.username)),
        ("email", json!(account.user.email)),
        ("password_hash", account.password_hash()?.expose().into()),
        ("disabled", account.disabled.into()),
        ("created_at", json!(account.created_at)),
    ]))
}

/// What is expected, and where it comes from.
const EXPECTED: &str = "export: `manage export` writes one, and `manage import --help` tells what is in it";

/// Reads an export, and hands on the users.
///
/// # Errors
/// Why it is none, or cannot be read on. What came before was handed on.
pub(super) fn read(input: Input, take: Take<'_>) -> std::result::Result<Option<String>, String> {
    let opening = opening::find(input).map_err(|odd| odd.told(EXPECTED))?;
    if opening.shape == Shape::List {
        return Err("is a list, and no export: `manage import-django` takes what Django dumps".into());
    }
    let mut is_dump = false;
    let read = lines::each(finite::only(opening.whole()), |number, line| {
        is_dump = line.as_ref().is_ok_and(|line| is_of_django(line));
        !is_dump && take(candidate(number, line))
    });
    match read {
        Err(error) => Err(format!("cannot be read on: {error}")),
        Ok(()) if is_dump => Err("is a dump of Django, and no export: `manage import-django` takes it".into()),
        Ok(()) => Ok(None),
    }
}

fn candidate(number: u64, line: std::result::Result<&[u8], Reason>) -> Candidate {
    let read = |line| serde_json::from_slice::<Object<Line>>(line).map_err(|error| Reason::of_line(&error));
    match line.and_then(read) {
        Ok(Object(line)) => line.record(number).candidate(),
        Err(reason) => Err(Refused::line(number, reason)),
    }
}

/// Whether a line is one of `dumpdata --format jsonl`.
fn is_of_django(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(rename = "model")]
        _model: IgnoredAny,
        #[serde(rename = "fields")]
        _fields: IgnoredAny,
    }
    // To look for the word first is quicker, and enough for lines of an export.
    line.windows(b"\"model\"".len()).any(|word| word == b"\"model\"")
        && serde_json::from_slice::<Object<Entry>>(line).is_ok()
}

impl Line {
    fn record(self, number: u64) -> Record {
        let Self { id, username, email, password_hash, disabled, created_at } = self;
        let (disabled, created_at) = (is_disabled(disabled.as_ref()), since(created_at.as_ref()));
        Record { line: Some(number), id, username, email, password_hash, disabled, created_at }
    }
}

/// Null is neither: whoever wrote it did not know.
fn is_disabled(value: Option<&Value>) -> std::result::Result<bool, Reason> {
    match value {
        None => Ok(false),
        Some(Value::Bool(disabled)) => Ok(*disabled),
        Some(_) => Err(Reason::DisabledUnclear),
    }
}

/// The last second of the year 9999; behind it there are milliseconds rather than times.
const LAST: UnixSeconds = 253_402_300_799;

fn since(value: Option<&Value>) -> std::result::Result<Option<UnixSeconds>, Reason> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_u64().filter(|seconds| *seconds <= LAST);
            seconds.map(Some).ok_or(Reason::CreatedUnclear)
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::left_out(None, Ok(false))]
    #[case::false_(Some(json!(false)), Ok(false))]
    #[case::true_(Some(json!(true)), Ok(true))]
    #[case::null(Some(json!(null)), Err(Reason::DisabledUnclear))]
    #[case::zero(Some(json!(0)), Err(Reason::DisabledUnclear))]
    #[case::one(Some(json!(1)), Err(Reason::DisabledUnclear))]
    #[case::a_text(Some(json!("false")), Err(Reason::DisabledUnclear))]
    #[case::a_list(Some(json!([])), Err(Reason::DisabledUnclear))]
    fn only_a_truth_tells_who_is_disabled(#[case] value: Stated, #[case] expected: std::result::Result<bool, Reason>) {
        assert_eq!(is_disabled(value.as_ref()), expected);
    }

    #[rstest]
    #[case::left_out(None, Ok(None))]
    #[case::null(Some(json!(null)), Ok(None))]
    #[case::seconds(Some(json!(1_709_208_000)), Ok(Some(1_709_208_000)))]
    #[case::milliseconds(Some(json!(1_709_208_000_000_u64)), Err(Reason::CreatedUnclear))]
    #[case::a_fraction(Some(json!(1.5)), Err(Reason::CreatedUnclear))]
    #[case::before_1970(Some(json!(-1)), Err(Reason::CreatedUnclear))]
    #[case::a_text(Some(json!("2024-02-29")), Err(Reason::CreatedUnclear))]
    fn a_time_is_a_number_of_seconds(
        #[case] value: Stated,
        #[case] expected: std::result::Result<Option<UnixSeconds>, Reason>,
    ) {
        assert_eq!(since(value.as_ref()), expected);
    }

    #[rstest]
    #[case::of_django("{\"model\": \"auth.user\", \"pk\": 1, \"fields\": {}}", true)]
    #[case::of_an_export("{\"id\": 1, \"email\": \"ada@example.com\"}", false)]
    #[case::of_an_export_with_a_model("{\"id\": 1, \"model\": 5}", false)]
    fn lines_of_django_are_known(#[case] line: &str, #[case] expected: bool) {
        assert_eq!(is_of_django(line.as_bytes()), expected);
    }
}
