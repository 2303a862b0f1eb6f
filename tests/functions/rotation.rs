//! Rotation of refresh tokens, and the use of tokens that have been replaced.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::json;
use shared::{random::Random, runtime::lambda::Endpoint};

use crate::{
    logs,
    world::{Answer, World},
};

const REFUSED: &str = "Token is invalid or expired.";

/// Turns rotation on, with this grace period in seconds.
async fn rotate(world: &World, grace: u64) {
    let settings = [
        ("ROTATE_REFRESH_TOKENS", AttributeValue::Bool(true)),
        ("REFRESH_TOKEN_GRACE", AttributeValue::N(grace.to_string())),
    ];
    world.set_settings(&settings).await;
}

/// Whether functions have settings in memory when they receive a token. If so, they replace it without reading its session
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Functions {
    New,
    Warm,
}

/// A world with rotation turned on, and the refresh token of a login in it.
async fn rotating(functions: Functions, grace: u64) -> (World, String) {
    let max_age = if functions == Functions::Warm { Duration::from_secs(u32::MAX.into()) } else { Duration::ZERO };
    let world = World::with(max_age, Random::system()).await;
    rotate(&world, grace).await;
    world.service.settings().warm_up().await;
    world.register("ada@example.com").await;
    let token = world.log_in("ada@example.com").await.text("refresh").to_owned();
    (world, token)
}

/// Refreshes, and returns the new refresh token.
async fn next(world: &World, token: &str) -> String {
    let answer = world.refresh(token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text("refresh").to_owned()
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.body.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_refresh_without_rotation_returns_no_new_refresh_token() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let token = world.log_in("ada@example.com").await.text("refresh").to_owned();
    for _ in 0..3 {
        let answer = world.refresh(&token).await;
        assert_eq!((answer.status, names(&answer)), (200, vec!["access"]));
    }
}

#[rstest]
#[tokio::test]
async fn statement_17_with_rotation_every_use_returns_a_new_token(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, mut token) = rotating(functions, 10).await;
    for _ in 0..5 {
        let answer = world.refresh(&token).await;
        assert_eq!((answer.status, names(&answer)), (200, vec!["access", "refresh"]));
        assert_ne!(answer.text("refresh"), token);
        assert_eq!(world.me("GET", answer.text("access"), &json!({})).await.status, 200);
        token = answer.text("refresh").to_owned();
    }
}

#[rstest]
#[tokio::test]
async fn statement_17_a_replaced_token_returns_the_same_successor_during_the_grace_period(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, first) = rotating(functions, 10).await;
    let second = next(&world, &first).await;
    for _ in 0..3 {
        world.wait(3);
        assert_eq!(next(&world, &first).await, second);
    }
    // Using it did not extend the grace period.
    world.wait(1);
    world.refresh(&first).await.is_detail(401, REFUSED);
}

#[rstest]
#[case::the_previous_token_after_the_grace_period(10, 1)]
#[case::the_previous_token_without_a_grace_period(0, 1)]
#[case::the_token_before_the_previous_one(10, 2)]
#[case::the_first_of_many(60, 5)]
#[tokio::test]
async fn statement_17_reuse_of_an_old_token_ends_the_session_and_is_logged(
    #[case] grace: u64,
    #[case] steps: usize,
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, first) = rotating(functions, grace).await;
    let mut last = first.clone();
    for _ in 0..steps {
        last = next(&world, &last).await;
    }
    if steps == 1 {
        world.wait(grace);
    }
    logs::take();
    world.refresh(&first).await.is_detail(401, REFUSED);
    let log = logs::take();
    assert!(logs::warns(&log, "authn_token_reuse"), "{log}");
    world.refresh(&last).await.is_detail(401, REFUSED);
    world.log_out(&last).await.is_detail(401, REFUSED);
    assert!(!logs::take().contains("authn_token_reuse"));
}

#[rstest]
#[tokio::test]
async fn statement_16_rotation_does_not_extend_the_session(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, mut token) = rotating(functions, 10).await;
    for _ in 0..29 {
        world.wait(86_400);
        token = next(&world, &token).await;
    }
    world.wait(86_399);
    token = next(&world, &token).await;
    world.wait(1);
    world.refresh(&token).await.is_detail(401, REFUSED);
}

#[rstest]
#[tokio::test]
async fn statement_18_fifty_concurrent_uses_return_the_same_working_token(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, token) = rotating(functions, 10).await;
    let uses = (0..50).map(|_| world.refresh(&token));
    let answers = futures_util::future::join_all(uses).await;
    let second = answers[0].text("refresh").to_owned();
    for answer in &answers {
        assert_eq!((answer.status, answer.text("refresh")), (200, second.as_str()));
    }
    let third = next(&world, &second).await;
    assert_ne!(third, second);
    world.refresh(&token).await.is_detail(401, REFUSED);
}

#[rstest]
#[tokio::test]
async fn statement_18_uses_that_race_a_logout_never_revive_the_session(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    for _ in 0..10 {
        let (world, token) = rotating(functions, 10).await;
        let uses = futures_util::future::join_all((0..5).map(|_| world.refresh(&token)));
        let (answers, logout) = tokio::join!(uses, world.log_out(&token));
        assert_eq!(logout.status, 200, "{logout:?}");
        for answer in answers {
            assert!([200, 401].contains(&answer.status), "{answer:?}");
            if answer.status == 200 {
                world.refresh(answer.text("refresh")).await.is_detail(401, REFUSED);
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_logout_accepts_the_same_tokens_as_a_refresh_and_an_older_one_ends_the_session(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, first) = rotating(functions, 10).await;
    next(&world, &first).await;
    assert_eq!(world.log_out(&first).await.status, 200);

    let (world, first) = rotating(functions, 10).await;
    let second = next(&world, &first).await;
    world.wait(10);
    world.log_out(&first).await.is_detail(401, REFUSED);
    assert!(logs::take().contains("authn_token_reuse"));
    world.refresh(&second).await.is_detail(401, REFUSED);
}

#[tokio::test]
async fn turning_rotation_on_or_off_applies_at_the_next_use() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let first = world.log_in("ada@example.com").await.text("refresh").to_owned();
    assert_eq!(names(&world.refresh(&first).await), ["access"]);
    rotate(&world, 10).await;
    let second = next(&world, &first).await;
    world.set_settings(&[("ROTATE_REFRESH_TOKENS", AttributeValue::Bool(false))]).await;
    // A client that missed the response gets it again, and the session continues with its current token.
    assert_eq!(next(&world, &first).await, second);
    for _ in 0..2 {
        assert_eq!(names(&world.refresh(&second).await), ["access"]);
    }
}

#[tokio::test]
async fn a_rotated_refresh_takes_one_round_trip() {
    let (world, token) = rotating(Functions::Warm, 10).await;
    let answer = world.refresh(&token).await;
    assert_eq!((answer.status, names(&answer)), (200, vec!["access", "refresh"]));
    // The session is written and the user is read in parallel.
    assert_eq!(world.requests.rounds_and_all(), (1, 2));
    assert_eq!(next(&world, &token).await, answer.text("refresh"));
    assert_eq!(world.requests.rounds_and_all(), (1, 2));
}

#[rstest]
#[tokio::test]
async fn statement_19_a_disabled_user_gets_no_new_token(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, token) = rotating(functions, 10).await;
    let id = world.client.scan().table_name("UsersTable").send().await.unwrap();
    for item in id.items() {
        if let Some(AttributeValue::S(pk)) = item.get("pk").filter(|pk| pk.as_s().unwrap().starts_with("user#")) {
            world.set_user(pk, "disabled", AttributeValue::Bool(true)).await;
        }
    }
    world.refresh(&token).await.is_detail(401, REFUSED);
}

#[tokio::test]
async fn warming_up_a_function_reads_the_settings() {
    let world = World::with(Duration::from_secs(30), Random::system()).await;
    rotate(&world, 10).await;
    let refresh = refresh::Refresh::new(&world.service);
    refresh.warm_up().await;
    assert!(world.service.settings().fresh().is_some_and(|settings| settings.rotates_refresh_tokens()));
}
