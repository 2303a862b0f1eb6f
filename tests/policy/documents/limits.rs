//! Limits on the template, and on everything that is named after the stack, for the longest possible stack name.

use rstest::rstest;
use serde_json::{Map, Value, json};

use super::{LONGEST_NAME, stack::Stack, text};

const NAMES: &str = include_str!("limits.json");

/// The greatest size of all variables of a function together, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).
const LARGEST_ENVIRONMENT: usize = 4096;

/// The characters that CloudFormation adds when it builds a name from the stack's and a resource's: two hyphens and a unique
/// suffix.
const ADDED: usize = 2 + 13;

/// The most resources that a SAM function becomes: itself, a version, an alias, a deployment group, and a permission for each of
/// four routes.
const OF_A_FUNCTION: usize = 4 + 4;

/// The most entries that each section of a template may have
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
const MOST: [(&str, usize); 4] = [("Mappings", 200), ("Outputs", 200), ("Parameters", 200), ("Resources", 500)];

fn is_match(pattern: &str, text: &str) -> bool {
    jsonschema::draft202012::is_valid(&json!({ "pattern": pattern }), &text.into())
}

/// Whether a parameter accepts a value. A pattern applies to each member of a list, and to a string as a whole
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>).
fn takes(parameter: &Value, value: &str) -> bool {
    let is_list = parameter["Type"] == "CommaDelimitedList";
    let values: Vec<_> = if is_list { value.split(',').collect() } else { vec![value] };
    let number = |name: &str| parameter.get(name).map(|number| text(number).parse::<f64>().unwrap());
    values.iter().all(|value| {
        let length = f64::from(u32::try_from(value.chars().count()).unwrap());
        let is_number = parameter["Type"] != "Number" || value.parse::<f64>().is_ok();
        let magnitude = value.parse::<f64>().unwrap_or_default();
        is_number
            && parameter["AllowedValues"].as_array().is_none_or(|all| all.iter().any(|allowed| text(allowed) == *value))
            && parameter["AllowedPattern"].as_str().is_none_or(|pattern| is_match(&format!("^(?:{pattern})$"), value))
            && number("MinLength").is_none_or(|least| length >= least)
            && number("MaxLength").is_none_or(|most| length <= most)
            && number("MinValue").is_none_or(|least| magnitude >= least)
            && number("MaxValue").is_none_or(|most| magnitude <= most)
    })
}

fn section<'a>(template: &'a Value, name: &str) -> &'a Map<String, Value> {
    template[name].as_object().unwrap()
}

#[test]
fn the_template_is_within_the_limits_of_cloudformation() {
    let template = Stack::new(&[]).template;
    let is_name = |name: &String| name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    for (name, most) in MOST {
        let members = section(&template, name);
        let functions = members.values().filter(|member| member["Type"] == "AWS::Serverless::Function").count();
        assert!(members.len() + functions * OF_A_FUNCTION <= most, "{name}");
        assert!(members.keys().all(is_name), "{name}");
    }
    assert!(template["Description"].as_str().unwrap().len() <= 1024);
    for (name, parameter) in section(&template, "Parameters") {
        assert!((1..=4000).contains(&parameter["Description"].as_str().unwrap().chars().count()), "{name}");
    }
    for (name, output) in section(&template, "Outputs") {
        assert!((1..=1024).contains(&output["Description"].as_str().unwrap().len()), "{name}");
    }
    for (name, mapping) in section(&template, "Mappings") {
        let rows = mapping.as_object().unwrap();
        assert!(rows.len() <= 200 && rows.values().all(|row| row.as_object().unwrap().len() <= 200), "{name}");
    }
}

#[test]
fn the_halves_are_whole_numbers_and_not_strings() {
    let template = Stack::new(&[]).template;
    let rows = template["Mappings"]["HalfOf"].as_object().unwrap();
    assert!(rows.values().all(|row| row["Is"].is_u64()), "{rows:?}");
}

/// A deployment refuses the same headers as the functions do when they start.
#[rstest]
#[case::one_that_clients_can_begin("x-forwarded-for")]
#[case::its_standard_form("forwarded")]
#[case::the_header_of_the_secret("x-proxy-secret")]
#[case::in_capitals("X-Real-IP")]
fn the_proxys_address_header_cannot_be_one_that_clients_control(#[case] header: &str) {
    let template = Stack::new(&[]).template;
    assert!(!takes(&template["Parameters"]["ProxyAddressHeader"], header), "{header}");
}

#[test]
fn every_parameter_accepts_its_default_and_its_allowed_values() {
    let template = Stack::new(&[]).template;
    for (name, parameter) in section(&template, "Parameters") {
        let default = text(parameter.get("Default").unwrap());
        assert!(takes(parameter, &default), "{name} does not accept {default:?}");
        for allowed in parameter["AllowedValues"].as_array().into_iter().flatten() {
            assert!(takes(parameter, &text(allowed)), "{name} does not accept {allowed}");
        }
    }
}

#[rstest]
#[case::a_match(json!({ "Type": "String", "AllowedPattern": "a+" }), "aa", true)]
#[case::a_partial_match(json!({ "Type": "String", "AllowedPattern": "a+" }), "aab", false)]
#[case::a_list_of_matches(json!({ "Type": "CommaDelimitedList", "AllowedPattern": "a+|b" }), "aa,b", true)]
#[case::a_list_with_one_mismatch(json!({ "Type": "CommaDelimitedList", "AllowedPattern": "a+|b" }), "aa,c", false)]
#[case::a_value_that_is_not_allowed(json!({ "Type": "String", "AllowedValues": ["true", "false"] }), "yes", false)]
#[case::too_long(json!({ "Type": "String", "MaxLength": 2 }), "äöü", false)]
#[case::long_enough_in_characters(json!({ "Type": "String", "MaxLength": 3 }), "äöü", true)]
#[case::below_the_minimum(json!({ "Type": "Number", "MinValue": 1 }), "0", false)]
#[case::not_a_number(json!({ "Type": "Number" }), "", false)]
fn a_parameter_accepts_only_values_within_its_constraints(
    #[case] parameter: Value,
    #[case] value: &str,
    #[case] passes: bool,
) {
    assert_eq!(takes(&parameter, value), passes);
}

#[test]
fn names_that_contain_the_stacks_name_fit_for_the_longest_name() {
    let stack = Stack::new(&[("TablesKeyArn", "arn:aws:kms:eu-central-1:1:key/1"), ("AlarmTopic", "arn:aws:sns:a")]);
    let stack = stack.named(&"s".repeat(LONGEST_NAME));
    let names: Vec<Value> = serde_json::from_str(NAMES).unwrap();
    for about in &names {
        let property = about["property"].as_str().unwrap();
        let properties = stack.properties(about["resource"].as_str().unwrap()).unwrap();
        let name = properties.pointer(property).and_then(Value::as_str);
        let name = name.unwrap_or_else(|| panic!("there is no {about}"));
        assert!(name.chars().count() <= usize::try_from(about["most"].as_u64().unwrap()).unwrap(), "{name}: {about}");
        assert!(is_match(about["pattern"].as_str().unwrap(), name), "{name}: {about}");
    }
    // Other tests check everything else that contains the stack's name.
    let elsewhere = ["AWS::CloudWatch::Alarm", "AWS::Logs::QueryDefinition"];
    for (name, resource) in section(&stack.template, "Resources") {
        let holds = stack.value(&resource["Properties"]).to_string().contains(&"s".repeat(LONGEST_NAME));
        let is_known = names.iter().any(|about| about["resource"] == *name);
        assert!(
            !holds || is_known || elsewhere.contains(&stack.kind(name)),
            "{name} contains the stack's name, but no test checks its length"
        );
    }
}

#[test]
fn the_functions_variables_fit_for_the_longest_parameters() {
    let stack = Stack::new(&[]).named(&"s".repeat(LONGEST_NAME));
    let longest = |value: &Value| match value["Ref"].as_str().map(|name| (name, &stack.template["Parameters"][name])) {
        Some((name, parameter)) if parameter.is_object() => match parameter["AllowedValues"].as_array() {
            Some(allowed) => allowed.iter().map(|allowed| text(allowed).len()).max().unwrap(),
            None => parameter["MaxLength"].as_u64().map_or_else(|| panic!("{name} has no MaxLength"), to_size),
        },
        Some((name, _)) if !name.starts_with("AWS::") => LONGEST_NAME + ADDED + text(&stack.value(value)).len(),
        _ => text(&stack.value(value)).len(),
    };
    let variables = section(&stack.template["Globals"]["Function"]["Environment"], "Variables");
    let size: usize = variables.iter().map(|(name, value)| name.len() + longest(value)).sum();
    assert!(size <= LARGEST_ENVIRONMENT, "{size}");
}

fn to_size(number: u64) -> usize {
    usize::try_from(number).unwrap()
}
