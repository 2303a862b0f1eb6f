//! JSON values of any type.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use crate::escape;

/// An object in one line, with its members in this order, and safe to print on a terminal.
pub(super) fn object_line(members: &[(&str, Value)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{}", escape::json(value))).collect();
    format!("{{{}}}", members.join(","))
}

/// A field of a file: any value, or none.
pub(super) type JsonField = Option<Value>;

/// Reads a field that is present, so that null is not taken for none.
pub(super) fn json_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JsonField, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Read only from a JSON object: serde would take a list for a struct too, value by value.
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
        #[serde(default, deserialize_with = "json_field")]
        name: JsonField,
    }

    #[test]
    fn a_missing_field_differs_from_null() {
        let name = |text| serde_json::from_str::<Object<Thing>>(text).unwrap().0.name;
        assert_eq!(name("{}"), None);
        assert_eq!(name("{\"name\": null, \"other\": [1]}"), Some(Value::Null));
        assert_eq!(name("{\"name\": false}"), Some(Value::Bool(false)));
    }

    #[test]
    fn a_line_keeps_the_order_and_has_no_control_characters() {
        let line = object_line(&[("name", "a\u{9b}2K".into()), ("id", 1.into())]);
        assert_eq!(line, r#"{"name":"a\u009b2K","id":1}"#);
    }

    #[test]
    fn a_list_is_not_an_object() {
        for text in ["[\"ada\"]", "[]", "null", "\"ada\""] {
            assert!(serde_json::from_str::<Object<Thing>>(text).unwrap_err().is_data(), "{text}");
        }
    }
}
