//! Refresh tokens that are replaced with each use, and what a token is good for that was replaced.

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

/// Switches rotation on, with this grace in seconds.
async fn rotate(world: &World, grace: u64) {
    let settings = [
        ("ROTATE_REFRESH_TOKENS", AttributeValue::Bool(true)),
        ("REFRESH_TOKEN_GRACE", AttributeValue::N(grace.to_string())),
    ];
    world.set_settings(&settings).await;
}

/// Whether functions have their settings in memory when a token comes: then they replace it without a look at its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Functions {
    New,
    Warm,
}

/// A world where tokens rotate, and the refresh token of a login there.
async fn rotating(functions: Functions, grace: u64) -> (World, String) {
    let max_age = if functions == Functions::Warm { Duration::from_secs(u32::MAX.into()) } else { Duration::ZERO };
    let world = World::with(max_age, Random::system()).await;
    rotate(&world, grace).await;
    world.service.settings().warm_up().await;
    world.register("ada@example.com").await;
    let token = world.log_in("ada@example.com").await.text("refresh").to_owned();
    (world, token)
}

/// The token that this one is replaced by.
async fn next(world: &World, token: &str) -> String {
    let answer = world.refresh(token).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text("refresh").to_owned()
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.body.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn without_rotation_a_token_stays_as_it_is() {
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
async fn statement_17_with_rotation_every_use_yields_the_next_token(
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
async fn statement_17_a_token_that_was_replaced_yields_the_same_next_one_for_the_time_of_grace(
    #[values(Functions::New, Functions::Warm)] functions: Functions,
) {
    let (world, first) = rotating(functions, 10).await;
    let second = next(&world, &first).await;
    for _ in 0..3 {
        world.wait(3);
        assert_eq!(next(&world, &first).await, second);
    }
    // Its use meanwhile has not made the time longer.
    world.wait(1);
    world.refresh(&first).await.is_detail(401, REFUSED);
}

#[rstest]
#[case::the_one_before_after_its_time(10, 1)]
#[case::the_one_before_without_any_grace(0, 1)]
#[case::one_from_before_that_at_once(10, 2)]
#[case::the_first_of_many(60, 5)]
#[tokio::test]
async fn statement_17_a_token_from_before_ends_the_session_and_is_told_in_the_log(
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
async fn statement_16_rotation_does_not_move_the_sessions_end(
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
async fn statement_18_of_fifty_uses_at_once_each_yields_the_same_token_and_that_one_works(
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
async fn statement_18_uses_that_race_a_logout_never_bring_the_session_back(
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
async fn a_logout_takes_the_tokens_that_a_refresh_takes_and_an_older_one_ends_the_session_too(
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
async fn rotation_that_is_switched_on_or_off_holds_at_the_next_use() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let first = world.log_in("ada@example.com").await.text("refresh").to_owned();
    assert_eq!(names(&world.refresh(&first).await), ["access"]);
    rotate(&world, 10).await;
    let second = next(&world, &first).await;
    world.set_settings(&[("ROTATE_REFRESH_TOKENS", AttributeValue::Bool(false))]).await;
    // Whoever missed the answer gets it again, and the session goes on with the token that it has now.
    assert_eq!(next(&world, &first).await, second);
    for _ in 0..2 {
        assert_eq!(names(&world.refresh(&second).await), ["access"]);
    }
}

#[tokio::test]
async fn a_rotated_refresh_waits_for_one_request() {
    let (world, token) = rotating(Functions::Warm, 10).await;
    let answer = world.refresh(&token).await;
    assert_eq!((answer.status, names(&answer)), (200, vec!["access", "refresh"]));
    // The session is written and the user read, side by side.
    assert_eq!(world.requests.rounds_and_all(), (1, 2));
    assert_eq!(next(&world, &token).await, answer.text("refresh"));
    assert_eq!(world.requests.rounds_and_all(), (1, 2));
}

#[rstest]
#[tokio::test]
async fn statement_19_a_disabled_user_gets_no_next_token(
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
async fn functions_that_are_warmed_up_read_the_settings_then() {
    let world = World::with(Duration::from_secs(30), Random::system()).await;
    rotate(&world, 10).await;
    let refresh = refresh::Refresh::new(&world.service);
    refresh.warm_up().await;
    assert!(world.service.settings().fresh().is_some_and(|settings| settings.rotates_refresh_tokens()));
}
