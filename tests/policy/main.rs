//! What the template allows each function, against what it does: while the whole contract suite runs, an interceptor of the
//! SDK notes every call, and neither side may have more than the other.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]

mod allowed;
mod called;

use std::{collections::BTreeSet, process::Command};

use contract::build::{self, Kind};
use rstest::rstest;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// Who does what to what: a function, an action of IAM, and the logical name of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Act {
    function: String,
    action: String,
    resource: String,
}

/// What one side has and the other has not, a line for each.
fn differences(allowed: &BTreeSet<Act>, called: &BTreeSet<Act>) -> Vec<String> {
    let line = |act: &Act, verdict| format!("{}: {} on {} {verdict}", act.function, act.action, act.resource);
    let spare = allowed.difference(called).map(|act| line(act, "is allowed and never done"));
    let missing = called.difference(allowed).map(|act| line(act, "is done and not allowed"));
    spare.chain(missing).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_may_do_what_it_does_and_nothing_else() {
    let suite = &build::executables(Kind::Test)["contract"];
    let (stack, calls) = called::watched_stack().await;
    let run = Command::new(suite).env("API_URL", &stack.url).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    let called = calls.lock().unwrap().clone();
    assert_eq!(differences(&allowed::by(TEMPLATE), &called), [""; 0]);
}

#[rstest]
#[case::an_action(
    "Action: dynamodb:DeleteItem",
    "Action: [dynamodb:DeleteItem, dynamodb:Scan]",
    "dynamodb:Scan on RefreshTokensTable is allowed and never done"
)]
#[case::all_actions(
    "Action: dynamodb:DeleteItem",
    "Action: dynamodb:*",
    "dynamodb:* on RefreshTokensTable is allowed and never done"
)]
#[case::all_resources(
    "Resource: !Ref SigningSecret",
    "Resource: \"*\"",
    "secretsmanager:GetSecretValue on * is allowed and never done"
)]
#[case::an_index(
    "Resource: !GetAtt UsersTable.Arn",
    "Resource: !Sub ${UsersTable.Arn}/*",
    "on ${UsersTable.Arn}/* is allowed and never done"
)]
#[case::a_managed_policy(
    "      Policies:\n",
    "      Policies:\n        - AmazonDynamoDBFullAccess\n",
    "AmazonDynamoDBFullAccess"
)]
#[case::a_policy_of_sam(
    "      Policies:\n",
    "      Policies:\n        - DynamoDBCrudPolicy: {TableName: !Ref UsersTable}\n",
    "DynamoDBCrudPolicy"
)]
#[case::an_action_less(
    "dynamodb:GetItem, dynamodb:PutItem",
    "dynamodb:GetItem",
    "me: dynamodb:PutItem on UsersTable is done and not allowed"
)]
#[case::another_table(
    "Resource: !GetAtt SettingsTable.Arn",
    "Resource: !GetAtt UsersTable.Arn",
    "dynamodb:GetItem on SettingsTable is done and not allowed"
)]
#[case::a_denial(
    "Effect: Allow\n              Action: dynamodb:DeleteItem",
    "Effect: Deny\n              Action: dynamodb:DeleteItem",
    "logout: dynamodb:DeleteItem on RefreshTokensTable is done and not allowed"
)]
fn a_policy_that_differs_is_noticed(#[case] from: &str, #[case] to: &str, #[case] told: &str) {
    let changed = TEMPLATE.replacen(from, to, 1);
    assert_ne!(changed, TEMPLATE);
    let differences = differences(&allowed::by(&changed), &allowed::by(TEMPLATE));
    assert!(differences.iter().any(|line| line.contains(told)), "{differences:?}");
}
