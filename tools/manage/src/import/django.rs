//! Django dumps: the output of `manage.py dumpdata`, objects of any models as a list or as JSON Lines
//! (<https://docs.djangoproject.com/en/5.2/topics/serialization/#serialization-formats-json>), read one by one.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::Value;
use shared::clock::UnixSeconds;

use super::{
    Candidate, ReadResult, Sink,
    chunks::Input,
    detect::{Line, Shape, detect},
    json::{JsonField, Object, json_field},
    lines, non_finite,
    reason::Reason,
    record::Record,
    report::Rejected,
    trailing,
};
use crate::{Failure, time};

/// An object of any model.
#[derive(Debug, Deserialize)]
struct Entry {
    model: String,
    #[serde(default, deserialize_with = "json_field")]
    pk: JsonField,
    fields: Object<Fields>,
}

/// The fields of a user, and of other models those with the same names.
#[derive(Debug, Deserialize)]
struct Fields {
    #[serde(default, deserialize_with = "json_field")]
    username: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    email: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    password: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    is_active: JsonField,
    #[serde(default, deserialize_with = "json_field")]
    date_joined: JsonField,
}

const EXPECTED: &str = "a Django dump in JSON";
const HINT: &str = "`python manage.py dumpdata auth.user` prints one";

/// Reads a dump, and passes on the users of a model. Returns what it skipped.
///
/// # Errors
/// It is not a dump, or not a complete one. The users before the error were passed on.
pub(super) fn read(input: Input, model: &str, sink: Sink<'_>) -> ReadResult {
    let detected = detect(input).map_err(|unrecognized| unrecognized.failure(EXPECTED, HINT))?;
    let mut dump = Dump { model, sink, users: 0, others: BTreeSet::new(), stopped: false };
    let (shape, lines_before) = (detected.shape, detected.lines_before());
    let input = non_finite::replace(detected.users());
    let has_text_after = match shape {
        Shape::List => dump.read_list(input)?,
        Shape::Lines => dump.read_lines(input)?,
    };
    dump.end()?;
    let before = match lines_before {
        0 => None,
        1 => Some(String::from("1 line of text before the users")),
        lines => Some(format!("{lines} lines of text before the users")),
    };
    Ok(match (before, has_text_after) {
        (None, false) => None,
        (None, true) => Some("text after the users".into()),
        (Some(before), false) => Some(before),
        (Some(before), true) => Some(format!("{before}, and text after them")),
    })
}

struct Dump<'a, 't> {
    model: &'a str,
    sink: Sink<'t>,
    users: u64,
    others: BTreeSet<String>,
    stopped: bool,
}

/// How many models an error lists if the requested one is not in the dump, and how many characters of each.
const MAX_MODELS: usize = 20;
const MAX_MODEL: usize = 100;

/// How many lines of text may come after lines of objects.
const MAX_LINES: usize = 1_000;

impl Dump<'_, '_> {
    /// Reads a list, and returns whether there is text after it.
    fn read_list(&mut self, mut input: Input) -> Result<bool, Failure> {
        let mut json = serde_json::Deserializer::from_reader(&mut input);
        let result = (&mut json).deserialize_seq(&mut *self);
        drop(json);
        match result {
            _ if self.stopped => Ok(false),
            Err(error) if error.is_io() => Err(format!("cannot be read to its end: {error}").into()),
            Err(error) if error.is_eof() => Err(format!("ends too early: {error}").into()),
            Err(error) => Err(format!("not a Django dump: {}", without_values(&error)).into()),
            Ok(()) => trailing::after_list(input),
        }
    }

    /// Reads lines with an object each, and returns whether there is text after them.
    fn read_lines(&mut self, input: Input) -> Result<bool, Failure> {
        let mut wrong_file = None;
        // Lines of text so far. If an object follows, each of them may be the rest of a broken object.
        let mut text: Vec<(u64, Reason)> = Vec::new();
        let read = lines::each(input, |number, line| {
            let mut may_be_text = false;
            let entry = line.and_then(|line| match serde_json::from_slice::<Object<Entry>>(line) {
                Ok(Object(entry)) => Ok(entry),
                Err(error) => {
                    wrong_file = check_wrong_file(line);
                    may_be_text = trailing::is_text(line);
                    Err(Reason::of_line(&error))
                }
            });
            if wrong_file.is_some() {
                return false;
            }
            match entry {
                Err(reason) if may_be_text && text.len() < MAX_LINES => {
                    text.push((number, reason));
                    true
                }
                entry => self.reject_lines(&mut text) && self.take_line(number, entry),
            }
        });
        read.map_err(|error| format!("cannot be read to its end: {error}"))?;
        wrong_file.map_or(Ok(!text.is_empty()), Err)
    }

    /// Rejects lines that are not users; false if no more are wanted.
    fn reject_lines(&mut self, lines: &mut Vec<(u64, Reason)>) -> bool {
        lines.drain(..).all(|(number, reason)| self.take_line(number, Err(reason)))
    }

    /// Passes on what a line holds; false if no more are wanted.
    fn take_line(&mut self, number: u64, entry: Result<Entry, Reason>) -> bool {
        match entry {
            Ok(entry) => self.take_entry(entry, Some(number)),
            Err(reason) => self.pass_on(Err(Rejected::line(number, reason))),
        }
    }

    /// Passes on a user; false if no more are wanted.
    fn take_entry(&mut self, entry: Entry, line: Option<u64>) -> bool {
        let Entry { model, pk, fields } = entry;
        // Django ignores the case of models.
        if model.eq_ignore_ascii_case(self.model) {
            return self.pass_on(fields.0.record(pk, line).into_candidate());
        }
        if self.others.len() < MAX_MODELS {
            self.others.insert(model.chars().take(MAX_MODEL).collect());
        }
        true
    }

    fn pass_on(&mut self, candidate: Candidate) -> bool {
        self.users += 1;
        self.stopped = !(self.sink)(candidate);
        !self.stopped
    }

    /// Fails if there were objects, but none of the model.
    fn end(self) -> Result<(), Failure> {
        if self.users > 0 || self.others.is_empty() {
            return Ok(());
        }
        let others: Vec<_> = self.others.into_iter().collect();
        let hint = format!("choose one of its models with --model: {}", others.join(", "));
        Err(Failure::new(format!("no {} in the file", self.model), hint))
    }
}

impl<'de> Visitor<'de> for &mut Dump<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list that dumpdata prints")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(Object(entry)) = entries.next_element()? {
            if !self.take_entry(entry, None) {
                return Err(de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// An error of the parser without the string that it quotes, which may be a hash.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match (text.split_once("string \""), text.rsplit_once("\", ")) {
        (Some((before, _)), Some((_, after))) => format!("{before}string, {after}"),
        _ => text,
    }
}

/// Fails for a line that is not an entry of a dump, if it shows that the whole file is something else.
fn check_wrong_file(line: &[u8]) -> Option<Failure> {
    #[derive(Deserialize)]
    struct Exported {
        #[serde(rename = "password_hash")]
        _password_hash: IgnoredAny,
    }
    if Line::of(line, true) == Line::Users(Shape::List) {
        return Some(Failure::new("a list after an object", "remove everything before the list"));
    }
    let is_exported = serde_json::from_slice::<Object<Exported>>(line).is_ok();
    is_exported.then(|| Failure::new("an export, not a Django dump", "use `manage import`"))
}

impl Fields {
    fn record(self, id: JsonField, line: Option<u64>) -> Record {
        let Self { username, email, password, is_active, date_joined } = self;
        let (disabled, created_at) = (is_disabled(is_active.as_ref()), created_at(date_joined.as_ref()));
        Record { line, id, username, email, password_hash: password, disabled, created_at }
    }
}

/// A user is active if the field is missing or true, and disabled if it is false, null or 0. Anything else is rejected rather
/// than guessed.
fn is_disabled(is_active: Option<&Value>) -> Result<bool, Reason> {
    match is_active {
        None | Some(Value::Bool(true)) => Ok(false),
        Some(Value::Bool(false) | Value::Null) => Ok(true),
        Some(value) if value.as_u64() == Some(0) => Ok(true),
        Some(_) => Err(Reason::ActiveUnclear),
    }
}

fn created_at(date_joined: Option<&Value>) -> Result<Option<UnixSeconds>, Reason> {
    match date_joined {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_str().and_then(time::parse);
            seconds.map(Some).ok_or(Reason::JoinedUnclear)
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::missing(None, Ok(false))]
    #[case::true_(Some(json!(true)), Ok(false))]
    #[case::false_(Some(json!(false)), Ok(true))]
    #[case::zero(Some(json!(0)), Ok(true))]
    #[case::null(Some(json!(null)), Ok(true))]
    #[case::one(Some(json!(1)), Err(Reason::ActiveUnclear))]
    #[case::a_fraction(Some(json!(0.5)), Err(Reason::ActiveUnclear))]
    #[case::false_as_a_text(Some(json!("false")), Err(Reason::ActiveUnclear))]
    #[case::an_empty_text(Some(json!("")), Err(Reason::ActiveUnclear))]
    #[case::a_list(Some(json!([])), Err(Reason::ActiveUnclear))]
    #[case::an_object_in_place_of_nan(Some(json!({})), Err(Reason::ActiveUnclear))]
    fn a_user_who_is_not_active_is_disabled_and_unclear_values_are_rejected(
        #[case] value: JsonField,
        #[case] expected: Result<bool, Reason>,
    ) {
        assert_eq!(is_disabled(value.as_ref()), expected);
    }

    #[rstest]
    #[case::missing(None, Ok(None))]
    #[case::null(Some(json!(null)), Ok(None))]
    #[case::a_text(Some(json!("1970-01-02")), Ok(Some(86_400)))]
    #[case::blank(Some(json!("")), Err(Reason::JoinedUnclear))]
    #[case::a_number(Some(json!(86_400)), Err(Reason::JoinedUnclear))]
    #[case::a_list(Some(json!([1970, 1, 2])), Err(Reason::JoinedUnclear))]
    #[case::an_object_in_place_of_nan(Some(json!({})), Err(Reason::JoinedUnclear))]
    fn a_date_is_a_text_or_missing(#[case] value: JsonField, #[case] expected: Result<Option<UnixSeconds>, Reason>) {
        assert_eq!(created_at(value.as_ref()), expected);
    }

    #[test]
    fn an_error_of_a_dump_does_not_quote_its_strings() {
        let error = serde_json::from_str::<Object<Entry>>(r#""argon2$\", x\"$secret""#).unwrap_err();
        let text = without_values(&error);
        assert!(text.starts_with("invalid type: string, expected an object at line 1"), "{text}");
    }
}
