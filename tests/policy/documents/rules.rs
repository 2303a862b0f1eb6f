//! The template's rules: parameters that need or exclude one another.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::Value;

use super::{stack::Stack, text};

/// The functions that a rule may call.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
const FUNCTIONS: [&str; 10] = [
    "Fn::And",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];

const TOPIC: (&str, &str) = ("AlarmTopic", "arn:aws:sns:eu-central-1:123456789012:alarms");
const DOMAIN: (&str, &str) = ("DomainName", "auth.example.com");
const CERTIFICATE: (&str, &str) = ("CertificateArn", "arn:aws:acm:eu-central-1:123456789012:certificate/1");
const SUBNET: (&str, &str) = ("SubnetIds", "subnet-0a1b2c3d");
const GROUP: (&str, &str) = ("SecurityGroupIds", "sg-0a1b2c3d");

/// The rules that refuse these parameters.
fn refusing(parameters: &[(&str, &str)]) -> BTreeSet<String> {
    let stack = Stack::new(parameters);
    let refuses = |rule: &Value| {
        let is_asked = rule.get("RuleCondition").is_none_or(|condition| stack.holds(condition));
        is_asked && !rule["Assertions"].as_array().unwrap().iter().all(|assertion| stack.holds(&assertion["Assert"]))
    };
    let rules = stack.template["Rules"].as_object().unwrap().iter();
    rules.filter(|(_, rule)| refuses(rule)).map(|(name, _)| name.clone()).collect()
}

/// The functions that a rule calls, and the names that it refers to.
fn calls(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Array(members) => members.iter().flat_map(calls).collect(),
        Value::Object(members) => {
            let of = |(name, member): (&String, &Value)| {
                let is_call = name.starts_with("Fn::") || ["Condition", "Ref"].contains(&name.as_str());
                let own = is_call.then(|| (name.clone(), text(member)));
                own.into_iter().chain(calls(member)).collect::<Vec<_>>()
            };
            members.iter().flat_map(of).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn rules_call_only_rule_functions_and_refer_only_to_parameters() {
    let template = Stack::new(&[]).template;
    for (name, rule) in template["Rules"].as_object().unwrap() {
        for (call, argument) in calls(rule) {
            if call == "Ref" {
                assert!(template["Parameters"].get(&argument).is_some(), "{name} refers to {argument}");
            } else {
                assert!(FUNCTIONS.contains(&call.as_str()), "{name} calls {call}");
            }
        }
        let assertions = rule["Assertions"].as_array().unwrap();
        assert!(assertions.iter().all(|assertion| assertion["AssertDescription"].is_string()), "{name}");
    }
}

#[rstest]
#[case::no_options(&[("Restart", "1")])]
#[case::alarms(&[TOPIC])]
#[case::no_metrics(&[("Metrics", "false")])]
#[case::a_deployment_that_can_roll_back(&[TOPIC, ("DeploymentPreference", "Canary10Percent5Minutes")])]
#[case::a_domain(&[DOMAIN, CERTIFICATE])]
#[case::a_domain_with_all_options(
    &[DOMAIN, CERTIFICATE, ("HostedZoneId", "Z1"), ("BasePath", "v1"), ("ExecuteApiEndpoint", "false")]
)]
#[case::a_vpc(&[SUBNET, GROUP])]
#[case::an_authorizer_for_one_api(&[("Authorizer", "user"), ("AuthorizerApi", "a1b2c3d4e5")])]
fn compatible_parameters_are_accepted(#[case] parameters: &[(&str, &str)]) {
    assert_eq!(refusing(parameters), BTreeSet::new());
}

/// Incompatible parameters, each with the rule that refuses them.
const REFUSED: [(&str, &[(&str, &str)]); 10] = [
    ("AuthorizerApiNeedsAuthorizer", &[("AuthorizerApi", "*")]),
    ("AlarmsNeedMetrics", &[TOPIC, ("Metrics", "false")]),
    ("GoingBackNeedsAlarms", &[("DeploymentPreference", "Linear10PercentEvery1Minute")]),
    ("DomainNeedsCertificate", &[DOMAIN]),
    ("NoDomain", &[CERTIFICATE]),
    ("NoDomain", &[("HostedZoneId", "Z1")]),
    ("NoDomain", &[("BasePath", "v1")]),
    ("NoDomain", &[("ExecuteApiEndpoint", "false")]),
    ("VpcNeedsSubnets", &[GROUP]),
    ("VpcNeedsSecurityGroups", &[SUBNET]),
];

#[test]
fn incompatible_parameters_are_refused_before_anything_is_created() {
    for (rule, parameters) in REFUSED {
        assert_eq!(refusing(parameters), BTreeSet::from([rule.to_owned()]), "{parameters:?}");
    }
    let template = Stack::new(&[]).template;
    let rules: BTreeSet<_> = template["Rules"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(rules, REFUSED.iter().map(|(rule, _)| *rule).collect());
}
