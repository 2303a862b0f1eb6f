//! How many, how long and what may be in a template, and in what is named after a stack with the longest name.

use rstest::rstest;
use serde_json::{Map, Value, json};

use super::{LONGEST_NAME, stack::Stack, text};

const NAMES: &str = include_str!("limits.json");

/// Of all variables of a function together, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).
const LARGEST_ENVIRONMENT: usize = 4096;

/// What CloudFormation adds to make a name of a stack's and a resource's: two hyphens, and what is like no other.
const ADDED: usize = 2 + 13;

/// What a function of SAM's becomes at most: itself, a version, an alias, a group of deployments, and a permission for
/// each of four routes.
const OF_A_FUNCTION: usize = 4 + 4;

/// How many of each section a template may have
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
const MOST: [(&str, usize); 4] = [("Mappings", 200), ("Outputs", 200), ("Parameters", 200), ("Resources", 500)];

fn is_match(pattern: &str, text: &str) -> bool {
    jsonschema::draft202012::is_valid(&json!({ "pattern": pattern }), &text.into())
}

/// Whether a parameter may have a value. Each member of a list fits the pattern for itself, and a text as a whole
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
fn the_template_is_within_what_cloudformation_takes() {
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
fn the_halves_are_whole_numbers_and_no_texts() {
    let template = Stack::new(&[]).template;
    let rows = template["Mappings"]["HalfOf"].as_object().unwrap();
    assert!(rows.values().all(|row| row["Is"].is_u64()), "{rows:?}");
}

/// What the functions refuse at their start, a deployment refuses too.
#[rstest]
#[case::that_clients_begin("x-forwarded-for")]
#[case::of_the_same_kind("forwarded")]
#[case::of_the_secret("x-proxy-secret")]
#[case::in_capitals("X-Real-IP")]
fn the_header_of_a_proxy_is_none_that_anybody_may_write(#[case] header: &str) {
    let template = Stack::new(&[]).template;
    assert!(!takes(&template["Parameters"]["ProxyAddressHeader"], header), "{header}");
}

#[test]
fn every_parameter_takes_its_own_default() {
    let template = Stack::new(&[]).template;
    for (name, parameter) in section(&template, "Parameters") {
        let default = text(parameter.get("Default").unwrap());
        assert!(takes(parameter, &default), "{name} does not take {default:?}");
        for allowed in parameter["AllowedValues"].as_array().into_iter().flatten() {
            assert!(takes(parameter, &text(allowed)), "{name} does not take {allowed}");
        }
    }
}

#[rstest]
#[case::of_the_pattern(json!({ "Type": "String", "AllowedPattern": "a+" }), "aa", true)]
#[case::with_more_than_the_pattern(json!({ "Type": "String", "AllowedPattern": "a+" }), "aab", false)]
#[case::of_a_list(json!({ "Type": "CommaDelimitedList", "AllowedPattern": "a+|b" }), "aa,b", true)]
#[case::of_a_list_and_one_more(json!({ "Type": "CommaDelimitedList", "AllowedPattern": "a+|b" }), "aa,c", false)]
#[case::another_than_is_allowed(json!({ "Type": "String", "AllowedValues": ["true", "false"] }), "yes", false)]
#[case::too_long(json!({ "Type": "String", "MaxLength": 2 }), "äöü", false)]
#[case::not_too_long(json!({ "Type": "String", "MaxLength": 3 }), "äöü", true)]
#[case::too_little(json!({ "Type": "Number", "MinValue": 1 }), "0", false)]
#[case::no_number(json!({ "Type": "Number" }), "", false)]
fn a_parameter_takes_what_its_constraints_say(#[case] parameter: Value, #[case] value: &str, #[case] passes: bool) {
    assert_eq!(takes(&parameter, value), passes);
}

#[test]
fn what_is_named_after_the_stack_has_room_for_the_longest_name() {
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
    // Whatever else holds the stack's name is looked at elsewhere.
    let elsewhere = ["AWS::CloudWatch::Alarm", "AWS::Logs::QueryDefinition"];
    for (name, resource) in section(&stack.template, "Resources") {
        let holds = stack.value(&resource["Properties"]).to_string().contains(&"s".repeat(LONGEST_NAME));
        let is_known = names.iter().any(|about| about["resource"] == *name);
        assert!(!holds || is_known || elsewhere.contains(&stack.kind(name)), "{name} holds the stack's name");
    }
}

#[test]
fn the_functions_variables_have_room_for_the_longest_parameters() {
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
