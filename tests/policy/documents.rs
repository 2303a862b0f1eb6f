//! What AWS documents of the things that the template has, and no linter looks at: the texts inside it, what an update
//! must not touch, and limits that depend on the stack's name.

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

/// How long a stack's name may be, in characters
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>).
const LONGEST_NAME: usize = 128;

/// The folder of the whole workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the workspace, by its path there.
fn source(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// A text as it stands, and of a number or a truth what is written.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// YAML as JSON, with the long names of functions.
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
