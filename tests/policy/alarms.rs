//! The alarms: how each gets into ALARM and out of it, by the rules that CloudWatch documents, and that it takes them at all.
//!
//! No account is needed: a model of CloudWatch's evaluation plays stories in which the data is as the services report it, which
//! is often not at all. The model itself is held against the examples in CloudWatch's documents.

mod constraints;
mod data;
mod definition;
mod evaluation;
mod filter;
mod math;
mod model;
mod names;
mod stories;

use serde_norway::Value;

use crate::{resources, template};

/// The template's alarms, by their logical names.
fn alarms(template: &Value) -> Vec<(&str, &Value)> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm");
    assert!(!alarms.is_empty());
    alarms
}

/// A text as it stands; of `!Ref` and `!Sub`, the text that follows.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value:?} is no text"))
}

/// The logical name of the resource, or the name of the parameter, that a value refers to.
fn reference(value: &Value) -> Option<&str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "Ref" => tagged.value.as_str(),
        _ => None,
    }
}
