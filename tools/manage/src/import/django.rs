//! What `manage.py dumpdata` prints (<https://docs.djangoproject.com/en/5.2/topics/serialization/#serialization-formats-json>):
//! a list of objects of any models, which is read one by one, however long it is.

use std::{collections::BTreeSet, fmt, io::BufRead};

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use serde_json::Value;
use shared::clock::UnixSeconds;

use super::{Take, record::Record};

/// An object of any model.
#[derive(Debug, Deserialize)]
struct Entry {
    model: String,
    #[serde(default)]
    pk: Value,
    fields: Fields,
}

/// What is of use of a user's fields; of other models' whatever is called the same.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    username: Value,
    email: Value,
    password: Value,
    is_active: Value,
    date_joined: Value,
}

/// Reads a dump, and hands on the users of a model.
///
/// # Errors
/// Why it is no dump, or not a whole one. What came before was handed on.
pub(super) fn read(input: &mut dyn BufRead, model: &str, take: Take<'_>) -> Result<(), String> {
    let mut dump = Dump { model, take, users: 0, others: BTreeSet::new(), stopped: false };
    let mut json = serde_json::Deserializer::from_reader(input);
    let result = (&mut json).deserialize_seq(&mut dump).and_then(|()| json.end());
    match result {
        _ if dump.stopped => Ok(()),
        Err(error) if error.is_eof() => Err(format!("is cut off: {error}")),
        Err(error) => Err(format!("is no dump of Django: {error}")),
        Ok(()) if dump.users == 0 && !dump.others.is_empty() => {
            let others: Vec<_> = dump.others.into_iter().collect();
            Err(format!("holds no {model}: choose one of its models with --model: {}", others.join(", ")))
        }
        Ok(()) => Ok(()),
    }
}

struct Dump<'a, 't> {
    model: &'a str,
    take: Take<'t>,
    users: u64,
    others: BTreeSet<String>,
    stopped: bool,
}

/// The most models that are listed where the one that was asked for is not among them.
const MOST_MODELS: usize = 20;

impl<'de> Visitor<'de> for &mut Dump<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the list that dumpdata prints")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(Entry { model, pk, fields }) = entries.next_element()? {
            // Django takes names of models in any case.
            if model.eq_ignore_ascii_case(self.model) {
                self.users += 1;
                if !(self.take)(fields.record(pk).candidate()) {
                    self.stopped = true;
                    return Err(de::Error::custom("stopped"));
                }
            } else if self.others.len() < MOST_MODELS {
                self.others.insert(model);
            }
        }
        Ok(())
    }
}

impl Fields {
    fn record(self, id: Value) -> Record {
        Record {
            id,
            username: self.username,
            email: self.email,
            password_hash: self.password,
            disabled: self.is_active == Value::Bool(false),
            created_at: joined(&self.date_joined),
        }
    }
}

/// A time with or without an offset, which Django leaves out where it knows no zones.
fn joined(value: &Value) -> Result<Option<UnixSeconds>, String> {
    let Some(text) = value.as_str() else { return Ok(None) };
    let with_offset = |text: &str| DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset).ok();
    let time = with_offset(text).or_else(|| with_offset(&format!("{text}Z")));
    let seconds = time.and_then(|time| time.secs().try_into().ok());
    seconds.map(Some).ok_or_else(|| "date_joined: no time since 1970.".into())
}
