//! Properties that an update must not change, since CloudFormation would replace the resource and lose what it contains.

use std::collections::BTreeSet;

use serde_json::Value;

use super::stack::Stack;
use crate::TEMPLATE;

const REPLACED: &str = include_str!("replaced.json");

/// One line for each loss that an update to this template would cause.
fn faults(template: &str) -> Vec<String> {
    let replaced: Value = serde_json::from_str(REPLACED).unwrap();
    let template = Stack::of(template, &[]).template;
    let mut faults = Vec::new();
    for (name, kept) in replaced["kept"].as_object().unwrap() {
        let lost = kept["lost"].as_str().unwrap();
        let Some(resource) = template["Resources"].get(name) else {
            faults.push(format!("{name} is missing, so an update deletes it: {lost} would be lost"));
            continue;
        };
        if resource.get("Condition").is_some() {
            faults.push(format!(
                "{name} has a condition, and an update deletes it if that does not hold: {lost} would be lost"
            ));
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
fn an_update_keeps_every_resource_that_must_not_be_lost() {
    assert_eq!(faults(TEMPLATE), [""; 0]);
}

/// The secret is not kept: without the tables it is useless.
#[test]
fn tables_and_logs_are_kept_when_they_are_deleted_or_replaced() {
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
fn every_resource_type_has_a_document_and_a_list_of_properties_that_replace_it() {
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
    // For each kept resource, all properties that replace its type are checked.
    for (name, kept) in replaced["kept"].as_object().unwrap() {
        let asked = &types[template["Resources"][name]["Type"].as_str().unwrap()]["replaced_by"];
        let asked: BTreeSet<_> = asked.as_array().unwrap().iter().map(|property| property.as_str().unwrap()).collect();
        assert_eq!(kept["properties"].as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), asked);
    }
}

#[test]
fn changes_that_would_lose_something_are_reported() {
    for (from, to, expected) in [
        ("AttributeName: pk\n", "AttributeName: id\n", "KeySchema replaces UsersTable on an update: all users"),
        ("AttributeType: N\n", "AttributeType: S\n", "AttributeDefinitions replaces RefreshTokensTable"),
        ("KeyType: RANGE\n", "KeyType: HASH\n", "KeySchema replaces RefreshTokensTable on an update: all sessions"),
        ("  SettingsTable:\n", "  Settings:\n", "SettingsTable is missing, so an update deletes it"),
        ("/aws/vendedlogs/", "/aws/logs/", "LogGroupName replaces AccessLog"),
        ("      GenerateSecretString:\n", "      Name: a\n      Others:\n", "changing Name replaces SigningSecret"),
        ("      DefinitionBody:\n", "      StageName: v1\n      DefinitionBody:\n", "StageName replaces HttpApi"),
        ("  UsersTable:\n", "  UsersTable:\n    Condition: HasDocs\n", "UsersTable has a condition"),
    ] {
        assert!(TEMPLATE.contains(from), "{from}");
        let faults = faults(&TEMPLATE.replace(from, to));
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:?}");
    }
}
