//! The permissions that the template grants.

use std::collections::BTreeSet;

use serde_norway::Value;

use crate::{ALL, Act, resources};

/// The permissions that a template grants to its functions. A permission that is not granted by a statement of the function's own
/// role counts as an action that nothing calls, and so is reported.
pub(crate) fn by(template: &str) -> BTreeSet<Act> {
    let template: Value = serde_norway::from_str(template).unwrap();
    let functions = resources(&template, "AWS::Serverless::Function").into_iter();
    functions.flat_map(|(_, function)| of_function(&template["Resources"], function)).collect()
}

/// The permissions of a function's role, without the shared policies that every function needs to run.
fn of_function(resources: &Value, resource: &Value) -> Vec<Act> {
    let function = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
    let role = &resources[name(&resource["Properties"]["Role"])];
    assert_eq!(role["Type"], "AWS::IAM::Role", "{function} has no role of its own, so SAM makes one");
    let to_run: Vec<_> = references(&role["Properties"]["ManagedPolicyArns"]);
    let known = ["FunctionsPolicy", "TablesKeyPolicy"];
    let other = to_run.iter().filter(|policy| !known.contains(&policy.as_str()));
    let mut acts: Vec<_> = other.map(|policy| Act::new(function, policy, ALL, "")).collect();
    // A function that calls no service has no policies.
    let policies = role["Properties"].get("Policies").and_then(Value::as_sequence).cloned().unwrap_or_default();
    for policy in &policies {
        let statements = policy["PolicyDocument"]["Statement"].as_sequence().unwrap().iter().map(granted);
        let allowing = statements.filter(|statement| statement["Effect"] == "Allow");
        acts.extend(allowing.flat_map(|statement| of_statement(function, statement)));
    }
    acts
}

/// The names that the members of a list refer to, including those that a condition selects.
fn references(list: &Value) -> Vec<String> {
    let reference = |member: &Value| match member {
        Value::Tagged(tagged) if tagged.tag == "If" => name(&tagged.value[1]),
        member => name(member),
    };
    list.as_sequence().unwrap().iter().map(reference).collect()
}

/// A statement, also one that only a condition grants.
fn granted(statement: &Value) -> &Value {
    match statement {
        Value::Tagged(tagged) if tagged.tag == "If" => &tagged.value[1],
        statement => statement,
    }
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

/// The keys of items that a statement is limited to: all, unless it has the one condition that this test recognises.
fn keys(statement: &Value) -> Vec<String> {
    let Some(condition) = statement.get("Condition") else { return vec![ALL.into()] };
    match only(condition, "ForAllValues:StringLike").and_then(|values| only(values, "dynamodb:LeadingKeys")) {
        Some(patterns) => list(patterns).iter().map(name).collect(),
        None => vec![format!("{condition:?}")],
    }
}

/// The value of this key, if the mapping has no other.
fn only<'a>(mapping: &'a Value, key: &str) -> Option<&'a Value> {
    mapping.as_mapping().filter(|mapping| mapping.len() == 1)?.get(key)
}

/// IAM accepts a single value in place of a list of one.
fn list(value: &Value) -> Vec<Value> {
    value.as_sequence().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// A string, or the logical name of the resource that is referred to, directly or by its ARN.
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
