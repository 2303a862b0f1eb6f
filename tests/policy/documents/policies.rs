//! Checks the IAM statements in `template.yaml` and `deployment/role.yaml` against AWS's Service Authorization Reference: actions
//! exist, and support the resources and condition keys beside them. `iam.json` is an excerpt, made by `iam.py`, which also lists
//! the exceptions.

use rstest::rstest;
use serde_json::{Value, json};

use super::{stack::Stack, text};

const REFERENCE: &str = include_str!("iam.json");

const ROLES: &str = include_str!("../../../deployment/role.yaml");

/// The only patterns of actions; all other actions are named one by one. DynamoDB needs these for a key
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html>).
const PATTERNS: [&str; 2] = ["kms:GenerateDataKey*", "kms:ReEncrypt*"];

/// Actions that Lambda needs on all resources to put a function into a VPC, though they support narrower ones
/// (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html>).
const EVERYWHERE: [&str; 4] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
];

/// The AWS managed policies that a role may have
/// (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html>).
const OF_AWS: [&str; 1] = ["arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited"];

/// The greatest lengths of a trust policy, of all inline policies of a role together, and of a managed policy, in characters
/// without white space (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const LONGEST: [usize; 3] = [2048, 10_240, 6144];

/// An action of the reference.
struct Action {
    name: String,
    /// The resources that it supports, as patterns of ARNs.
    resources: Vec<String>,
    /// The condition keys that it supports, with the types of their values.
    keys: Vec<(String, String)>,
}

/// The actions that match a name or pattern in a statement.
fn actions(named: &str) -> Vec<Action> {
    let reference: Value = serde_json::from_str(REFERENCE).unwrap();
    let Some((service, pattern)) = named.split_once(':') else { return Vec::new() };
    let known = &reference["services"][service];
    let actions = known["actions"].as_object().into_iter().flatten().filter(|(name, _)| meet(pattern, name));
    let texts = |list: &Value| list.as_array().unwrap().iter().map(text).collect::<Vec<_>>();
    let action = |(name, action): (&String, &Value)| Action {
        name: format!("{service}:{name}"),
        resources: texts(&action["resources"]).iter().map(|kind| open(&text(&known["arns"][kind]))).collect(),
        keys: texts(&action["keys"]).into_iter().map(|key| (open(&key), text(&known["keys"][&key]))).collect(),
    };
    actions.map(action).collect()
}

/// Turns variables such as `${Region}` into stars.
fn open(text: &str) -> String {
    let mut parts = text.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.filter_map(|part| part.split_once('}')).fold(first, |pattern, (_, rest)| pattern + "*" + rest)
}

/// Whether any text matches both patterns, in which a star matches any text.
fn meet(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|pattern| pattern.chars().collect::<Vec<_>>());
    // Whether any text matches the remainders of both patterns, from back to front.
    let mut common = vec![vec![false; other.len() + 1]; one.len() + 1];
    for i in (0..=one.len()).rev() {
        for j in (0..=other.len()).rev() {
            common[i][j] = match (one.get(i).copied(), other.get(j).copied()) {
                (None, None) => true,
                (Some('*'), _) if common[i + 1][j] => true,
                (_, Some('*')) if common[i][j + 1] => true,
                (Some('*'), Some(_)) => common[i][j + 1],
                (Some(_), Some('*')) => common[i + 1][j],
                (Some(a), Some(b)) => a == b && common[i + 1][j + 1],
                _ => false,
            };
        }
    }
    common[0][0]
}

/// Whether any ARN matches both patterns. A star matches a colon only in the last part
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>).
fn arns_meet(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|arn| arn.splitn(6, ':').collect::<Vec<_>>());
    one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| meet(one, other))
}

/// IAM accepts a single value in place of a list of one.
fn list(value: &Value) -> Vec<String> {
    value.as_array().map_or_else(|| vec![text(value)], |values| values.iter().map(text).collect())
}

/// One line for each fault of a statement.
fn faults(statement: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if !["Allow", "Deny"].iter().any(|effect| statement["Effect"] == *effect) {
        faults.push("its effect is neither Allow nor Deny".into());
    }
    let mut allowed = Vec::new();
    for named in list(&statement["Action"]) {
        let actions = actions(&named);
        if actions.is_empty() {
            faults.push(format!("there is no action {named}"));
        }
        if named.contains('*') && !PATTERNS.contains(&named.as_str()) {
            faults.push(format!("{named} is a pattern that is not allowed here"));
        }
        allowed.extend(actions);
    }
    match statement.get("Resource") {
        Some(resources) => faults.extend(of_resources(&allowed, &list(resources))),
        // The principals that may assume a role.
        None if statement.get("Principal").is_some() => {}
        None => faults.push("it has no resource".into()),
    }
    for (operator, tests) in statement["Condition"].as_object().into_iter().flatten() {
        for key in tests.as_object().unwrap().keys() {
            for action in &allowed {
                match action.keys.iter().find(|(known, _)| meet(known, key)) {
                    None => faults.push(format!("{} has no {key}", action.name)),
                    Some((_, kind)) if !fits(operator, kind) => faults.push(format!("{operator} is not for {key}")),
                    Some(_) => {}
                }
            }
        }
    }
    faults
}

fn of_resources(allowed: &[Action], resources: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for Action { name, resources: taken, .. } in allowed {
        let takes = |resource: &String| taken.iter().any(|pattern| arns_meet(pattern, resource));
        match resources {
            [all] if all == "*" => {
                let is_needed = taken.is_empty() || EVERYWHERE.contains(&name.as_str());
                faults.extend((!is_needed).then(|| format!("{name} supports resources, but applies to all")));
            }
            _ if !resources.iter().any(takes) => faults.push(format!("{name} supports none of {resources:?}")),
            _ => {}
        }
    }
    let taken: Vec<_> = allowed.iter().flat_map(|action| &action.resources).collect();
    let is_taken = |resource: &&String| *resource == "*" || taken.iter().any(|pattern| arns_meet(pattern, resource));
    let spare = resources.iter().filter(|resource| !is_taken(resource));
    faults.extend(spare.map(|resource| format!("no action supports {resource}")));
    faults
}

/// Whether an operator compares values of this type, and has `ForAllValues` or `ForAnyValue` exactly if the key has several values
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).
fn fits(operator: &str, kind: &str) -> bool {
    let (of_several, base) = operator.split_once(':').map_or((false, operator), |(_, base)| (true, base));
    let kind_of_one = kind.strip_prefix("ArrayOf");
    let compares = match kind_of_one.unwrap_or(kind) {
        "String" => base.starts_with("String"),
        "ARN" => base.starts_with("Arn") || base.starts_with("String"),
        kind => base.starts_with(kind),
    };
    compares && of_several == kind_of_one.is_some()
}

/// The statements of a document.
fn statements(document: &Value) -> Vec<Value> {
    assert_eq!(document["Version"], "2012-10-17");
    document["Statement"].as_array().unwrap().clone()
}

fn length(document: &Value) -> usize {
    document.to_string().chars().filter(|character| !character.is_whitespace()).count()
}

#[test]
fn every_statement_names_actions_resources_and_keys_that_exist_together() {
    let key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let [topic, subnet, group] = ["arn:aws:sns:eu-central-1:123456789012:alarms", "subnet-0a1b", "sg-0a1b"];
    let all = [("AlarmTopic", topic), ("Docs", "true"), ("Tracing", "Active"), ("TablesKeyArn", key)];
    let all = [&all[..], &[("SubnetIds", subnet), ("SecurityGroupIds", group)][..]].concat();
    let repository = ("Repository", "pyshop/auth");
    let all_of_roles = [
        repository,
        ("CreateProvider", "false"),
        ("DomainName", "auth.example.com"),
        ("HostedZoneId", "Z0A1B"),
        ("PermissionsBoundary", "arn:aws:iam::123456789012:policy/boundary"),
        ("ProxySecretArn", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:proxy-a1b2c3"),
        ("TablesKeyArn", key),
    ];
    let stacks = [Stack::new(&[]), Stack::new(&all), Stack::of(ROLES, &[repository]), Stack::of(ROLES, &all_of_roles)];
    let mut count = 0;
    for stack in stacks {
        let mut documents = Vec::new();
        for (name, role) in stack.resources("AWS::IAM::Role") {
            let own = role["Policies"].as_array().into_iter().flatten();
            let own: Vec<_> = own.map(|policy| &policy["PolicyDocument"]).collect();
            let trust = &role["AssumeRolePolicyDocument"];
            assert!(length(trust) <= LONGEST[0], "{name}");
            assert!(own.iter().map(|document| length(document)).sum::<usize>() <= LONGEST[1], "{name}");
            let beside: Vec<_> = role["ManagedPolicyArns"].as_array().into_iter().flatten().map(text).collect();
            let is_known = |arn: &String| OF_AWS.contains(&arn.as_str()) || arn.starts_with("arn:aws:iam::1234");
            assert!(beside.iter().all(is_known), "{name} has {beside:?}");
            documents.extend(own.into_iter().chain([trust]).map(|document| (name.clone(), document.clone())));
        }
        for (name, policy) in stack.resources("AWS::IAM::ManagedPolicy") {
            assert!(length(&policy["PolicyDocument"]) <= LONGEST[2], "{name}");
            documents.push((name, policy["PolicyDocument"].clone()));
        }
        for (name, document) in documents {
            for statement in statements(&document) {
                assert_eq!(faults(&statement), [""; 0], "{name}: {statement}");
                count += 1;
            }
        }
    }
    assert!(count > 100, "{count}");
}

const TABLE: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/users";

fn on(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

fn under(action: &str, condition: Value) -> Value {
    let resource = if action.starts_with("kms") { "arn:aws:kms:eu-central-1:123456789012:key/1234" } else { TABLE };
    json!({ "Effect": "Allow", "Action": [action], "Resource": [resource], "Condition": condition })
}

#[rstest]
#[case::a_table(on("dynamodb:GetItem", TABLE))]
#[case::every_stream_of_a_log_group(on(
    "logs:PutLogEvents",
    "arn:aws:logs:eu-central-1:123456789012:log-group:/a/b:*"
))]
#[case::a_transform(on(
    "cloudformation:CreateChangeSet",
    "arn:aws:cloudformation:eu-central-1:aws:transform/Serverless-2016-10-31"
))]
#[case::an_action_without_resources(on("xray:PutTraceSegments", "*"))]
#[case::a_condition_key(under("dynamodb:GetItem", json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["a"] } })))]
#[case::a_condition_key_with_a_variable_part(
    under("kms:Decrypt", json!({ "StringEquals": { "kms:EncryptionContext:aws:dynamodb:tableName": "users" } }))
)]
#[case::a_tag_of_the_table(under("dynamodb:GetItem", json!({ "StringEquals": { "aws:ResourceTag/team": "a" } })))]
fn valid_statements_pass(#[case] statement: Value) {
    assert_eq!(faults(&statement), [""; 0]);
}

#[rstest]
#[case::an_unknown_action(on("dynamodb:GetItems", TABLE), "there is no action dynamodb:GetItems")]
#[case::an_unknown_service(on("dynamo:GetItem", TABLE), "there is no action dynamo:GetItem")]
#[case::all_actions(on("dynamodb:*", TABLE), "dynamodb:* is a pattern that is not allowed here")]
#[case::some_actions(on("dynamodb:Get*", TABLE), "dynamodb:Get* is a pattern that is not allowed here")]
#[case::all_resources(on("dynamodb:GetItem", "*"), "dynamodb:GetItem supports resources, but applies to all")]
#[case::a_resource_of_another_service(
    on("secretsmanager:GetSecretValue", TABLE),
    "secretsmanager:GetSecretValue supports none of"
)]
#[case::a_resource_of_another_type(on("dynamodb:DescribeStream", TABLE), "dynamodb:DescribeStream supports none of")]
#[case::a_log_group_without_its_streams(
    on("logs:PutLogEvents", "arn:aws:logs:eu-central-1:123456789012:log-group:/a/b"),
    "logs:PutLogEvents supports none of"
)]
#[case::an_unknown_type_of_resource(
    on("dynamodb:CreateTable", "arn:aws:dynamodb:eu-central-1:123456789012:tables/pyshop-auth-*"),
    "dynamodb:CreateTable supports none of"
)]
#[case::an_unsupported_method(
    on("apigateway:PUT", "arn:aws:apigateway:eu-central-1::/domainnames/auth.example.com"),
    "apigateway:PUT supports none of"
)]
#[case::a_resource_for_an_action_without_resources(
    on("kms:ListKeys", "arn:aws:kms:eu-central-1:1:key/1"),
    "kms:ListKeys supports none of"
)]
#[case::one_unsupported_resource_of_two(
    json!({ "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": [TABLE, "arn:aws:sns:eu-central-1:1:a"] }),
    "no action supports arn:aws:sns:eu-central-1:1:a"
)]
#[case::no_resource(json!({ "Effect": "Allow", "Action": "dynamodb:GetItem" }), "it has no resource")]
#[case::an_unknown_effect(json!({ "Effect": "allow", "Action": "dynamodb:GetItem", "Resource": TABLE }), "effect")]
#[case::an_unknown_key(
    under("dynamodb:GetItem", json!({ "StringEquals": { "dynamodb:LeadingKey": "a" } })),
    "dynamodb:GetItem has no dynamodb:LeadingKey"
)]
#[case::a_key_of_another_action(
    under("dynamodb:GetItem", json!({ "StringEquals": { "dynamodb:ReturnValues": "NONE" } })),
    "dynamodb:GetItem has no dynamodb:ReturnValues"
)]
#[case::an_unknown_claim(
    under("sts:AssumeRoleWithWebIdentity", json!({ "StringLike": { "token.actions.githubusercontent.com:id": "a" } })),
    "sts:AssumeRoleWithWebIdentity has no token.actions.githubusercontent.com:id"
)]
#[case::a_single_value_operator_for_a_key_with_several(
    under("dynamodb:GetItem", json!({ "StringLike": { "dynamodb:LeadingKeys": ["a"] } })),
    "StringLike is not for dynamodb:LeadingKeys"
)]
#[case::a_set_operator_for_a_key_with_one_value(
    under("kms:Decrypt", json!({ "ForAllValues:StringEquals": { "kms:ViaService": "dynamodb.amazonaws.com" } })),
    "ForAllValues:StringEquals is not for kms:ViaService"
)]
#[case::a_numeric_operator_for_strings(
    under("dynamodb:GetItem", json!({ "ForAllValues:NumericEquals": { "dynamodb:LeadingKeys": [1] } })),
    "ForAllValues:NumericEquals is not for dynamodb:LeadingKeys"
)]
fn invalid_statements_are_reported(#[case] statement: Value, #[case] expected: &str) {
    assert!(faults(&statement).iter().any(|fault| fault.contains(expected)), "{:?}", faults(&statement));
}
