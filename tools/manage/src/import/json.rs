//! Values of unknown type, as JSON has them.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use crate::shown;

/// An object in one line, with its members in this order, that says the same to a program and nothing to a terminal.
pub(super) fn line(members: &[(&str, Value)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{}", shown::json(value))).collect();
    format!("{{{}}}", members.join(","))
}

/// What stands in a file, where it may be anything or nothing.
pub(super) type Stated = Option<Value>;

/// Reads a value that is there, so that null is not taken for nothing.
pub(super) fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stated, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What is read from an object alone: serde takes a list for a struct too, value by value.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Thing {
        #[serde(default, deserialize_with = "stated")]
        name: Stated,
    }

    #[test]
    fn nothing_and_null_are_told_apart() {
        let name = |text| serde_json::from_str::<Object<Thing>>(text).unwrap().0.name;
        assert_eq!(name("{}"), None);
        assert_eq!(name("{\"name\": null, \"other\": [1]}"), Some(Value::Null));
        assert_eq!(name("{\"name\": false}"), Some(Value::Bool(false)));
    }

    #[test]
    fn a_line_keeps_its_order_and_tells_a_terminal_nothing() {
        let line = line(&[("name", "a\u{9b}2K".into()), ("id", 1.into())]);
        assert_eq!(line, r#"{"name":"a\u009b2K","id":1}"#);
    }

    #[test]
    fn a_list_is_no_object() {
        for text in ["[\"ada\"]", "[]", "null", "\"ada\""] {
            assert!(serde_json::from_str::<Object<Thing>>(text).unwrap_err().is_data(), "{text}");
        }
    }
}
