//! What `manage.py dumpdata` prints (<https://docs.djangoproject.com/en/5.2/topics/serialization/#serialization-formats-json>):
//! objects of any models, in a list or a line each, which are read one by one, however many there are.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::Value;
use shared::clock::UnixSeconds;

use super::{
    Candidate, Take, behind, finite,
    json::{Object, Stated, stated},
    lines,
    opening::{self, Line, Shape},
    pieces::Input,
    reason::Reason,
    record::Record,
    report::Refused,
    time,
};

/// An object of any model.
#[derive(Debug, Deserialize)]
struct Entry {
    model: String,
    #[serde(default, deserialize_with = "stated")]
    pk: Stated,
    fields: Object<Fields>,
}

/// What is of use of a user's fields; of other models' whatever is called the same.
#[derive(Debug, Deserialize)]
struct Fields {
    #[serde(default, deserialize_with = "stated")]
    username: Stated,
    #[serde(default, deserialize_with = "stated")]
    email: Stated,
    #[serde(default, deserialize_with = "stated")]
    password: Stated,
    #[serde(default, deserialize_with = "stated")]
    is_active: Stated,
    #[serde(default, deserialize_with = "stated")]
    date_joined: Stated,
}

/// What is expected, and where it comes from.
const EXPECTED: &str = "dump of Django in JSON: `python manage.py dumpdata auth.user` prints one";

/// Reads a dump, and hands on the users of a model; then tells what of the file was left out.
///
/// # Errors
/// Why it is no dump, or not a whole one. What came before was handed on.
pub(super) fn read(input: Input, model: &str, take: Take<'_>) -> Result<Option<String>, String> {
    let opening = opening::find(input).map_err(|odd| odd.told(EXPECTED))?;
    let mut dump = Dump { model, take, users: 0, others: BTreeSet::new(), stopped: false };
    let (shape, lines_before) = (opening.shape, opening.lines_before());
    let input = finite::only(opening.users());
    let is_text_behind = match shape {
        Shape::List => dump.read_list(input)?,
        Shape::Lines => dump.read_lines(input)?,
    };
    dump.end()?;
    let before = match lines_before {
        0 => None,
        1 => Some("a line of text before the users".into()),
        lines => Some(format!("{lines} lines of text before the users")),
    };
    let behind = is_text_behind.then(|| "text behind the users".into());
    let parts: Vec<String> = before.into_iter().chain(behind).collect();
    Ok((!parts.is_empty()).then(|| format!("left out: {}", parts.join(", and "))))
}

struct Dump<'a, 't> {
    model: &'a str,
    take: Take<'t>,
    users: u64,
    others: BTreeSet<String>,
    stopped: bool,
}

/// The most models that are listed where the one that was asked for is not among them, and the most characters of each.
const MOST_MODELS: usize = 20;
const MODEL_CHARACTERS: usize = 100;

/// The most lines of text that may stand behind lines of objects.
const MOST_LINES: usize = 1_000;

impl Dump<'_, '_> {
    /// Reads a list, and tells whether there is text behind it.
    fn read_list(&mut self, mut input: Input) -> Result<bool, String> {
        let mut json = serde_json::Deserializer::from_reader(&mut input);
        let result = (&mut json).deserialize_seq(&mut *self);
        drop(json);
        match result {
            _ if self.stopped => Ok(false),
            Err(error) if error.is_io() => Err(format!("cannot be read on: {error}")),
            Err(error) if error.is_eof() => Err(format!("is cut off: {error}")),
            Err(error) => Err(format!("is no dump of Django: {}", without_texts(&error))),
            Ok(()) => behind::list(input),
        }
    }

    /// Reads lines of an object each, and tells whether there is text behind them.
    fn read_lines(&mut self, input: Input) -> Result<bool, String> {
        let mut odd = None;
        // Lines of text. Where an object comes behind them, each may be what is left of another.
        let mut text: Vec<(u64, Reason)> = Vec::new();
        let read = lines::each(input, |number, line| {
            let mut may_be_behind = false;
            let entry = line.and_then(|line| match serde_json::from_slice::<Object<Entry>>(line) {
                Ok(Object(entry)) => Ok(entry),
                Err(error) => {
                    odd = what_else(line);
                    may_be_behind = behind::is_text(line);
                    Err(Reason::of_line(&error))
                }
            });
            if odd.is_some() {
                return false;
            }
            match entry {
                Err(reason) if may_be_behind && text.len() < MOST_LINES => {
                    text.push((number, reason));
                    true
                }
                entry => self.no_users(&mut text) && self.line(number, entry),
            }
        });
        read.map_err(|error| format!("cannot be read on: {error}"))?;
        odd.map_or(Ok(!text.is_empty()), |odd| Err(odd.into()))
    }

    /// Hands on lines that are no users; false if no more are wanted.
    fn no_users(&mut self, lines: &mut Vec<(u64, Reason)>) -> bool {
        lines.drain(..).all(|(number, reason)| self.line(number, Err(reason)))
    }

    /// Hands on what a line holds; false if no more are wanted.
    fn line(&mut self, number: u64, entry: Result<Entry, Reason>) -> bool {
        match entry {
            Ok(entry) => self.entry(entry, Some(number)),
            Err(reason) => self.hand_on(Err(Refused::line(number, reason))),
        }
    }

    /// Hands on a user; false if no more are wanted.
    fn entry(&mut self, entry: Entry, line: Option<u64>) -> bool {
        let Entry { model, pk, fields } = entry;
        // Django takes names of models in any case.
        if model.eq_ignore_ascii_case(self.model) {
            return self.hand_on(fields.0.record(pk, line).candidate());
        }
        if self.others.len() < MOST_MODELS {
            self.others.insert(model.chars().take(MODEL_CHARACTERS).collect());
        }
        true
    }

    fn hand_on(&mut self, candidate: Candidate) -> bool {
        self.users += 1;
        self.stopped = !(self.take)(candidate);
        !self.stopped
    }

    /// Whether anything came, or the model was another one.
    fn end(self) -> Result<(), String> {
        if self.users > 0 || self.others.is_empty() {
            return Ok(());
        }
        let others: Vec<_> = self.others.into_iter().collect();
        Err(format!("holds no {}: choose one of its models with --model: {}", self.model, others.join(", ")))
    }
}

impl<'de> Visitor<'de> for &mut Dump<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list that dumpdata prints")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(Object(entry)) = entries.next_element()? {
            if !self.entry(entry, None) {
                return Err(de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// What is wrong with a dump, without the text that stands there: it may be a hash.
fn without_texts(error: &serde_json::Error) -> String {
    let shown = error.to_string();
    match (shown.split_once("string \""), shown.rsplit_once("\", ")) {
        (Some((before, _)), Some((_, behind))) => format!("{before}string, {behind}"),
        _ => shown,
    }
}

/// What a line is that is no entry of a dump, if the whole file is not what was expected.
fn what_else(line: &[u8]) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Exported {
        #[serde(rename = "password_hash")]
        _password_hash: IgnoredAny,
    }
    if Line::of(line, true) == Line::Opens(Shape::List) {
        return Some("holds a list behind an object: leave out what stands before the list");
    }
    let is_exported = serde_json::from_slice::<Object<Exported>>(line).is_ok();
    is_exported.then_some("is an export, and no dump of Django: `manage import` takes it")
}

impl Fields {
    fn record(self, id: Stated, line: Option<u64>) -> Record {
        let Self { username, email, password, is_active, date_joined } = self;
        let (disabled, created_at) = (is_disabled(is_active.as_ref()), joined(date_joined.as_ref()));
        Record { line, id, username, email, password_hash: password, disabled, created_at }
    }
}

/// Whoever is not said to be active is not; and where that is said in no way that Django knows, nobody guesses.
fn is_disabled(is_active: Option<&Value>) -> Result<bool, Reason> {
    match is_active {
        None | Some(Value::Bool(true)) => Ok(false),
        Some(Value::Bool(false) | Value::Null) => Ok(true),
        Some(value) if value.as_u64() == Some(0) => Ok(true),
        Some(_) => Err(Reason::ActiveUnclear),
    }
}

fn joined(value: Option<&Value>) -> Result<Option<UnixSeconds>, Reason> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_str().and_then(time::unix_seconds);
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
    #[case::left_out(None, Ok(false))]
    #[case::true_(Some(json!(true)), Ok(false))]
    #[case::false_(Some(json!(false)), Ok(true))]
    #[case::zero(Some(json!(0)), Ok(true))]
    #[case::null(Some(json!(null)), Ok(true))]
    #[case::one(Some(json!(1)), Err(Reason::ActiveUnclear))]
    #[case::a_fraction(Some(json!(0.5)), Err(Reason::ActiveUnclear))]
    #[case::false_as_a_text(Some(json!("false")), Err(Reason::ActiveUnclear))]
    #[case::an_empty_text(Some(json!("")), Err(Reason::ActiveUnclear))]
    #[case::a_list(Some(json!([])), Err(Reason::ActiveUnclear))]
    #[case::an_object_as_stands_for_nan(Some(json!({})), Err(Reason::ActiveUnclear))]
    fn whoever_is_not_active_is_disabled_and_nobody_guesses(
        #[case] value: Stated,
        #[case] expected: Result<bool, Reason>,
    ) {
        assert_eq!(is_disabled(value.as_ref()), expected);
    }

    #[rstest]
    #[case::left_out(None, Ok(None))]
    #[case::null(Some(json!(null)), Ok(None))]
    #[case::a_text(Some(json!("1970-01-02")), Ok(Some(86_400)))]
    #[case::blank(Some(json!("")), Err(Reason::JoinedUnclear))]
    #[case::a_number(Some(json!(86_400)), Err(Reason::JoinedUnclear))]
    #[case::a_list(Some(json!([1970, 1, 2])), Err(Reason::JoinedUnclear))]
    #[case::an_object_as_stands_for_nan(Some(json!({})), Err(Reason::JoinedUnclear))]
    fn a_date_is_a_text_or_left_out(#[case] value: Stated, #[case] expected: Result<Option<UnixSeconds>, Reason>) {
        assert_eq!(joined(value.as_ref()), expected);
    }

    #[test]
    fn what_is_wrong_with_a_dump_is_told_without_its_texts() {
        let error = serde_json::from_str::<Object<Entry>>(r#""argon2$\", x\"$secret""#).unwrap_err();
        let told = without_texts(&error);
        assert!(told.starts_with("invalid type: string, expected an object at line 1"), "{told}");
    }
}
