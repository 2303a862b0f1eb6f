//! The format of the access log, against the variables that HTTP APIs have.

use rstest::rstest;
use serde_json::{Map, Value};

use super::stack::Stack;

const VARIABLES: &str = include_str!("access_log.json");

/// What a client writes into as it likes, or what may quote it. No document tells whether API Gateway escapes a quote there,
/// and a line that is no JSON is counted by no filter.
const OF_CLIENTS: [&str; 6] =
    ["error.message", "identity.userAgent", "integration.error", "integrationErrorMessage", "path", "protocol"];

/// What API Gateway would not take, or CloudWatch would not read as JSON, a line for each.
fn faults(format: &str) -> Vec<String> {
    let known: Value = serde_json::from_str(VARIABLES).unwrap();
    let known = known["variables"].as_array().unwrap();
    let mut faults = Vec::new();
    // https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html: accessLogSettings
    if format.contains('\n') {
        faults.push("the format has more than one line".into());
    }
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(format) else {
        faults.push("the format is no object of JSON".into());
        return faults;
    };
    // Without its quotes a variable that has no value leaves JSON that cannot be read: a hyphen.
    for (name, value) in &members {
        match value.as_str().and_then(|value| value.strip_prefix("$context.")) {
            Some(variable) if OF_CLIENTS.contains(&variable) => faults.push(format!("a client writes {variable}")),
            Some(variable) if known.iter().any(|known| *known == variable) => {}
            Some(variable) => faults.push(format!("HTTP APIs have no {variable}")),
            None => faults.push(format!("{name} is no variable")),
        }
    }
    if !members.values().any(|value| *value == "$context.requestId" || *value == "$context.extendedRequestId") {
        faults.push("the format lacks the request's id".into());
    }
    faults
}

#[test]
fn the_access_log_has_what_http_apis_know_of_a_request() {
    let gateway = Stack::new(&[]).properties("HttpApi").unwrap();
    assert_eq!(faults(gateway["AccessLogSettings"]["Format"].as_str().unwrap()), [""; 0]);
}

#[rstest]
#[case::what_rest_apis_have(r#"{"id": "$context.requestId", "trace": "$context.xrayTraceId"}"#, "no xrayTraceId")]
#[case::keys_of_rest_apis(r#"{"id": "$context.requestId", "key": "$context.identity.apiKey"}"#, "no identity.apiKey")]
#[case::resources_of_rest_apis(r#"{"id": "$context.requestId", "at": "$context.resourcePath"}"#, "no resourcePath")]
#[case::the_body(r#"{"id": "$context.requestId", "body": "$input.body"}"#, "body is no variable")]
#[case::the_path(r#"{"id": "$context.requestId", "path": "$context.path"}"#, "a client writes path")]
#[case::a_slip(r#"{"id": "$context.requestID"}"#, "no requestID")]
#[case::no_id(r#"{"status": "$context.status"}"#, "lacks the request's id")]
#[case::a_number(r#"{"id": "$context.requestId", "status": $context.status}"#, "no object of JSON")]
#[case::no_json("$context.requestId $context.status", "no object of JSON")]
#[case::two_lines("{\"id\": \"$context.requestId\",\n\"status\": \"$context.status\"}", "more than one line")]
fn a_format_that_http_apis_do_not_have_is_noticed(#[case] format: &str, #[case] told: &str) {
    assert!(faults(format).iter().any(|fault| fault.contains(told)), "{:?}", faults(format));
}
