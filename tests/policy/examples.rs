//! Tests of the comparison itself: both sides are read correctly, and every difference is reported.

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
fn each_action_of_a_statement_is_allowed_on_each_kind_of_item_of_each_resource() {
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
#[case::an_extra_action("GetItem,", "GetItem, dynamodb:Scan,", "dynamodb:Scan on * of Table is allowed but never done")]
#[case::all_actions(
    "secretsmanager:GetSecretValue",
    "secretsmanager:*",
    "secretsmanager:* on * of Secret is allowed but never done"
)]
#[case::all_resources("!Ref Secret", "'*'", "secretsmanager:GetSecretValue on * of * is allowed but never done")]
#[case::all_below_a_table(
    "!GetAtt Table.Arn",
    "!Sub '${Table.Arn}/*'",
    "dynamodb:GetItem on * of ${Table.Arn}/* is allowed but never done"
)]
#[case::a_managed_policy("!Ref FunctionsPolicy", "AmazonDynamoDBFullAccess", "AmazonDynamoDBFullAccess")]
#[case::a_conditional_managed_policy("!Ref TablesKeyPolicy", "AdministratorAccess", "AdministratorAccess")]
#[case::a_missing_action("dynamodb:GetItem,", "", "dynamodb:GetItem on * of Table is done but not allowed")]
#[case::another_resource(
    "!Ref Secret",
    "!Ref Other",
    "secretsmanager:GetSecretValue on * of Secret is done but not allowed"
)]
#[case::a_denial("Effect: Allow", "Effect: Deny", "dynamodb:DeleteItem on * of Table is done but not allowed")]
#[case::an_extra_kind_of_item(
    "'email#*'",
    "'email#*', 'failures#*'",
    "dynamodb:PutItem on failures#* of Users is allowed but never done"
)]
#[case::a_missing_kind_of_item("'user#*', ", "", "dynamodb:PutItem on user#* of Users is done but not allowed")]
#[case::a_single_kind_of_item(
    "['user#*', 'email#*']",
    "'user#*'",
    "dynamodb:PutItem on email#* of Users is done but not allowed"
)]
#[case::a_wider_kind_of_item("'user#*'", "'user*'", "dynamodb:PutItem on user* of Users is allowed but never done")]
#[case::items_of_every_kind("Condition:", "Comment:", "dynamodb:PutItem on * of Users is allowed but never done")]
#[case::a_negated_condition(
    "ForAllValues:StringLike",
    "ForAllValues:StringNotLike",
    "dynamodb:PutItem on email#* of Users is done but not allowed"
)]
#[case::a_condition_that_any_key_can_meet(
    "ForAllValues:StringLike",
    "ForAnyValue:StringLike",
    "dynamodb:PutItem on user#* of Users is done but not allowed"
)]
#[case::an_extra_condition(
    "Condition:\n",
    "Condition:\n                  Bool: {Other: 'true'}\n",
    "dynamodb:PutItem on user#* of Users is done but not allowed"
)]
#[case::a_condition_on_another_key(
    "dynamodb:LeadingKeys",
    "dynamodb:Attributes",
    "dynamodb:PutItem on user#* of Users is done but not allowed"
)]
fn differences_between_a_policy_and_the_calls_are_reported(
    #[case] from: &str,
    #[case] to: &str,
    #[case] expected: &str,
) {
    assert!(TEMPLATE.contains(from), "{from}");
    let differences = differences(&allowed::by(&TEMPLATE.replacen(from, to, 1)), &allowed::by(TEMPLATE));
    assert!(differences.iter().any(|line| line.contains(expected)), "{differences:?}");
}

#[rstest]
#[case::an_item(
    "PutItem",
    json!({ "TableName": "Users", "Item": { "pk": { "S": "known#a#b" }, "expires_at": { "N": "1" } } }),
    &[("PutItem", "known#*", "Users")]
)]
#[case::a_key_in_a_table_without_kinds(
    "GetItem",
    json!({ "TableName": "Settings", "Key": { "id": { "S": "settings" } } }),
    &[("GetItem", ALL, "Settings")]
)]
#[case::a_key_without_a_kind(
    "DeleteItem",
    json!({ "TableName": "Users", "Key": { "pk": { "S": "ada" } } }),
    &[("DeleteItem", ALL, "Users")]
)]
#[case::a_scan("Scan", json!({ "TableName": "Users" }), &[("Scan", ALL, "Users")])]
#[case::several_tables(
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
#[case::a_transaction(
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
fn a_request_needs_permission_for_each_of_its_operations(
    #[case] operation: &str,
    #[case] body: Value,
    #[case] expected: &[(&str, &str, &str)],
) {
    let acts = called::acts("logout", &format!("DynamoDB_20120810.{operation}"), &body);
    let expected: Vec<_> =
        expected.iter().map(|(operation, keys, table)| act(&format!("dynamodb:{operation}"), keys, table)).collect();
    assert_eq!(acts, expected);
}
