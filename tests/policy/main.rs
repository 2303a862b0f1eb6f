//! What the template allows each function, against what it does: while the whole contract suite runs, and what it leaves out
//! since it is switched off at first, an interceptor of the SDK notes every call. Neither side may have more than the other.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, their helpers too"
)]

mod allowed;
mod called;
mod guards;
mod rotation;
mod statements;

use std::{collections::BTreeSet, process::Command};

use harness::build::{self, Kind};
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
    rotation::walk(&stack).await;
    let called = calls.lock().unwrap().clone();
    assert_eq!(differences(&allowed::by(TEMPLATE), &called), [""; 0]);
}

const EXAMPLE: &str = "
Resources:
  LogoutFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: logout}}
    Properties:
      Policies:
        - Statement:
            - Effect: Allow
              Action: [dynamodb:GetItem, dynamodb:DeleteItem]
              Resource: !GetAtt Table.Arn
            - Effect: Allow
              Action: secretsmanager:GetSecretValue
              Resource: !Ref Secret
  Table:
    Type: AWS::DynamoDB::Table
";

#[test]
fn a_policy_allows_each_action_of_a_statement_on_each_resource() {
    let act = |action: &str, resource: &str| Act {
        function: "logout".into(),
        action: action.into(),
        resource: resource.into(),
    };
    let expected = [
        act("dynamodb:DeleteItem", "Table"),
        act("dynamodb:GetItem", "Table"),
        act("secretsmanager:GetSecretValue", "Secret"),
    ];
    assert_eq!(allowed::by(EXAMPLE), BTreeSet::from(expected));
}

#[rstest]
#[case::an_action_more("GetItem,", "GetItem, dynamodb:Scan,", "dynamodb:Scan on Table is allowed and never done")]
#[case::all_actions(
    "secretsmanager:GetSecretValue",
    "secretsmanager:*",
    "secretsmanager:* on Secret is allowed and never done"
)]
#[case::all_resources("!Ref Secret", "'*'", "secretsmanager:GetSecretValue on * is allowed and never done")]
#[case::more_than_a_table(
    "!GetAtt Table.Arn",
    "!Sub '${Table.Arn}/*'",
    "dynamodb:GetItem on ${Table.Arn}/* is allowed and never done"
)]
#[case::a_managed_policy("Policies:\n", "Policies:\n        - AmazonDynamoDBFullAccess\n", "AmazonDynamoDBFullAccess")]
#[case::a_policy_of_sam(
    "Policies:\n",
    "Policies:\n        - DynamoDBCrudPolicy: {TableName: !Ref Table}\n",
    "DynamoDBCrudPolicy"
)]
#[case::an_action_less("dynamodb:GetItem,", "", "dynamodb:GetItem on Table is done and not allowed")]
#[case::another_resource(
    "!Ref Secret",
    "!Ref Other",
    "secretsmanager:GetSecretValue on Secret is done and not allowed"
)]
#[case::a_denial("Effect: Allow", "Effect: Deny", "dynamodb:DeleteItem on Table is done and not allowed")]
fn a_policy_that_differs_from_what_is_done_is_noticed(#[case] from: &str, #[case] to: &str, #[case] told: &str) {
    let differences = differences(&allowed::by(&EXAMPLE.replacen(from, to, 1)), &allowed::by(EXAMPLE));
    assert!(differences.iter().any(|line| line.contains(told)), "{differences:?}");
}
