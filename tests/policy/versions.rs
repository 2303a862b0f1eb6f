//! Functions run as published versions: that a change of any parameter of theirs publishes one.

use std::collections::BTreeSet;

use serde_norway::Value;

use crate::TEMPLATE;

/// What a function has that its versions do not keep: how many run at once, and how requests go over to another version.
const OF_NO_VERSION: [&str; 2] = ["DeploymentPreference", "ReservedConcurrentExecutions"];

/// The parameters that a value refers to, through conditions too.
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

#[test]
fn every_parameter_of_a_function_is_in_the_configuration_whose_number_its_version_has() {
    let template: Value = serde_norway::from_str(TEMPLATE).unwrap();
    let resources = &template["Resources"];
    let mut of_functions = BTreeSet::new();
    for (property, value) in template["Globals"]["Function"].as_mapping().unwrap() {
        if !OF_NO_VERSION.contains(&property.as_str().unwrap()) {
            parameters(&template, value, &mut of_functions);
        }
    }
    for (name, resource) in resources.as_mapping().unwrap() {
        if resource["Type"] == "AWS::Serverless::Function" {
            parameters(&template, &resource["Properties"], &mut of_functions);
            let Value::Tagged(description) = &resource["Properties"]["VersionDescription"] else { panic!("{name:?}") };
            assert_eq!(description.value, "Configuration ${ConfigurationVersion.VersionNumber}", "{name:?}");
        }
    }
    assert!(of_functions.len() > 10, "{of_functions:?}");

    let Value::Tagged(content) = &resources["ConfigurationVersion"]["Properties"]["Content"] else { panic!() };
    let lines: Vec<_> = content.value.as_str().unwrap().lines().collect();
    let line = |parameter: &String| format!("{parameter}=${{{parameter}}}");
    let expected: Vec<_> = of_functions.iter().map(line).collect();
    assert_eq!(lines, expected);
    // No secret is written into it.
    let hidden =
        template["Parameters"].as_mapping().unwrap().iter().filter(|(_, parameter)| parameter["NoEcho"] == true);
    for (name, _) in hidden {
        assert!(!content.value.as_str().unwrap().contains(&format!("${{{}}}", name.as_str().unwrap())), "{name:?}");
    }
}
