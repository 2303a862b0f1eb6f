//! The authorizer of other APIs: statement 32, it denies whatever it cannot decide.

use authorizer::Authorizer;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    domain::PasswordHash,
    runtime::{
        config::{AuthorizerChecks, ConfigError},
        lambda::{Invoked, InvokedFunction},
    },
    store::AccessChange,
};

use crate::{
    logs,
    world::{CHEAP_HASH, ISSUER, World},
};

const ADA: &str = "ada@example.com";
const METHOD_ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef123/test/GET/orders/7";

async fn world(checks: AuthorizerChecks) -> World {
    let mut world = World::new().await;
    world.configure(|config| config.authorizer_checks = checks);
    world.register(ADA).await;
    world
}

async fn answer(world: &World, event: Value) -> Value {
    world.requests.forget();
    let function = InvokedFunction::new(Authorizer::new(&world.service).unwrap(), &world.service);
    function.call(event).await
}

/// As an HTTP API asks, with payload format 2.0.
fn http_event(headers: Value) -> Value {
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": METHOD_ARN,
        "identitySource": ["Bearer x"],
        "routeKey": "GET /orders/{id}",
        "headers": headers,
        "requestContext": { "requestId": "request-1", "http": { "method": "GET", "path": "/orders/7" } },
    })
}

/// As a REST API asks with all of the request.
fn rest_event(token: &str) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "headers": { "Authorization": token },
        "multiValueHeaders": { "Authorization": [token] },
        "requestContext": { "requestId": "request-1" },
    })
}

/// As a REST API asks with the token alone.
fn token_event(token: &str) -> Value {
    json!({ "type": "TOKEN", "methodArn": METHOD_ARN, "authorizationToken": token })
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn passes(answer: &Value) -> bool {
    answer["isAuthorized"] == true || answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
}

/// A policy that denies all of the stage, to nobody.
fn denial() -> Value {
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": "Deny", "Resource": "arn:aws:execute-api:eu-west-1:123456789012:abcdef123/test/*" });
    json!({ "principalId": "nobody", "policyDocument": { "Version": "2012-10-17", "Statement": [statement] } })
}

#[rstest]
#[case::at_the_token_alone(AuthorizerChecks::Token, 0)]
#[case::at_the_user_too(AuthorizerChecks::User, 1)]
#[tokio::test]
async fn a_good_token_passes_with_its_context(#[case] checks: AuthorizerChecks, #[case] requests: usize) {
    let world = world(checks).await;
    let login = world.log_in(ADA).await;
    let access = login.text("access");
    let verified = world.service.access_tokens().verify_token(access, ISSUER).await.unwrap();
    let user = world.account(ADA).await.user.id.to_string();
    let context =
        json!({ "user_id": user, "session_id": verified.session_id, "expires_at": verified.expires_at.to_string() });

    let simple = answer(&world, http_event(json!({ "authorization": bearer(access) }))).await;
    assert_eq!(simple, json!({ "isAuthorized": true, "context": context }));
    assert_eq!(world.requests.rounds_and_all(), (requests, requests));
    for event in [rest_event(&bearer(access)), token_event(&bearer(access))] {
        let policy = answer(&world, event).await;
        let mut expected = denial();
        expected["principalId"] = user.clone().into();
        expected["policyDocument"]["Statement"][0]["Effect"] = "Allow".into();
        expected["context"] = context.clone();
        assert_eq!(policy, expected);
    }
}

#[rstest]
#[case::in_lower_case("authorization", "Bearer")]
#[case::in_capitals("AUTHORIZATION", "Bearer")]
#[case::as_browsers_write_it("Authorization", "bearer")]
#[tokio::test]
async fn a_header_in_any_case_is_read(#[case] name: &str, #[case] scheme: &str) {
    let world = world(AuthorizerChecks::Token).await;
    let login = world.log_in(ADA).await;
    let value = format!("{scheme} {}", login.text("access"));
    assert!(passes(&answer(&world, http_event(json!({ name: value }))).await));
    let mut event = rest_event(&value);
    event["headers"] = json!({ name: value });
    event["multiValueHeaders"] = json!({ name: [value] });
    assert!(passes(&answer(&world, event).await));
}

#[rstest]
#[case::no_headers(|_: &str| Value::Null)]
#[case::headers_that_are_none(|_: &str| json!([]))]
#[case::no_header(|_: &str| json!({ "x": "y" }))]
#[case::an_empty_one(|_: &str| json!({ "authorization": "" }))]
#[case::one_that_is_a_list(|good: &str| json!({ "authorization": [good] }))]
#[case::no_scheme(|good: &str| json!({ "authorization": good.trim_start_matches("Bearer ") }))]
#[case::another_scheme(|good: &str| json!({ "authorization": good.replace("Bearer", "Basic") }))]
#[case::two_of_them_in_different_cases(|good: &str| json!({ "authorization": good, "Authorization": "Bearer x" }))]
#[case::two_of_them_joined(|good: &str| json!({ "authorization": format!("{good},{good}") }))]
#[case::two_of_them_joined_with_a_blank(|good: &str| json!({ "authorization": format!("{good}, Bearer x") }))]
#[case::more_behind_it(|good: &str| json!({ "authorization": format!("{good}x") }))]
#[case::a_forged_one(|good: &str| json!({ "authorization": format!("{}.AAAA", good.rsplit_once('.').unwrap().0) }))]
#[case::one_of_100_kb(|_: &str| json!({ "authorization": format!("Bearer {}", "A".repeat(100_000)) }))]
#[case::one_of_100_kb_that_begins_well(|good: &str| json!({ "authorization": format!("{good}{}", "A".repeat(100_000)) }))]
#[tokio::test]
async fn statement_32_a_request_is_denied_with(#[case] headers: fn(&str) -> Value) {
    let world = world(AuthorizerChecks::User).await;
    let login = world.log_in(ADA).await;
    let good = bearer(login.text("access"));
    logs::take();
    let denied = answer(&world, http_event(headers(&good))).await;
    let lines = logs::lines();
    assert_eq!(denied, json!({ "isAuthorized": false }));
    assert_eq!(lines.iter().filter(|line| line["event"] == "authn_token_fail").count(), 1, "{lines:?}");
    let mut event = rest_event("Bearer x");
    (event["headers"], event["multiValueHeaders"]) = (headers(&good), Value::Null);
    assert_eq!(answer(&world, event).await, denial());
    assert_eq!(world.requests.rounds_and_all(), (0, 0));
}

#[tokio::test]
async fn statement_32_a_rest_api_s_request_with_two_headers_is_denied() {
    let world = world(AuthorizerChecks::Token).await;
    let good = bearer(world.log_in(ADA).await.text("access"));
    let mut event = rest_event(&good);
    event["multiValueHeaders"]["Authorization"] = json!(["Bearer x", good]);
    assert_eq!(answer(&world, event).await, denial());
}

#[rstest]
#[case::of_a_newer_payload_format(|event: &mut Value| event["version"] = "3.0".into())]
#[case::of_no_payload_format(|event: &mut Value| event["version"] = Value::Null)]
#[case::whose_payload_format_is_a_number(|event: &mut Value| event["version"] = 2.into())]
#[case::of_both_forms(|event: &mut Value| event["methodArn"] = METHOD_ARN.into())]
#[case::that_is_null(|event: &mut Value| *event = Value::Null)]
#[case::that_is_empty(|event: &mut Value| *event = json!({}))]
#[case::that_is_a_list(|event: &mut Value| *event = json!([event.clone()]))]
#[case::of_a_queue(|event: &mut Value| *event = json!({ "Records": [] }))]
#[tokio::test]
async fn statement_32_an_event_is_denied_and_logged(#[case] change: fn(&mut Value)) {
    let world = world(AuthorizerChecks::User).await;
    let mut event = http_event(json!({ "authorization": bearer(world.log_in(ADA).await.text("access")) }));
    change(&mut event);
    logs::take();
    let denied = answer(&world, event).await;
    let lines = logs::lines();
    assert_eq!(denied, json!({ "isAuthorized": false }));
    let failed = lines.iter().find(|line| line["event"] == "request_failed").unwrap();
    assert!(failed["error"].as_str().unwrap().contains("payload format version 2.0"), "{failed}");
}

#[tokio::test]
async fn statement_32_an_expired_token_is_denied() {
    let world = world(AuthorizerChecks::Token).await;
    let good = bearer(world.log_in(ADA).await.text("access"));
    world.wait(299);
    assert!(passes(&answer(&world, token_event(&good)).await));
    world.wait(1);
    assert_eq!(answer(&world, token_event(&good)).await, denial());
}

#[rstest]
#[case::disabled(AccessChange::Disable)]
#[case::given_a_new_password(AccessChange::Password(PasswordHash::new(CHEAP_HASH.into())))]
#[tokio::test]
async fn statement_32_a_user_who_is_(#[case] change: AccessChange) {
    let mut world = world(AuthorizerChecks::User).await;
    let event = http_event(json!({ "authorization": bearer(world.log_in(ADA).await.text("access")) }));
    assert!(passes(&answer(&world, event.clone()).await));
    let users = world.service.users();
    users.change_access(world.account(ADA).await, &change).await.unwrap().unwrap();
    logs::take();
    let denied = answer(&world, event.clone()).await;
    let lines = logs::lines();
    assert_eq!(denied, json!({ "isAuthorized": false }));
    assert_eq!(lines.iter().filter(|line| line["event"] == "authn_token_fail").count(), 1);
    // Without a look at the user the token is good until it expires.
    world.configure(|config| config.authorizer_checks = AuthorizerChecks::Token);
    assert!(passes(&answer(&world, event).await));
}

#[tokio::test]
async fn statement_32_a_deleted_user_is_denied() {
    let world = world(AuthorizerChecks::User).await;
    let event = http_event(json!({ "authorization": bearer(world.log_in(ADA).await.text("access")) }));
    world.service.users().delete(world.account(ADA).await).await.unwrap();
    assert_eq!(answer(&world, event).await, json!({ "isAuthorized": false }));
}

#[tokio::test]
async fn statement_32_while_dynamodb_is_down_a_look_at_the_user_denies() {
    let mut world = world(AuthorizerChecks::User).await;
    let event = http_event(json!({ "authorization": bearer(world.log_in(ADA).await.text("access")) }));
    world.stop_dynamodb().await;
    logs::take();
    let denied = answer(&world, event).await;
    let lines = logs::lines();
    assert_eq!(denied, json!({ "isAuthorized": false }));
    assert!(lines.iter().any(|line| line["event"] == "request_failed"), "{lines:?}");
}

#[tokio::test]
async fn statement_32_while_the_secret_cannot_be_read_everybody_is_denied() {
    let mut world = world(AuthorizerChecks::Token).await;
    let good = bearer(world.log_in(ADA).await.text("access"));
    world.lose_secret().await;
    logs::take();
    assert_eq!(answer(&world, http_event(json!({ "authorization": good }))).await, json!({ "isAuthorized": false }));
    assert!(logs::lines().iter().any(|line| line["event"] == "request_failed" && line["status"] == 503));
    assert_eq!(answer(&world, rest_event(&good)).await, denial());
}

#[tokio::test]
async fn without_an_issuer_it_does_not_start() {
    let mut world = World::new().await;
    world.configure(|config| config.api_url = shared::http::ApiUrl::new("https://{api}.example.com"));
    let Err(error @ ConfigError::Missing { name: "TOKEN_ISSUER", .. }) = Authorizer::new(&world.service) else {
        panic!()
    };
    assert!(error.to_string().starts_with("TOKEN_ISSUER is not set: set it to the iss claim"), "{error}");
    world.configure(|config| config.token_issuer = Some("pyshop-auth".into()));
    assert!(Authorizer::new(&world.service).is_ok());
}
