//! How many DynamoDB requests each call sends, which determines its cost, and how many of them are sequential, which
//! determines its latency.

use std::time::Duration;

use serde_json::json;
use shared::{random::Random, runtime::lambda::Endpoint};

use crate::world::{Answer, PASSWORD, World, event};

/// A service as deployed that has already read its settings.
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
async fn a_registration_is_counted_before_the_user_is_created() {
    let world = warm_world().await;
    let answer = world.register("ada@example.com").await;
    assert_requests(&world, &answer, 201, 2, 2);
    let answer = world.register("ada@example.com").await;
    assert_requests(&world, &answer, 400, 2, 2);
}

#[tokio::test]
async fn a_registration_with_a_weak_password_sends_no_requests() {
    let world = warm_world().await;
    let answer = world.post::<register::Register>(&json!({ "email": "ada@example.com", "password": "12345678" })).await;
    assert_requests(&world, &answer, 400, 0, 0);
}

#[tokio::test]
async fn a_login_takes_two_requests_and_only_a_failed_one_is_counted() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let answer = world.log_in("ada@example.com").await;
    assert_requests(&world, &answer, 200, 2, 2);
    let answer = world.log_in("nobody@example.com").await;
    // Counted for the source, with and without the account, in parallel; then for the account.
    assert_requests(&world, &answer, 401, 3, 4);
    world.post::<login::Login>(&json!({ "email": "ada@example.com", "password": "wrong" })).await;
    let answer = world.log_in("ada@example.com").await;
    // While there are failures, the source is remembered in parallel with opening the session.
    assert_requests(&world, &answer, 200, 2, 3);
    let answer = world.log_in("ada@example.com").await;
    assert_requests(&world, &answer, 200, 2, 2);
}

#[tokio::test]
async fn a_refresh_takes_one_request() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let token = world.log_in("ada@example.com").await.text("refresh").to_owned();
    let answer = world.refresh(&token).await;
    // One request reads both the session and the user.
    assert_requests(&world, &answer, 200, 1, 1);
}

#[tokio::test]
async fn statement_15_a_forged_token_sends_no_requests() {
    let world = warm_world().await;
    let answer = world.refresh("psr_AAAA").await;
    assert_requests(&world, &answer, 401, 0, 0);
    let answer = world.log_out("psr_AAAA").await;
    assert_requests(&world, &answer, 401, 0, 0);
    let answer = world.me("GET", "a.b.c", &json!({})).await;
    assert_requests(&world, &answer, 401, 0, 0);
}

#[tokio::test]
async fn a_logout_takes_one_request() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let token = world.log_in("ada@example.com").await.text("refresh").to_owned();
    let answer = world.log_out(&token).await;
    assert_requests(&world, &answer, 200, 1, 1);
}

#[tokio::test]
async fn a_profile_read_takes_one_request_and_an_update_two_round_trips() {
    let world = warm_world().await;
    world.register("ada@example.com").await;
    let access = world.log_in("ada@example.com").await.text("access").to_owned();
    let answer = world.me("GET", &access, &json!({})).await;
    assert_requests(&world, &answer, 200, 1, 1);
    let answer = world.me("PUT", &access, &json!({ "username": "ada", "email": "ada@example.org" })).await;
    // The change is counted in parallel with reading the profile.
    assert_requests(&world, &answer, 200, 2, 3);
    let answer = world.me("PUT", &access, &json!({})).await;
    assert_requests(&world, &answer, 200, 1, 1);
}

#[tokio::test]
async fn settings_are_read_in_parallel_with_other_requests() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let login = world.log_in("ada@example.com").await;
    assert_requests(&world, &login, 200, 2, 3);
    let answer = world.refresh(login.text("refresh")).await;
    assert_requests(&world, &answer, 200, 1, 2);
}

#[tokio::test]
async fn a_warmed_up_function_does_not_read_settings_for_its_first_request() {
    let world = World::with(Duration::from_secs(30), Random::system()).await;
    world.register("ada@example.com").await;
    let login = login::Login::new(&world.service);
    login.warm_up().await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let function = shared::runtime::lambda::Function::new(login, &world.service);
    let answer = world.send(&function, event::<login::Login>("POST", None, &body)).await;
    assert_requests(&world, &answer, 200, 2, 2);
}
