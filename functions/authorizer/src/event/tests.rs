use rstest::rstest;

use super::*;

#[rstest]
#[case::of_a_path(
    "arn:aws:execute-api:eu-west-1:1:api/prod/GET/orders/7",
    "arn:aws:execute-api:eu-west-1:1:api/prod/*"
)]
#[case::of_the_root("arn:aws:execute-api:eu-west-1:1:api/prod/GET/", "arn:aws:execute-api:eu-west-1:1:api/prod/*")]
#[case::of_the_default_stage(
    "arn:aws-cn:execute-api:cn-north-1:1:api/$default/ANY/x",
    "arn:aws-cn:execute-api:cn-north-1:1:api/$default/*"
)]
#[case::that_is_none("arn", "arn")]
#[case::that_is_empty("", "")]
fn a_policy_is_about_the_whole_stage_of_a_method(#[case] method: &str, #[case] expected: &str) {
    assert_eq!(whole_stage(method), expected);
}

#[rstest]
#[case::of_an_http_api(json!({ "version": "2.0" }), Some(Form::Simple))]
#[case::of_an_http_api_with_the_former_format(json!({ "version": "1.0", "methodArn": "arn" }), Some(Form::Policy("arn")))]
#[case::of_a_rest_api(json!({ "type": "TOKEN", "methodArn": "arn" }), Some(Form::Policy("arn")))]
#[case::of_a_websocket_api_s_route(json!({ "type": "REQUEST", "methodArn": "arn" }), Some(Form::Policy("arn")))]
#[case::of_a_format_to_come(json!({ "version": "3.0", "methodArn": "arn" }), None)]
#[case::without_the_method(json!({ "version": "1.0" }), None)]
#[case::of_nothing(json!(null), None)]
fn the_form_of_an_answer_follows_from_the_event(#[case] event: Value, #[case] expected: Option<Form<'_>>) {
    assert_eq!(Form::of(&event), expected);
}

#[rstest]
#[case::alone(json!({ "headers": { "authorization": "Bearer a" } }), Some("Bearer a"))]
#[case::of_a_token_event(json!({ "type": "TOKEN", "authorizationToken": "Bearer a", "headers": {} }), Some("Bearer a"))]
#[case::of_a_token_event_that_is_none(json!({ "authorizationToken": "Bearer a", "headers": {} }), None)]
#[case::listed_once(json!({ "headers": { "A": "b", "Authorization": "Bearer a" }, "multiValueHeaders": { "authorization": ["Bearer a"] } }), Some("Bearer a"))]
#[case::listed_twice(json!({ "headers": { "Authorization": "Bearer a" }, "multiValueHeaders": { "authorization": ["Bearer a", "Bearer a"] } }), None)]
#[case::in_two_cases(json!({ "headers": { "Authorization": "Bearer a", "authorization": "Bearer a" } }), None)]
#[case::in_a_list_alone(json!({ "multiValueHeaders": { "Authorization": ["Bearer a"] } }), None)]
#[case::of_another_type(json!({ "headers": { "Authorization": 1 } }), None)]
fn there_is_a_header_if_there_is_exactly_one(#[case] event: Value, #[case] expected: Option<&str>) {
    assert_eq!(authorization(&event), expected);
}
