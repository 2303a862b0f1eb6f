//! What the template allows.

use std::collections::BTreeSet;

use serde_norway::Value;

use crate::Act;

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
    let act = |action: String, resource| Act { function: function.into(), action, resource };
    let of_policy = |policy: &Value| match policy.get("Statement").and_then(Value::as_sequence) {
        None => vec![act(format!("{policy:?}"), String::new())],
        Some(statements) => {
            let pairs = statements.iter().filter(|statement| statement["Effect"] == "Allow").flat_map(of_statement);
            pairs.map(|(action, resource)| act(action, resource)).collect()
        }
    };
    policies.iter().flat_map(of_policy).collect()
}

fn of_statement(statement: &Value) -> Vec<(String, String)> {
    let resources: Vec<_> = list(&statement["Resource"]).iter().map(name).collect();
    let pairs = |action: &Value| resources.iter().map(|resource| (name(action), resource.clone())).collect::<Vec<_>>();
    list(&statement["Action"]).iter().flat_map(pairs).collect()
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
