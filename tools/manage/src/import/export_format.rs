//! The format of `manage export`: a JSON object per line and user.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};
use shared::{clock::UnixSeconds, store::Account};

use super::{
    Candidate, ReadResult, Sink,
    chunks::Input,
    detect::{Shape, detect},
    json::{JsonField, Object, json_field, object_line},
    lines, non_finite,
    reason::Reason,
    record::Record,
    report::Rejected,
};
use crate::Failure;

/// A line of an export.
#[derive(Debug, Deserialize)]
struct Line {
    #[serde(default, deserialize_with = "json_field")]
    id: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    username: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    email: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    password_hash: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    disabled: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    created_at: JsonField,
}

/// The line of a user, with everything that is needed to log in.
pub(crate) fn export_line(account: &Account) -> String {
    object_line(&[
        ("id", json!(account.user.id)),
        ("username", json!(account.user.username)),
        ("email", json!(account.user.email)),
        ("password_hash", account.password_hash().expose().into()),
        ("disabled", account.disabled.into()),
        ("created_at", json!(account.created_at)),
    ])
}

const EXPECTED: &str = "an export";
const HINT: &str = "`manage export` writes one; `manage import --help` describes its fields";

/// Where to go with a Django dump.
const DUMP_HINT: &str = "use `manage import-django`";

/// Reads an export, and passes on the users.
///
/// # Errors
/// It is not an export, or cannot be read to its end. The users before the error were passed on.
pub(super) fn read(input: Input, sink: Sink<'_>) -> ReadResult {
    let detected = detect(input).map_err(|unrecognized| unrecognized.failure(EXPECTED, HINT))?;
    if detected.shape == Shape::List {
        return Err(Failure::new("a list, not an export", DUMP_HINT));
    }
    let mut is_dump = false;
    let read = lines::each(non_finite::replace(detected.all()), |number, line| {
        is_dump = line.as_ref().is_ok_and(|line| is_of_django(line));
        !is_dump && sink(candidate(number, line))
    });
    match read {
        Err(error) => Err(format!("cannot be read to its end: {error}").into()),
        Ok(()) if is_dump => Err(Failure::new("a Django dump, not an export", DUMP_HINT)),
        Ok(()) => Ok(None),
    }
}

fn candidate(number: u64, line: std::result::Result<&[u8], Reason>) -> Candidate {
    let read = |line| serde_json::from_slice::<Object<Line>>(line).map_err(|error| Reason::of_line(&error));
    match line.and_then(read) {
        Ok(Object(line)) => line.record(number).into_candidate(),
        Err(reason) => Err(Rejected::line(number, reason)),
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
    // Searching for the key first is faster, and enough for lines of an export.
    line.windows(b"\"model\"".len()).any(|word| word == b"\"model\"")
        && serde_json::from_slice::<Object<Entry>>(line).is_ok()
}

impl Line {
    fn record(self, number: u64) -> Record {
        let Self { id, username, email, password_hash, disabled, created_at } = self;
        let (disabled, created_at) = (read_disabled(disabled.as_ref()), read_created_at(created_at.as_ref()));
        Record { line: Some(number), id, username, email, password_hash, disabled, created_at }
    }
}

/// Missing means false. Null is rejected: it may mean either.
fn read_disabled(value: Option<&Value>) -> std::result::Result<bool, Reason> {
    match value {
        None => Ok(false),
        Some(Value::Bool(disabled)) => Ok(*disabled),
        Some(_) => Err(Reason::DisabledUnclear),
    }
}

/// The last second of the year 9999. Larger numbers are probably milliseconds.
const MAX_TIME: UnixSeconds = 253_402_300_799;

fn read_created_at(value: Option<&Value>) -> std::result::Result<Option<UnixSeconds>, Reason> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_u64().filter(|seconds| *seconds <= MAX_TIME);
            seconds.map(Some).ok_or(Reason::CreatedUnclear)
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::missing(None, Ok(false))]
    #[case::false_(Some(json!(false)), Ok(false))]
    #[case::true_(Some(json!(true)), Ok(true))]
    #[case::null(Some(json!(null)), Err(Reason::DisabledUnclear))]
    #[case::zero(Some(json!(0)), Err(Reason::DisabledUnclear))]
    #[case::one(Some(json!(1)), Err(Reason::DisabledUnclear))]
    #[case::a_text(Some(json!("false")), Err(Reason::DisabledUnclear))]
    #[case::a_list(Some(json!([])), Err(Reason::DisabledUnclear))]
    fn only_a_boolean_says_whether_a_user_is_disabled(
        #[case] value: JsonField,
        #[case] expected: std::result::Result<bool, Reason>,
    ) {
        assert_eq!(read_disabled(value.as_ref()), expected);
    }

    #[rstest]
    #[case::missing(None, Ok(None))]
    #[case::null(Some(json!(null)), Ok(None))]
    #[case::seconds(Some(json!(1_709_208_000)), Ok(Some(1_709_208_000)))]
    #[case::milliseconds(Some(json!(1_709_208_000_000_u64)), Err(Reason::CreatedUnclear))]
    #[case::a_fraction(Some(json!(1.5)), Err(Reason::CreatedUnclear))]
    #[case::before_1970(Some(json!(-1)), Err(Reason::CreatedUnclear))]
    #[case::a_text(Some(json!("2024-02-29")), Err(Reason::CreatedUnclear))]
    fn a_time_is_a_number_of_seconds(
        #[case] value: JsonField,
        #[case] expected: std::result::Result<Option<UnixSeconds>, Reason>,
    ) {
        assert_eq!(read_created_at(value.as_ref()), expected);
    }

    #[rstest]
    #[case::of_django("{\"model\": \"auth.user\", \"pk\": 1, \"fields\": {}}", true)]
    #[case::of_an_export("{\"id\": 1, \"email\": \"ada@example.com\"}", false)]
    #[case::of_an_export_with_a_model("{\"id\": 1, \"model\": 5}", false)]
    fn lines_of_django_are_recognized(#[case] line: &str, #[case] expected: bool) {
        assert_eq!(is_of_django(line.as_bytes()), expected);
    }
}
