//! What an update must not touch: properties whose change makes CloudFormation put another resource in a resource's
//! place, where what is in the former is needed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::stack::Stack;
use crate::TEMPLATE;

const REPLACED: &str = include_str!("replaced.json");

/// What would be lost by an update to this template, a line for each.
fn faults(template: &str) -> Vec<String> {
    let replaced: Value = serde_json::from_str(REPLACED).unwrap();
    let template = Stack::of(template, &[]).template;
    let mut faults = Vec::new();
    for (name, kept) in replaced["kept"].as_object().unwrap() {
        let lost = kept["lost"].as_str().unwrap();
        let Some(resource) = template["Resources"].get(name) else {
            faults.push(format!("without {name} an update takes it away: {lost} would be lost"));
            continue;
        };
        if resource.get("Condition").is_some() {
            faults.push(format!("a condition of {name} takes it away where it does not hold: {lost} would be lost"));
        }
        for property in replaced["types"][resource["Type"].as_str().unwrap()]["replaced_by"].as_array().unwrap() {
            let property = property.as_str().unwrap();
            if resource["Properties"][property] != kept["properties"][property] {
                faults.push(format!("changing {property} replaces {name} on an update: {lost} would be lost"));
            }
        }
    }
    faults
}

#[test]
fn an_update_leaves_what_people_need_in_its_place() {
    assert_eq!(faults(TEMPLATE), [""; 0]);
}

/// The secret is not among it: without the tables it is good for nothing.
#[test]
fn what_holds_data_stays_when_it_is_taken_away_or_replaced() {
    let template = Stack::new(&[]).template;
    for (name, resource) in template["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        if ["AWS::DynamoDB::Table", "AWS::Logs::LogGroup"].contains(&kind) {
            let policies = ["DeletionPolicy", "UpdateReplacePolicy"].map(|policy| resource[policy].as_str().unwrap());
            assert_eq!(policies, ["RetainExceptOnCreate", "Retain"], "{name}");
        }
    }
}

#[test]
fn every_type_of_resource_has_its_document_and_a_list_of_what_replaces_it() {
    let replaced: Value = serde_json::from_str(REPLACED).unwrap();
    let types = replaced["types"].as_object().unwrap();
    let template = Stack::new(&[]).template;
    let resources = template["Resources"].as_object().unwrap().values();
    let used: BTreeSet<_> = resources.map(|resource| resource["Type"].as_str().unwrap()).collect();
    assert_eq!(types.keys().map(String::as_str).collect::<BTreeSet<_>>(), used);
    for (kind, about) in types {
        assert!(about["document"].as_str().unwrap().starts_with("https://docs.aws.amazon.com/"), "{kind}");
        assert!(about["replaced_by"].is_array(), "{kind}");
    }
    // None is looked at less than its type asks for.
    for (name, kept) in replaced["kept"].as_object().unwrap() {
        let asked = &types[template["Resources"][name]["Type"].as_str().unwrap()]["replaced_by"];
        let asked: BTreeSet<_> = asked.as_array().unwrap().iter().map(|property| property.as_str().unwrap()).collect();
        assert_eq!(kept["properties"].as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), asked);
    }
}

#[test]
fn a_change_that_would_lose_something_is_noticed() {
    for (from, to, told) in [
        ("AttributeName: pk\n", "AttributeName: id\n", "KeySchema replaces UsersTable on an update: all users"),
        ("AttributeType: N\n", "AttributeType: S\n", "AttributeDefinitions replaces RefreshTokensTable"),
        ("KeyType: RANGE\n", "KeyType: HASH\n", "KeySchema replaces RefreshTokensTable on an update: all sessions"),
        ("  SettingsTable:\n", "  Settings:\n", "without SettingsTable an update takes it away"),
        ("/aws/vendedlogs/", "/aws/logs/", "LogGroupName replaces AccessLog"),
        ("      GenerateSecretString:\n", "      Name: a\n      Others:\n", "changing Name replaces SigningSecret"),
        ("      DefinitionBody:\n", "      StageName: v1\n      DefinitionBody:\n", "StageName replaces HttpApi"),
        ("  UsersTable:\n", "  UsersTable:\n    Condition: HasDocs\n", "a condition of UsersTable takes it away"),
    ] {
        assert!(TEMPLATE.contains(from), "{from}");
        let faults = faults(&TEMPLATE.replace(from, to));
        assert!(faults.iter().any(|fault| fault.contains(told)), "{told}: {faults:?}");
    }
}
