//! Changes of the settings item while the service is running.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::json;
use shared::random::Random;

use crate::world::World;

fn number(number: &str) -> AttributeValue {
    AttributeValue::N(number.into())
}

/// The lifetime of a newly issued access token, in seconds.
async fn access_lifetime(world: &World) -> u64 {
    world.service.settings().current().await.unwrap().access_token_seconds()
}

#[tokio::test]
async fn the_defaults_apply_without_a_settings_item() {
    let world = World::new().await;
    let settings = world.service.settings().current().await.unwrap();
    assert_eq!((settings.access_token_seconds(), settings.refresh_token_seconds()), (300, 30 * 86_400));
}

#[tokio::test]
async fn a_change_applies_to_the_next_request_on_the_local_stack() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    world.set_settings(&[("ACCESS_TOKEN_LIFETIME", number("60")), ("REFRESH_TOKEN_LIFETIME", number("1"))]).await;
    let login = world.log_in("ada@example.com").await;
    world.wait(59);
    assert_eq!(world.me("GET", login.text("access"), &json!({})).await.status, 200);
    world.wait(1);
    assert_eq!(world.me("GET", login.text("access"), &json!({})).await.status, 401);
    world.wait(86_400 - 61);
    assert_eq!(world.refresh(login.text("refresh")).await.status, 200);
    world.wait(1);
    assert_eq!(world.refresh(login.text("refresh")).await.status, 401);
}

#[tokio::test]
async fn a_change_applies_only_to_tokens_issued_afterwards() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let before = world.log_in("ada@example.com").await;
    world.set_settings(&[("ACCESS_TOKEN_LIFETIME", number("60")), ("REFRESH_TOKEN_LIFETIME", number("1"))]).await;
    world.wait(299);
    assert_eq!(world.me("GET", before.text("access"), &json!({})).await.status, 200);
    world.wait(2 * 86_400);
    assert_eq!(world.refresh(before.text("refresh")).await.status, 200);
}

#[tokio::test]
async fn a_change_applies_within_30_seconds_in_deployed_functions() {
    let world = World::with(Duration::from_secs(30), Random::system()).await;
    assert_eq!(access_lifetime(&world).await, 300);
    world.set_settings(&[("ACCESS_TOKEN_LIFETIME", number("60"))]).await;
    world.wait(29);
    assert_eq!(access_lifetime(&world).await, 300);
    world.wait(1);
    assert_eq!(access_lifetime(&world).await, 60);
}

#[rstest]
#[case::a_string(AttributeValue::S("60".into()))]
#[case::zero(number("0"))]
#[case::out_of_range(number("86401"))]
#[case::a_fraction(number("60.5"))]
#[case::a_map(AttributeValue::M([].into()))]
#[tokio::test]
async fn statement_26_an_invalid_setting_keeps_the_last_valid_value_and_logins_working(
    #[case] garbage: AttributeValue,
) {
    let world = World::new().await;
    world.register("ada@example.com").await;
    world.set_settings(&[("ACCESS_TOKEN_LIFETIME", number("60"))]).await;
    assert_eq!(access_lifetime(&world).await, 60);
    world.set_settings(&[("ACCESS_TOKEN_LIFETIME", garbage)]).await;
    assert_eq!(world.log_in("ada@example.com").await.status, 200);
    assert_eq!(access_lifetime(&world).await, 60);
}

#[tokio::test]
async fn the_last_settings_apply_while_dynamodb_is_down() {
    let mut world = World::with(Duration::from_secs(30), Random::system()).await;
    world.set_settings(&[("ACCESS_TOKEN_LIFETIME", number("60"))]).await;
    assert_eq!(access_lifetime(&world).await, 60);
    world.stop_dynamodb().await;
    world.wait(31);
    assert_eq!(access_lifetime(&world).await, 60);
}

#[tokio::test]
async fn settings_that_were_never_read_are_an_error() {
    let mut world = World::new().await;
    world.stop_dynamodb().await;
    assert!(world.service.settings().current().await.is_err());
}
