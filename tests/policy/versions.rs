//! Functions run as published versions: a change to any of their parameters publishes a new one.

use std::collections::BTreeSet;

use serde_norway::Value;

use crate::{resources, template};

/// Properties that are not part of a version: the reserved concurrency, and how traffic shifts to another version.
const OF_NO_VERSION: [&str; 2] = ["DeploymentPreference", "ReservedConcurrentExecutions"];

/// Collects the parameters that a value refers to, directly or through conditions.
fn parameters(template: &Value, value: &Value, found: &mut BTreeSet<String>) {
    let name = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
    let mut note = |text: &str| {
        if template["Parameters"].get(text).is_some() {
            found.insert(text.to_owned());
        }
    };
    match value {
        Value::Tagged(tagged) => {
            let argument = &tagged.value;
            match tagged.tag.to_string().as_str() {
                "!Ref" => note(&name(argument.as_str().unwrap())),
                "!Sub" => {
                    let text = argument.as_str().or_else(|| argument[0].as_str()).unwrap();
                    for part in text.split("${").skip(1) {
                        note(part.split('}').next().unwrap());
                    }
                }
                "!If" => parameters(template, &template["Conditions"][&argument[0]], found),
                _ => {}
            }
            parameters(template, argument, found);
        }
        Value::Sequence(values) => values.iter().for_each(|value| parameters(template, value, found)),
        Value::Mapping(mapping) => mapping.values().for_each(|value| parameters(template, value, found)),
        _ => {}
    }
}

/// The text of the configuration, before substitution.
fn configuration(template: &Value) -> &str {
    let Value::Tagged(content) = &template["Resources"]["ConfigurationVersion"]["Properties"]["Content"] else {
        panic!()
    };
    content.value.as_str().unwrap()
}

#[test]
fn every_parameter_of_a_function_is_in_the_configuration_that_its_version_names() {
    let template = template();
    let mut of_functions = BTreeSet::new();
    for (property, value) in template["Globals"]["Function"].as_mapping().unwrap() {
        if !OF_NO_VERSION.contains(&property.as_str().unwrap()) {
            parameters(&template, value, &mut of_functions);
        }
    }
    for (name, function) in resources(&template, "AWS::Serverless::Function") {
        parameters(&template, &function["Properties"], &mut of_functions);
        let Value::Tagged(description) = &function["Properties"]["VersionDescription"] else { panic!("{name}") };
        assert_eq!(description.value, "Configuration ${ConfigurationVersion.VersionNumber}", "{name}");
    }
    assert!(of_functions.len() > 10, "{of_functions:?}");

    let lines: Vec<_> = configuration(&template).lines().collect();
    // Its only use is to change the configuration.
    of_functions.insert("Restart".into());
    let line = |parameter: &String| format!("{parameter}=${{{parameter}}}");
    let expected: Vec<_> = of_functions.iter().map(line).collect();
    assert_eq!(lines[1..], expected);
    // It contains no secret, only the ARN of one.
    assert!(lines.iter().all(|line| !line.contains("{{resolve:")), "{lines:?}");
}

/// The properties that the `Template=` number of the configuration represents.
const UNSEEN: &str = "
Handler: bootstrap
LoggingConfig: {LogGroup: !Ref FunctionsLog, LogFormat: JSON, ApplicationLogLevel: TRACE}
Runtime: provided.al2023
Timeout: 15
";

#[test]
fn properties_that_sam_ignores_are_represented_by_a_number_in_the_configuration() {
    let template = template();
    let function = &template["Globals"]["Function"];
    let unseen: Value = serde_norway::from_str(UNSEEN).unwrap();
    for (property, value) in unseen.as_mapping().unwrap() {
        assert_eq!(
            &function[property], value,
            "{property:?}: increase the number in `Template=`, and change the value here too"
        );
    }
    assert!(configuration(&template).starts_with("Template=1\n"));
}

/// Lambda publishes a version only of a function that has changed, so its variables must change with the configuration.
#[test]
fn the_number_of_the_configuration_is_in_a_variable_of_every_function() {
    let template = template();
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    let Value::Tagged(number) = &variables["CONFIGURATION"] else { panic!() };
    assert_eq!(
        (number.tag.to_string().as_str(), &number.value),
        ("!GetAtt", &"ConfigurationVersion.VersionNumber".into())
    );
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        let own = &resource["Properties"]["Environment"]["Variables"]["CONFIGURATION"];
        assert!(own.is_null(), "{name:?} has its own");
    }
}

/// Otherwise a new configuration would delete the former version, and there would be nothing to roll back to.
#[test]
fn a_replaced_version_is_kept() {
    let template = template();
    for (name, function) in resources(&template, "AWS::Serverless::Function") {
        assert_eq!(function["UpdateReplacePolicy"], "Retain", "{name}");
    }
}
