//! Batch reads that DynamoDB answers only in part, as it does when a table is throttled.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, http::HeaderMap};
use local::Database;
use rstest::rstest;
use serde_json::{Value, json};
use shared::random::Random;
use tokio::net::TcpListener;

use crate::world::World;

const ADA: &str = "ada@example.com";

/// A DynamoDB that returns Ada's credentials, and reports all other keys as unprocessed in the first `times` responses.
/// Also returns the number of batch reads it has received.
async fn throttled(times: usize) -> (World, Arc<AtomicUsize>) {
    let real = World::new().await;
    real.register(ADA).await;
    let account = real.account(ADA).await;
    let ada = json!({
        "pk": { "S": format!("email#{ADA}") },
        "user_id": { "N": account.user.id.to_string() },
        "password_hash": { "S": account.password_hash().expose() },
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let answer = async move |headers: HeaderMap, body: Bytes| {
        if !headers["x-amz-target"].as_bytes().ends_with(b".BatchGetItem") {
            return "{}".to_owned();
        }
        let request: Value = serde_json::from_slice(&body).unwrap();
        let mut keys = request["RequestItems"]["UsersTable"]["Keys"].as_array().unwrap().clone();
        let before = keys.len();
        keys.retain(|key| key["pk"] != ada["pk"]);
        // Items that were returned once are not requested again.
        let found = if keys.len() < before { vec![ada.clone()] } else { vec![] };
        let mut answer = json!({ "Responses": { "UsersTable": found } });
        if counter.fetch_add(1, Ordering::Relaxed) < times {
            answer["UnprocessedKeys"] = json!({ "UsersTable": { "Keys": keys, "ConsistentRead": true } });
        }
        answer.to_string()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    // Without randomness, backoff does not wait.
    (World::on(Database::at(&url), Duration::ZERO, Random::new(|bytes| bytes.fill(0))).await, asked)
}

#[rstest]
#[case::once(1)]
#[case::five_times(5)]
#[tokio::test]
async fn statement_24_unprocessed_keys_are_requested_again(#[case] times: usize) {
    let (world, asked) = throttled(times).await;
    assert_eq!(world.log_in(ADA).await.status, 200);
    assert_eq!(asked.load(Ordering::Relaxed), times + 1);
}

#[tokio::test]
async fn statement_24_keys_that_stay_unprocessed_make_the_login_fail() {
    let (world, asked) = throttled(usize::MAX).await;
    world.log_in(ADA).await.is_detail(503, "Service temporarily unavailable.");
    assert_eq!(asked.load(Ordering::Relaxed), 6);
}
