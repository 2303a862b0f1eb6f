//! What the template allows.

use std::collections::BTreeSet;

use serde_norway::Value;

use crate::{ALL, Act};

/// What a template allows its functions. What it allows in another way than by a statement of its own counts as an action
/// that nobody calls.
pub(crate) fn by(template: &str) -> BTreeSet<Act> {
    let template: Value = serde_norway::from_str(template).unwrap();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let functions = resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    functions.flat_map(of_function).collect()
}

fn of_function(resource: &Value) -> Vec<Act> {
    let function = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
    // One that calls nobody has none.
    let policies = resource["Properties"].get("Policies").and_then(Value::as_sequence).cloned().unwrap_or_default();
    let of_policy = |policy: &Value| match policy.get("Statement").and_then(Value::as_sequence) {
        None => vec![Act::new(function, format!("{policy:?}"), ALL, "")],
        Some(statements) => {
            let allowing = statements.iter().filter(|statement| statement["Effect"] == "Allow");
            allowing.flat_map(|statement| of_statement(function, statement)).collect()
        }
    };
    policies.iter().flat_map(of_policy).collect()
}

fn of_statement(function: &str, statement: &Value) -> Vec<Act> {
    let mut acts = Vec::new();
    for action in list(&statement["Action"]) {
        for resource in list(&statement["Resource"]) {
            let act = |keys: String| Act::new(function, name(&action), keys, name(&resource));
            acts.extend(keys(statement).into_iter().map(act));
        }
    }
    acts
}

/// The keys of items that a statement is limited to: all, unless it has the one condition that counts here.
fn keys(statement: &Value) -> Vec<String> {
    let Some(condition) = statement.get("Condition") else { return vec![ALL.into()] };
    match only(condition, "ForAllValues:StringLike").and_then(|values| only(values, "dynamodb:LeadingKeys")) {
        Some(patterns) => list(patterns).iter().map(name).collect(),
        None => vec![format!("{condition:?}")],
    }
}

/// The value of a mapping's only key, if it is this one.
fn only<'a>(mapping: &'a Value, key: &str) -> Option<&'a Value> {
    mapping.as_mapping().filter(|mapping| mapping.len() == 1)?.get(key)
}

/// IAM takes one value for a list of one.
fn list(value: &Value) -> Vec<Value> {
    value.as_sequence().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// A string as it stands; of a reference to a resource, or to its ARN, the resource's logical name.
fn name(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Tagged(tagged) => {
            let text = tagged.value.as_str().unwrap();
            text.strip_suffix(".Arn").unwrap_or(text).to_owned()
        }
        other => format!("{other:?}"),
    }
}
