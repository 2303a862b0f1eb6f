//! How often a call asks DynamoDB: what it costs, and how long it waits.

use std::time::Duration;

use serde_json::json;
use shared::{random::Random, runtime::lambda::Endpoint};

use crate::world::{Answer, PASSWORD, World, event};

/// A deployed function that has answered before, and so has its settings in memory.
async fn warm_world() -> World {
    let world = World::with(Duration::from_secs(30), Random::system()).await;
    world.service.settings().warm_up().await;
    world
}

fn assert_requests(world: &World, answer: &Answer, status: i64, rounds: usize, all: usize) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(world.requests.rounds_and_all(), (rounds, all));
}

#[tokio::test]
async fn a_registration_is_counted_before_it_is_done() {
    let world = warm_world().await;
    let answer = world.register("ada@example.com").await;
    assert_requests(&world, &answer, 201, 2, 2);
    let answer = world.register("ada@example.com").await;
    assert_requests(&world, &answer, 400, 2, 2);
}

#[tokio::test]
async fn a_refused_registration_asks_nothing() {
    let world = warm_world().await;
    let answer = world.post::<register::Register>(&json!({ "email": "ada@example.com", "password": "12345678" })).await;
    assert_requests(&world, &answer, 400, 0, 0);
}

#[tokio::test]
async fn a_login_is_two_requests_and_only_one_that_fails_is_counted() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let answer = world.log_in("ada@example.com").await;
    assert_requests(&world, &answer, 200, 2, 2);
    let answer = world.log_in("nobody@example.com").await;
    // For the source, with the account and without, side by side; then for the account.
    assert_requests(&world, &answer, 401, 3, 4);
    world.post::<login::Login>(&json!({ "email": "ada@example.com", "password": "wrong" })).await;
    let answer = world.log_in("ada@example.com").await;
    // While there are failures the source is remembered, beside the session.
    assert_requests(&world, &answer, 200, 2, 3);
    let answer = world.log_in("ada@example.com").await;
    assert_requests(&world, &answer, 200, 2, 2);
}

#[tokio::test]
async fn a_refresh_waits_for_one_request() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let token = world.log_in("ada@example.com").await.text("refresh").to_owned();
    let answer = world.refresh(&token).await;
    // For the session and the user.
    assert_requests(&world, &answer, 200, 1, 1);
}

#[tokio::test]
async fn statement_15_a_token_that_nobody_issued_asks_nothing() {
    let world = warm_world().await;
    let answer = world.refresh("psr_AAAA").await;
    assert_requests(&world, &answer, 401, 0, 0);
    let answer = world.log_out("psr_AAAA").await;
    assert_requests(&world, &answer, 401, 0, 0);
    let answer = world.me("GET", "a.b.c", &json!({})).await;
    assert_requests(&world, &answer, 401, 0, 0);
}

#[tokio::test]
async fn a_logout_is_one_request() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let token = world.log_in("ada@example.com").await.text("refresh").to_owned();
    let answer = world.log_out(&token).await;
    assert_requests(&world, &answer, 200, 1, 1);
}

#[tokio::test]
async fn a_profile_is_read_with_one_request_and_changed_with_two_in_sequence() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let access = world.log_in("ada@example.com").await.text("access").to_owned();
    let answer = world.me("GET", &access, &json!({})).await;
    assert_requests(&world, &answer, 200, 1, 1);
    let answer = world.me("PUT", &access, &json!({ "username": "ada", "email": "ada@example.org" })).await;
    // The change is counted beside the reading.
    assert_requests(&world, &answer, 200, 2, 3);
    let answer = world.me("PUT", &access, &json!({})).await;
    assert_requests(&world, &answer, 200, 1, 1);
}

#[tokio::test]
async fn settings_are_read_beside_what_is_read_anyway() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let login = world.log_in("ada@example.com").await;
    assert_requests(&world, &login, 200, 2, 3);
    let answer = world.refresh(login.text("refresh")).await;
    assert_requests(&world, &answer, 200, 1, 2);
}

#[tokio::test]
async fn the_first_request_of_a_function_that_was_warmed_up_reads_no_settings() {
    let world = World::with(Duration::from_secs(30), Random::system()).await;
    world.register("ada@example.com").await;
    let login = login::Login::new(&world.service);
    login.warm_up().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let function = shared::runtime::lambda::Function::new(login, &world.service);
    let answer = world.send(&function, event::<login::Login>("POST", None, &body)).await;
    assert_requests(&world, &answer, 200, 2, 2);
}
