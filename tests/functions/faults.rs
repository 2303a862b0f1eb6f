//! Internal failures, and the responses to them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    Router,
    http::{HeaderMap, StatusCode},
};
use local::{Database, Options};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    Error,
    http::{Method, Request, Response},
    random::Random,
    runtime::{
        Service,
        lambda::{Endpoint, Function},
    },
};
use tokio::net::TcpListener;

use crate::world::{World, event};

#[tokio::test]
async fn statement_23_without_dynamodb_every_request_gets_503_with_retry_after() {
    let mut world = World::new().await;
    world.register("ada@example.com").await;
    let login = world.log_in("ada@example.com").await;
    world.stop_dynamodb().await;
    let answers = [
        world.register("grace@example.com").await,
        world.log_in("ada@example.com").await,
        world.refresh(login.text("refresh")).await,
        world.log_out(login.text("refresh")).await,
        world.me("GET", login.text("access"), &json!({})).await,
        world.me("PUT", login.text("access"), &json!({ "username": "ada" })).await,
    ];
    for answer in answers {
        answer.is_detail(503, "Service temporarily unavailable.");
        assert_eq!(answer.headers["retry-after"], "1");
    }
}

#[tokio::test]
async fn a_missing_table_makes_the_service_unavailable() {
    let world = World::new().await;
    world.client.delete_table().table_name("UsersTable").send().await.unwrap();
    world.log_in("ada@example.com").await.is_detail(503, "Service temporarily unavailable.");
}

#[rstest]
#[case::an_invalid_hash("password_hash", AttributeValue::S("swordfish".into()))]
#[case::an_id_out_of_range("user_id", AttributeValue::N("0".into()))]
#[case::an_id_that_is_not_a_number("user_id", AttributeValue::S("ada".into()))]
#[tokio::test]
async fn a_corrupt_item_is_an_internal_error(#[case] name: &str, #[case] value: AttributeValue) {
    let world = World::new().await;
    world.register("ada@example.com").await;
    world.set_user("email#ada@example.com", name, value).await;
    world.log_in("ada@example.com").await.is_detail(500, "Internal server error.");
}

/// An endpoint with a bug.
struct Faulty;

impl Endpoint for Faulty {
    const NAME: &'static str = "faulty";
    const PATHS: &'static [&'static str] = &["/api/faulty"];
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(_: &Service) -> Self {
        Self
    }

    async fn handle(&self, _: &Request) -> Result<Response, Error> {
        panic!("a bug")
    }
}

#[tokio::test]
async fn statement_21_a_panic_is_an_internal_error_and_the_next_request_is_served() {
    let world = World::new().await;
    let function = Function::new(Faulty, &world.service);
    for _ in 0..2 {
        let answer = world.send(&function, event::<Faulty>("POST", None, &json!({}))).await;
        answer.is_detail(500, "Internal server error.");
        assert_eq!(answer.headers["x-request-id"], "request-1");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

/// An endpoint that never responds.
struct Endless;

impl Endpoint for Endless {
    const NAME: &'static str = "endless";
    const PATHS: &'static [&'static str] = &["/api/endless"];
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(_: &Service) -> Self {
        Self
    }

    async fn handle(&self, _: &Request) -> Result<Response, Error> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn statement_23_a_request_times_out_before_its_function() {
    let template: serde_norway::Value = serde_norway::from_str(include_str!("../../template.yaml")).unwrap();
    let function = Duration::from_secs(template["Globals"]["Function"]["Timeout"].as_u64().unwrap());
    let limits = shared::timeouts::Timeouts::default();
    assert!(limits.connect < limits.attempt && limits.attempt < limits.operation && limits.operation < limits.request);
    assert!(limits.request + limits.wipe < function);

    let world = World::new().await;
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let answer = world.send(&Function::new(Endless, &world.service), event::<Endless>("POST", None, &json!({}))).await;
    assert!(start.elapsed() < function, "{:?}", start.elapsed());
    answer.is_detail(503, "Service temporarily unavailable.");
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_body_in_invalid_base64_is_a_client_error() {
    let world = World::new().await;
    let mut event = event::<login::Login>("POST", None, &Value::Null);
    event["body"] = "!!!".into();
    event["isBase64Encoded"] = true.into();
    let answer = world.send(&Function::new(login::Login::new(&world.service), &world.service), event).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text("detail").starts_with("JSON parse error - "), "{answer:?}");
}

/// A DynamoDB that cancels the first `times` transactions because of a conflict. Also returns the number of transactions
/// it has received.
async fn conflicting(times: usize) -> (World, Arc<AtomicUsize>) {
    const CONFLICT: &str = r#"{
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}, {"Code": "None"}]
    }"#;
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    let answer = async move |headers: HeaderMap| {
        let is_transaction = headers["x-amz-target"].as_bytes().ends_with(b".TransactWriteItems");
        if is_transaction && counter.fetch_add(1, Ordering::Relaxed) < times {
            (StatusCode::BAD_REQUEST, CONFLICT)
        } else {
            (StatusCode::OK, "{}")
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    let options = Options { dynamodb_endpoint: Some(endpoint), ..Options::for_tests() };
    // Without randomness, backoff does not wait.
    let random = Random::new(|bytes| bytes.fill(0));
    (World::on(Database::start(&options).await.unwrap(), Duration::ZERO, random).await, seen)
}

#[rstest]
#[case::never(0, 1)]
#[case::once(1, 2)]
#[case::four_times(4, 5)]
#[tokio::test]
async fn statement_24_a_conflicting_transaction_is_retried(#[case] conflicts: usize, #[case] attempts: usize) {
    let (world, seen) = conflicting(conflicts).await;
    assert_eq!(world.register("ada@example.com").await.status, 201);
    assert_eq!(seen.load(Ordering::Relaxed), attempts);
}

#[tokio::test]
async fn statement_24_a_transaction_that_always_conflicts_is_given_up() {
    let (world, seen) = conflicting(usize::MAX).await;
    world.register("ada@example.com").await.is_detail(503, "Service temporarily unavailable.");
    assert_eq!(seen.load(Ordering::Relaxed), 5);
}
