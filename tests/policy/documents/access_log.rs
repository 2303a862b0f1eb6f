//! Checks the format of the access log against the variables that HTTP APIs have.

use rstest::rstest;
use serde_json::{Map, Value};

use super::stack::Stack;

const VARIABLES: &str = include_str!("access_log.json");

/// Variables that contain text from clients, or may quote it. It is undocumented whether API Gateway escapes a quote in them, and
/// no filter counts a line that is not JSON.
const OF_CLIENTS: [&str; 6] =
    ["error.message", "identity.userAgent", "integration.error", "integrationErrorMessage", "path", "protocol"];

/// One line for each fault that API Gateway would refuse, or that would keep CloudWatch from reading lines as JSON.
fn faults(format: &str) -> Vec<String> {
    let known: Value = serde_json::from_str(VARIABLES).unwrap();
    let known = known["variables"].as_array().unwrap();
    let mut faults = Vec::new();
    // https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html: accessLogSettings
    if format.contains('\n') {
        faults.push("the format has more than one line".into());
    }
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(format) else {
        faults.push("the format is not a JSON object".into());
        return faults;
    };
    // A variable without a value becomes a hyphen, which is invalid JSON without quotes.
    for (name, value) in &members {
        match value.as_str().and_then(|value| value.strip_prefix("$context.")) {
            Some(variable) if OF_CLIENTS.contains(&variable) => faults.push(format!("a client writes {variable}")),
            Some(variable) if known.iter().any(|known| *known == variable) => {}
            Some(variable) => faults.push(format!("HTTP APIs have no {variable}")),
            None => faults.push(format!("{name} is not a variable")),
        }
    }
    if !members.values().any(|value| *value == "$context.requestId" || *value == "$context.extendedRequestId") {
        faults.push("the format lacks the request id".into());
    }
    faults
}

#[test]
fn the_access_log_uses_variables_of_http_apis() {
    let gateway = Stack::new(&[]).properties("HttpApi").unwrap();
    assert_eq!(faults(gateway["AccessLogSettings"]["Format"].as_str().unwrap()), [""; 0]);
}

#[rstest]
#[case::a_trace_id_of_rest_apis(r#"{"id": "$context.requestId", "trace": "$context.xrayTraceId"}"#, "no xrayTraceId")]
#[case::an_api_key_of_rest_apis(
    r#"{"id": "$context.requestId", "key": "$context.identity.apiKey"}"#,
    "no identity.apiKey"
)]
#[case::a_resource_of_rest_apis(r#"{"id": "$context.requestId", "at": "$context.resourcePath"}"#, "no resourcePath")]
#[case::the_body(r#"{"id": "$context.requestId", "body": "$input.body"}"#, "body is not a variable")]
#[case::the_path(r#"{"id": "$context.requestId", "path": "$context.path"}"#, "a client writes path")]
#[case::a_misspelled_variable(r#"{"id": "$context.requestID"}"#, "no requestID")]
#[case::no_request_id(r#"{"status": "$context.status"}"#, "lacks the request id")]
#[case::a_variable_without_quotes(r#"{"id": "$context.requestId", "status": $context.status}"#, "not a JSON object")]
#[case::no_json("$context.requestId $context.status", "not a JSON object")]
#[case::two_lines("{\"id\": \"$context.requestId\",\n\"status\": \"$context.status\"}", "more than one line")]
fn faulty_formats_are_reported(#[case] format: &str, #[case] expected: &str) {
    assert!(faults(format).iter().any(|fault| fault.contains(expected)), "{:?}", faults(format));
}
