//! Checks the definition, the routes and the settings of the HTTP API against the documentation of API Gateway.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Value, json};

use super::{stack::Stack, text};

/// The longest time that an HTTP API waits for a function, in seconds
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const LONGEST_ANSWER: u64 = 30;

/// The name of a member, and a check of its value.
type Member = (&'static str, fn(&Value) -> bool);

/// The members that the CORS extension of a definition may have, with their types.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-cors-configuration.html
const CORS: [Member; 6] = [
    ("allowCredentials", Value::is_boolean),
    ("allowHeaders", is_list),
    ("allowMethods", is_list),
    ("allowOrigins", is_list),
    ("exposeHeaders", is_list),
    ("maxAge", Value::is_u64),
];

/// The settings that a route of an HTTP API may have, with their types: the schema `RouteSettings` of
/// <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html>.
const SETTINGS: [Member; 3] = [
    ("DetailedMetricsEnabled", Value::is_boolean),
    ("ThrottlingBurstLimit", Value::is_u64),
    ("ThrottlingRateLimit", Value::is_number),
];

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

fn is_list(value: &Value) -> bool {
    let is_member = |member: &Value| member.as_str().is_some_and(|text| !text.is_empty());
    value.as_array().is_some_and(|members| members.iter().all(is_member))
}

/// The members that are unknown or have the wrong type.
fn strange(members: &Value, known: &[Member]) -> Vec<String> {
    let fits = |name: &str, value: &Value| known.iter().any(|(known, is_one)| *known == name && is_one(value));
    let members = members.as_object().unwrap().iter().filter(|(name, value)| !fits(name, value));
    members.map(|(name, value)| format!("{name}: {value}")).collect()
}

/// The key of the route for an event of a function.
fn key(event: &Value) -> String {
    format!("{} {}", text(&event["Properties"]["Method"]), text(&event["Properties"]["Path"]))
}

/// The keys of all routes, and of the unconditional ones.
fn routes(stack: &Stack) -> [BTreeSet<String>; 2] {
    let functions = stack.template["Resources"].as_object().unwrap().values();
    let functions: Vec<_> = functions.filter(|resource| resource["Type"] == "AWS::Serverless::Function").collect();
    [true, false].map(|also_conditional| {
        let functions = functions.iter().filter(|function| also_conditional || function.get("Condition").is_none());
        let events = functions.flat_map(|function| function["Properties"]["Events"].as_object().into_iter().flatten());
        let events = events.map(|(_, event)| event);
        events.filter(|event| event["Type"] == "HttpApi").map(key).collect()
    })
}

/// Whether this is a valid key of a route: a method and a path, in which only the last segment may be greedy
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>).
fn is_key(key: &str) -> bool {
    let Some((method, path)) = key.split_once(" /") else { return key == "$default" };
    let segments: Vec<_> = path.split('/').collect();
    let is_segment = |(index, segment): (usize, &&str)| {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match name.map(|name| (name.trim_end_matches('+'), name.ends_with('+'))) {
            Some((name, is_greedy)) => is_word(name) && (!is_greedy || index + 1 == segments.len()),
            None => is_word(segment),
        }
    };
    METHODS.contains(&method) && segments.iter().enumerate().all(is_segment)
}

/// Whether a text is not empty and consists of characters that need no escape in a path.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[test]
fn every_route_has_a_valid_key() {
    let [all, always] = routes(&Stack::new(&[]));
    assert_eq!((all.len(), always.len()), (18, 14));
    let wrong: Vec<_> = all.iter().filter(|key| !is_key(key)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn only_unconditional_routes_have_settings_and_those_are_numbers_for_every_allowed_rate() {
    let template = Stack::new(&[]).template;
    let [_, always] = routes(&Stack::new(&[]));
    for rate in template["Parameters"]["RequestsPerSecond"]["AllowedValues"].as_array().unwrap() {
        let parameters = ["RequestsPerSecond", "HashingRequestsPerSecond"].map(|name| (name, rate.as_str().unwrap()));
        let gateway = Stack::new(&parameters).properties("HttpApi").unwrap();
        for (key, settings) in gateway["RouteSettings"].as_object().unwrap() {
            assert!(
                always.contains(key),
                "{key} may be missing, and API Gateway refuses to remove a route that has settings"
            );
            assert_eq!(strange(settings, &SETTINGS), [""; 0], "{key} at {rate}");
        }
        assert_eq!(strange(&gateway["DefaultRouteSettings"], &SETTINGS), [""; 0]);
    }
}

#[test]
fn the_definition_is_one_that_api_gateway_can_import() {
    for (parameters, has_cors) in [
        (&[][..], false),
        (&[("CorsOrigins", "https://a.example,https://b.example"), ("CorsHeaders", "authorization,baggage")][..], true),
    ] {
        let definition = Stack::new(parameters).properties("HttpApi").unwrap()["DefinitionBody"].clone();
        // HTTP APIs import version 3.0 of OpenAPI
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html).
        assert!(definition["openapi"].as_str().unwrap().starts_with("3.0."), "{definition}");
        assert!(definition["info"]["title"].is_string() && definition["info"]["version"].is_string(), "{definition}");
        assert!(definition["paths"].is_object(), "{definition}");
        let cors = definition.get("x-amazon-apigateway-cors");
        assert_eq!(cors.is_some(), has_cors);
        let Some(cors) = cors else { continue };
        assert_eq!(strange(cors, &CORS), [""; 0]);
        let methods = cors["allowMethods"].as_array().unwrap();
        assert!(methods.iter().all(|method| METHODS.iter().any(|known| method == known)), "{methods:?}");
        assert_eq!(cors["allowOrigins"], json!(["https://a.example", "https://b.example"]));
    }
}

#[test]
fn the_gateway_waits_longer_than_the_timeout_of_the_functions() {
    let template = Stack::new(&[]).template;
    let timeout = template["Globals"]["Function"]["Timeout"].as_u64().unwrap();
    assert!(timeout <= LONGEST_ANSWER, "{timeout}");
    for (name, resource) in template["Resources"].as_object().unwrap() {
        assert!(resource["Properties"].get("Timeout").is_none(), "{name} has its own");
    }
}

#[rstest]
#[case::a_path("GET /api/me", true)]
#[case::a_greedy_path("ANY /api/me/{proxy+}", true)]
#[case::a_variable("PUT /api/users/{id}/name", true)]
#[case::the_default("$default", true)]
#[case::a_trailing_slash("ANY /api/me/", false)]
#[case::an_empty_segment("ANY //", false)]
#[case::a_greedy_segment_in_the_middle("ANY /api/{proxy+}/me", false)]
#[case::a_variable_without_a_name("ANY /api/{}", false)]
#[case::no_method("/api/me", false)]
#[case::an_unknown_method("CONNECT /api/me", false)]
#[case::a_method_in_lower_case("get /api/me", false)]
#[case::a_query("GET /api/me?x", false)]
fn only_keys_that_api_gateway_accepts_are_valid(#[case] key: &str, #[case] passes: bool) {
    assert_eq!(is_key(key), passes);
}

#[rstest]
#[case::strings(json!({ "ThrottlingRateLimit": "20", "ThrottlingBurstLimit": "20" }), 2)]
#[case::a_fractional_burst(json!({ "ThrottlingRateLimit": 1.25, "ThrottlingBurstLimit": 1.5 }), 1)]
#[case::settings_of_websocket_apis(json!({ "LoggingLevel": "INFO", "DataTraceEnabled": true }), 2)]
#[case::numbers(json!({ "ThrottlingRateLimit": 1.25, "ThrottlingBurstLimit": 1, "DetailedMetricsEnabled": false }), 0)]
fn unknown_settings_and_wrong_types_are_reported(#[case] settings: Value, #[case] count: usize) {
    assert_eq!(strange(&settings, &SETTINGS).len(), count);
}

#[rstest]
#[case::another_spelling(json!({ "AllowOrigins": ["https://a.example"] }), 1)]
#[case::an_origin_outside_a_list(json!({ "allowOrigins": "https://a.example" }), 1)]
#[case::an_empty_origin(json!({ "allowOrigins": [""] }), 1)]
#[case::an_age_as_a_string(json!({ "maxAge": "3600" }), 1)]
#[case::valid_members(json!({ "allowOrigins": ["*"], "allowCredentials": false, "maxAge": 0, "allowMethods": ["GET"] }), 0)]
fn unknown_cors_members_and_wrong_types_are_reported(#[case] cors: Value, #[case] count: usize) {
    assert_eq!(strange(&cors, &CORS).len(), count);
}
