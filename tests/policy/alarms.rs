//! The alarms: CloudWatch accepts their definitions, and each fires and recovers as it should by the rules that CloudWatch
//! documents.
//!
//! No account is needed: a model of CloudWatch's evaluation plays stories with data as the services report it, which often means
//! no data points at all. The model itself is tested against the examples in CloudWatch's documentation.

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

/// The template's alarms, with their logical names.
fn alarms(template: &Value) -> Vec<(&str, &Value)> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm");
    assert!(!alarms.is_empty());
    alarms
}

/// A string, or the argument of `!Ref` or `!Sub`.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value:?} is not a string"))
}

/// The logical name of the resource, or the name of the parameter, that a `!Ref` names.
fn reference(value: &Value) -> Option<&str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "Ref" => tagged.value.as_str(),
        _ => None,
    }
}
