//! Checks the template against the AWS documentation where no linter does: texts in other languages inside it, properties that
//! an update must not change, and limits that depend on the stack's name.

mod access_log;
mod api;
mod dashboard;
mod limits;
mod lines;
pub(crate) mod metrics;
mod policies;
mod queries;
mod replaced;
mod rules;
pub(crate) mod stack;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

/// The greatest length of a stack's name, in characters
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>).
const LONGEST_NAME: usize = 128;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file, by its path in the workspace.
fn source(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// A string as it is, and any other value as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// YAML as JSON, with the long names of intrinsic functions.
fn plain(value: &Yaml) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(truth) => (*truth).into(),
        Yaml::Number(number) => number.as_i64().map_or_else(|| json!(number.as_f64()), Value::from),
        Yaml::String(text) => text.as_str().into(),
        Yaml::Sequence(members) => members.iter().map(plain).collect(),
        Yaml::Mapping(members) => {
            let members = members.iter().map(|(name, member)| (text(&plain(name)), plain(member)));
            members.collect::<Map<_, _>>().into()
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.trim_start_matches('!');
            let name = if ["Ref", "Condition"].contains(&name) { name.to_owned() } else { format!("Fn::{name}") };
            json!({ name: plain(&tagged.value) })
        }
    }
}
