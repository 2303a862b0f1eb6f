//! That the two sides are read right, and that a difference between them is noticed.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Value, json};

use crate::{ALL, Act, allowed, called, differences};

const TEMPLATE: &str = "
Resources:
  LogoutFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: logout}}
    Properties:
      Role: !GetAtt LogoutRole.Arn
  LogoutRole:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns:
        - !Ref FunctionsPolicy
        - !If [HasTablesKey, !Ref TablesKeyPolicy, !Ref AWS::NoValue]
      Policies:
        - PolicyDocument:
            Statement:
              - Effect: Allow
                Action: [dynamodb:GetItem, dynamodb:DeleteItem]
                Resource: !GetAtt Table.Arn
              - Effect: Allow
                Action: dynamodb:PutItem
                Resource: !GetAtt Users.Arn
                Condition:
                  ForAllValues:StringLike:
                    dynamodb:LeadingKeys: ['user#*', 'email#*']
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: !Ref Secret
  Table:
    Type: AWS::DynamoDB::Table
";

fn act(action: &str, keys: &str, resource: &str) -> Act {
    Act::new("logout", action, keys, resource)
}

#[test]
fn a_policy_allows_each_action_of_a_statement_on_each_kind_of_item_of_each_resource() {
    let expected = [
        act("dynamodb:DeleteItem", ALL, "Table"),
        act("dynamodb:GetItem", ALL, "Table"),
        act("dynamodb:PutItem", "email#*", "Users"),
        act("dynamodb:PutItem", "user#*", "Users"),
        act("secretsmanager:GetSecretValue", ALL, "Secret"),
    ];
    assert_eq!(allowed::by(TEMPLATE), BTreeSet::from(expected));
}

#[rstest]
#[case::an_action_more("GetItem,", "GetItem, dynamodb:Scan,", "dynamodb:Scan on * of Table is allowed and never done")]
#[case::all_actions(
    "secretsmanager:GetSecretValue",
    "secretsmanager:*",
    "secretsmanager:* on * of Secret is allowed and never done"
)]
#[case::all_resources("!Ref Secret", "'*'", "secretsmanager:GetSecretValue on * of * is allowed and never done")]
#[case::more_than_a_table(
    "!GetAtt Table.Arn",
    "!Sub '${Table.Arn}/*'",
    "dynamodb:GetItem on * of ${Table.Arn}/* is allowed and never done"
)]
#[case::a_managed_policy("!Ref FunctionsPolicy", "AmazonDynamoDBFullAccess", "AmazonDynamoDBFullAccess")]
#[case::a_managed_policy_under_a_condition("!Ref TablesKeyPolicy", "AdministratorAccess", "AdministratorAccess")]
#[case::an_action_less("dynamodb:GetItem,", "", "dynamodb:GetItem on * of Table is done and not allowed")]
#[case::another_resource(
    "!Ref Secret",
    "!Ref Other",
    "secretsmanager:GetSecretValue on * of Secret is done and not allowed"
)]
#[case::a_denial("Effect: Allow", "Effect: Deny", "dynamodb:DeleteItem on * of Table is done and not allowed")]
#[case::a_kind_of_item_more(
    "'email#*'",
    "'email#*', 'failures#*'",
    "dynamodb:PutItem on failures#* of Users is allowed and never done"
)]
#[case::a_kind_of_item_less("'user#*', ", "", "dynamodb:PutItem on user#* of Users is done and not allowed")]
#[case::one_kind_of_item_alone(
    "['user#*', 'email#*']",
    "'user#*'",
    "dynamodb:PutItem on email#* of Users is done and not allowed"
)]
#[case::a_wider_kind_of_item("'user#*'", "'user*'", "dynamodb:PutItem on user* of Users is allowed and never done")]
#[case::items_of_every_kind("Condition:", "Comment:", "dynamodb:PutItem on * of Users is allowed and never done")]
#[case::a_condition_that_lets_all_else_through(
    "ForAllValues:StringLike",
    "ForAllValues:StringNotLike",
    "dynamodb:PutItem on email#* of Users is done and not allowed"
)]
#[case::a_condition_that_one_key_meets(
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
    "dynamodb:PutItem on user#* of Users is done and not allowed"
)]
#[case::a_condition_more(
    "Condition:\n",
    "Condition:\n                  Bool: {Other: 'true'}\n",
    "dynamodb:PutItem on user#* of Users is done and not allowed"
)]
#[case::a_condition_on_something_else(
    "dynamodb:LeadingKeys",
    "dynamodb:Attributes",
    "dynamodb:PutItem on user#* of Users is done and not allowed"
)]
fn a_policy_that_differs_from_what_is_done_is_noticed(#[case] from: &str, #[case] to: &str, #[case] told: &str) {
    assert!(TEMPLATE.contains(from), "{from}");
    let differences = differences(&allowed::by(&TEMPLATE.replacen(from, to, 1)), &allowed::by(TEMPLATE));
    assert!(differences.iter().any(|line| line.contains(told)), "{differences:?}");
}

#[rstest]
#[case::of_one_item(
    "PutItem",
    json!({ "TableName": "Users", "Item": { "pk": { "S": "known#a#b" }, "expires_at": { "N": "1" } } }),
    &[("PutItem", "known#*", "Users")]
)]
#[case::of_a_key_of_one_kind(
    "GetItem",
    json!({ "TableName": "Settings", "Key": { "id": { "S": "settings" } } }),
    &[("GetItem", ALL, "Settings")]
)]
#[case::of_a_key_that_names_no_kind(
    "DeleteItem",
    json!({ "TableName": "Users", "Key": { "pk": { "S": "ada" } } }),
    &[("DeleteItem", ALL, "Users")]
)]
#[case::of_all_that_there_is("Scan", json!({ "TableName": "Users" }), &[("Scan", ALL, "Users")])]
#[case::of_several_tables(
    "BatchGetItem",
    json!({ "RequestItems": {
        "Sessions": { "Keys": [{ "user_id": { "N": "1" } }] },
        "Users": { "Keys": [{ "pk": { "S": "email#a@b" } }, { "pk": { "S": "failures#a#b" } }] },
    } }),
    &[
        ("BatchGetItem", ALL, "Sessions"),
        ("BatchGetItem", "email#*", "Users"),
        ("BatchGetItem", "failures#*", "Users"),
    ]
)]
#[case::of_a_transaction(
    "TransactWriteItems",
    json!({ "TransactItems": [
        { "Put": { "TableName": "Users", "Item": { "pk": { "S": "email#a@b" } } } },
        { "Update": { "TableName": "Users", "Key": { "pk": { "S": "user#1" } } } },
        { "Delete": { "TableName": "Users", "Key": { "pk": { "S": "username#ada" } } } },
        { "ConditionCheck": { "TableName": "Users", "Key": { "pk": { "S": "user#2" } } } },
    ] }),
    &[
        ("PutItem", "email#*", "Users"),
        ("UpdateItem", "user#*", "Users"),
        ("DeleteItem", "username#*", "Users"),
        ("ConditionCheckItem", "user#*", "Users"),
    ]
)]
fn a_request_needs_what_it_does(#[case] operation: &str, #[case] body: Value, #[case] expected: &[(&str, &str, &str)]) {
    let acts = called::acts("logout", &format!("DynamoDB_20120810.{operation}"), &body);
    let expected: Vec<_> =
        expected.iter().map(|(operation, keys, table)| act(&format!("dynamodb:{operation}"), keys, table)).collect();
    assert_eq!(acts, expected);
}
