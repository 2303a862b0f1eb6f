//! What the template allows each function, against what it does: while the whole contract suite runs, and what it leaves out
//! since it is switched off at first, an interceptor of the SDK notes every call. Neither side may have more than the other.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, their helpers too"
)]

mod advisories;
mod alarms;
mod allowed;
mod called;
mod deployment;
mod documents;
mod examples;
mod floors;
mod guards;
mod logs;
mod recipes;
mod router;
mod statements;
mod versions;
mod walks;

use std::{collections::BTreeSet, fs, process::Command};

use harness::build::{self, Kind};
use logs::Log;
use serde_norway::Value;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// The template as it stands.
fn template() -> Value {
    serde_norway::from_str(TEMPLATE).unwrap()
}

/// A template's resources of a type, by their logical names.
fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let resources = resources.map(|(name, resource)| (name.as_str().unwrap(), resource));
    resources.filter(|(_, resource)| resource["Type"] == kind).collect()
}

/// All keys, as IAM writes it: of what has no kinds of items, or no limit to them.
const ALL: &str = "*";

/// Who does what to what: a function, an action of IAM, and the logical name of a resource; of a table the keys too, as a
/// pattern of IAM's such as `user#*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Act {
    function: String,
    action: String,
    keys: String,
    resource: String,
}

impl Act {
    fn new(
        function: impl Into<String>,
        action: impl Into<String>,
        keys: impl Into<String>,
        resource: impl Into<String>,
    ) -> Self {
        Self { function: function.into(), action: action.into(), keys: keys.into(), resource: resource.into() }
    }
}

/// What one side has and the other has not, a line for each.
fn differences(allowed: &BTreeSet<Act>, called: &BTreeSet<Act>) -> Vec<String> {
    let line = |Act { function, action, keys, resource }: &Act, verdict| {
        format!("{function}: {action} on {keys} of {resource} {verdict}")
    };
    let spare = allowed.difference(called).map(|act| line(act, "is allowed and never done"));
    let missing = called.difference(allowed).map(|act| line(act, "is done and not allowed"));
    spare.chain(missing).collect()
}

/// One run of the suite for both, since it takes a while.
#[tokio::test(flavor = "multi_thread")]
async fn statement_27_and_28_a_full_run_logs_everything_once_and_no_secret_and_needs_every_permission() {
    let suite = &build::executables(Kind::Test)["contract"];
    let (stack, calls) = called::watched_stack().await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let log = Log::keep();
    let run = Command::new(suite).env("API_URL", &stack.url).env("CONTRACT_RECORD", &record).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    logs::assert_statements(&fs::read_to_string(record).unwrap(), &log.text());
    walks::sessions(&stack).await;
    walks::accounts(&stack).await;
    let called = calls.lock().unwrap().clone();
    assert_eq!(differences(&allowed::by(TEMPLATE), &called), [""; 0]);
}
