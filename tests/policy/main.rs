//! Compares the permissions that the template grants to each function with the calls that it makes. An SDK interceptor records
//! every call while the whole contract suite runs, and during walks through features that are off by default. A permission that
//! is never used is a failure, and so is a call that is not permitted.
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

fn template() -> Value {
    serde_norway::from_str(TEMPLATE).unwrap()
}

/// All resources of a type in a template, with their logical names.
fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let resources = resources.map(|(name, resource)| (name.as_str().unwrap(), resource));
    resources.filter(|(_, resource)| resource["Type"] == kind).collect()
}

/// IAM's pattern for all keys: for resources that have no kinds of items, and for permissions that are not limited to some.
const ALL: &str = "*";

/// One use of a permission: a function performs an IAM action on a resource, given by its logical name. For a table, `keys` is an
/// IAM pattern such as `user#*`.
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

/// One line for each act that is on one side only.
fn differences(allowed: &BTreeSet<Act>, called: &BTreeSet<Act>) -> Vec<String> {
    let line = |Act { function, action, keys, resource }: &Act, verdict| {
        format!("{function}: {action} on {keys} of {resource} {verdict}")
    };
    let spare = allowed.difference(called).map(|act| line(act, "is allowed but never done"));
    let missing = called.difference(allowed).map(|act| line(act, "is done but not allowed"));
    spare.chain(missing).collect()
}

/// One test for both statements, since a run of the suite takes a while.
#[tokio::test(flavor = "multi_thread")]
async fn statement_27_and_28_a_full_run_logs_each_event_once_and_no_secret_and_uses_every_permission() {
    let suite = &build::executables(Kind::Test)["contract"];
    let (stack, calls, authorizer) = called::watched_stack().await;
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let log = Log::keep();
    let run = Command::new(suite).env("API_URL", &stack.url).env("CONTRACT_RECORD", &record).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    logs::assert_statements(&fs::read_to_string(record).unwrap(), &log.text());
    walks::sessions(&stack).await;
    walks::accounts(&stack).await;
    walks::another_api(&stack, &authorizer).await;
    let called = calls.lock().unwrap().clone();
    assert_eq!(differences(&allowed::by(TEMPLATE), &called), [""; 0]);
}
