//! Profile updates: how many are allowed, how former addresses are reserved, and when the password is required.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use me::Me;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    domain::{Email, Field},
    runtime::lambda::{Endpoint, Function},
    store::{AccessChange, ProfileChange},
};

use crate::{
    logs,
    world::{Answer, PASSWORD, World, event},
};

const ADA: &str = "ada@example.com";
const DAY: u64 = 86_400;

async fn world_with_ada() -> (World, String) {
    let world = World::new().await;
    assert_eq!(world.register(ADA).await.status, 201);
    let access = access(&world, ADA).await;
    (world, access)
}

async fn access(world: &World, email: &str) -> String {
    world.log_in(email).await.text("access").to_owned()
}

async fn change(world: &World, access: &str, email: &str) -> Answer {
    world.me("PATCH", access, &json!({ "email": email })).await
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn taken() -> Value {
    json!({ "email": ["A user with that email already exists."] })
}

#[tokio::test]
async fn a_former_address_stays_reserved_for_thirty_days_and_cannot_log_in() {
    let (world, access) = world_with_ada().await;
    assert_eq!(change(&world, &access, "thief@example.com").await.status, 200);
    assert_eq!(world.log_in(ADA).await.status, 401);
    world.wait(30 * DAY - 1);
    let refused = world.register("ADA@example.com").await;
    assert_eq!((refused.status, &refused.body), (400, &taken()));
    world.register("grace@example.com").await;
    let grace = self::access(&world, "grace@example.com").await;
    assert_eq!(change(&world, &grace, ADA).await.body, taken());
    // DynamoDB has not deleted the expired item yet.
    world.wait(1);
    assert_eq!(world.register(ADA).await.status, 201);
    assert_eq!(world.log_in(ADA).await.status, 200);
}

#[tokio::test]
async fn the_owner_can_take_back_a_former_address_and_keeps_it() {
    let (world, access) = world_with_ada().await;
    assert_eq!(change(&world, &access, "thief@example.com").await.status, 200);
    assert_eq!(change(&world, &access, ADA).await.status, 200);
    assert_eq!(world.log_in(ADA).await.status, 200);
    assert_eq!(world.register(ADA).await.status, 400);
    // The address that was given up in return is not reserved.
    assert_eq!(world.register("thief@example.com").await.status, 201);
    world.wait(365 * DAY);
    assert_eq!(world.log_in(ADA).await.status, 200);
}

#[tokio::test]
async fn a_former_address_is_free_immediately_if_reservation_is_off() {
    let (world, access) = world_with_ada().await;
    world.set_settings(&[("FORMER_EMAIL_RESERVED", number(0))]).await;
    assert_eq!(change(&world, &access, "lovelace@example.com").await.status, 200);
    assert_eq!(world.register(ADA).await.status, 201);
}

#[tokio::test]
async fn a_change_of_case_reserves_no_address() {
    let (world, access) = world_with_ada().await;
    assert_eq!(change(&world, &access, "ADA@EXAMPLE.com").await.status, 200);
    assert_eq!(world.log_in(ADA).await.status, 200);
    assert_eq!(world.register(ADA).await.body, taken());
}

#[tokio::test]
async fn only_the_first_three_former_addresses_are_reserved() {
    let (world, access) = world_with_ada().await;
    for number in 1..=5 {
        assert_eq!(change(&world, &access, &format!("thief{number}@example.com")).await.status, 200);
    }
    for reserved in [ADA, "thief1@example.com", "thief2@example.com"] {
        assert_eq!(world.register(reserved).await.status, 400, "{reserved}");
    }
    for free in ["thief3@example.com", "thief4@example.com"] {
        assert_eq!(world.register(free).await.status, 201, "{free}");
    }
    assert_eq!(change(&world, &access, ADA).await.status, 200);
}

#[tokio::test]
async fn changing_back_and_forth_never_releases_the_original_address() {
    let (world, access) = world_with_ada().await;
    let limits = ["PROFILE_CHANGES_MAX_PER_USER", "REGISTER_MAX_PER_SOURCE"];
    world.set_settings(&limits.map(|limit| (limit, number(1_000)))).await;
    for number in 0..12 {
        assert_eq!(change(&world, &access, &format!("thief{number}@example.com")).await.status, 200);
        assert_eq!(world.register(ADA).await.body, taken(), "after change {number}");
        let mut next = vec![ADA.to_owned()];
        // Also by way of other addresses.
        next.splice(0..0, (0..number % 4).map(|step| format!("way{number}{step}@example.com")));
        for email in next {
            assert_eq!(change(&world, &access, &email).await.status, 200, "{email}");
            assert_eq!(world.register(ADA).await.body, taken(), "at {email}");
        }
    }
}

#[tokio::test]
async fn deleting_an_account_releases_its_former_addresses() {
    let (world, access) = world_with_ada().await;
    change(&world, &access, "lovelace@example.com").await;
    let users = world.service.users();
    users.delete(world.account("lovelace@example.com").await).await.unwrap();
    for email in [ADA, "lovelace@example.com"] {
        assert_eq!(world.register(email).await.status, 201, "{email}");
    }
}

#[tokio::test]
async fn an_account_can_be_deleted_after_someone_else_took_its_former_address() {
    let (world, access) = world_with_ada().await;
    change(&world, &access, "lovelace@example.com").await;
    world.wait(30 * DAY);
    assert_eq!(world.register(ADA).await.status, 201);
    let users = world.service.users();
    users.delete(world.account("lovelace@example.com").await).await.unwrap();
    assert_eq!(world.log_in(ADA).await.status, 200);
}

#[tokio::test]
async fn an_operator_can_look_up_and_restore_a_reserved_address() {
    let (world, access) = world_with_ada().await;
    change(&world, &access, "thief@example.com").await;
    let users = world.service.users();
    let email = Email::parse(ADA).unwrap();
    assert!(users.account_with_email(&email).await.unwrap().is_none());
    let id = users.former_owner(&email).await.unwrap().unwrap();
    let account = users.account_with_id(id).await.unwrap().unwrap();
    let account = users.change_access(account, &AccessChange::Disable).await.unwrap().unwrap();
    let change = ProfileChange { username: None, email: Some(email.clone()) };
    let (user, _) = users.update_any(account, &change, 30 * DAY).await.unwrap().unwrap();
    assert_eq!(user.email, email);
    assert_eq!(users.former_owner(&email).await.unwrap(), None);
    // Still disabled.
    assert_eq!(world.log_in(ADA).await.status, 401);
    let account = users.account_with_id(id).await.unwrap().unwrap();
    users.change_access(account, &AccessChange::Enable).await.unwrap().unwrap();
    assert_eq!(world.log_in(ADA).await.status, 200);
}

#[rstest]
#[case::no_password(json!({ "email": "new@example.com" }), json!({ "current_password": ["This field is required."] }))]
#[case::a_password_of_another_type(
    json!({ "email": "new@example.com", "current_password": 5 }),
    json!({ "current_password": ["Not a valid string."] })
)]
#[case::no_password_and_the_same_address_in_another_case(
    json!({ "email": "ADA@example.com" }),
    json!({ "current_password": ["This field is required."] })
)]
#[case::a_wrong_password(
    json!({ "email": "new@example.com", "current_password": "wrong horse" }),
    json!({ "current_password": ["Invalid password."] })
)]
#[tokio::test]
async fn a_change_of_email_needs_the_current_password_if_configured(#[case] body: Value, #[case] expected: Value) {
    let (world, access) = world_with_ada().await;
    world.set_settings(&[("EMAIL_CHANGE_NEEDS_PASSWORD", AttributeValue::Bool(true))]).await;
    let answer = world.me("PUT", &access, &body).await;
    assert_eq!((answer.status, &answer.body), (400, &expected));
    assert_eq!(world.log_in(ADA).await.status, 200);
    let right = json!({ "email": "new@example.com", "current_password": PASSWORD });
    assert_eq!(world.me("PUT", &access, &right).await.status, 200);
}

#[rstest]
#[case::only_the_username(json!({ "username": "lovelace" }))]
#[case::the_same_address(json!({ "email": ADA, "username": "lovelace" }))]
#[case::no_fields(json!({}))]
#[tokio::test]
async fn an_update_that_keeps_the_email_needs_no_password(#[case] body: Value) {
    let (world, access) = world_with_ada().await;
    world.set_settings(&[("EMAIL_CHANGE_NEEDS_PASSWORD", AttributeValue::Bool(true))]).await;
    assert_eq!(world.me("PATCH", &access, &body).await.status, 200);
}

#[tokio::test]
async fn a_wrong_current_password_counts_as_a_failed_login() {
    let (world, access) = world_with_ada().await;
    world.set_settings(&[("EMAIL_CHANGE_NEEDS_PASSWORD", AttributeValue::Bool(true))]).await;
    let wrong = json!({ "email": "new@example.com", "current_password": "wrong horse" });
    for _ in 0..10 {
        assert_eq!(world.me("PUT", &access, &wrong).await.status, 400);
    }
    assert_eq!(world.me("PUT", &access, &wrong).await.status, 429);
    assert_eq!(world.log_in(ADA).await.status, 429);
}

#[tokio::test]
async fn profile_updates_are_limited_and_reveal_few_taken_addresses() {
    let (world, access) = world_with_ada().await;
    world.register("grace@example.com").await;
    world.me("PATCH", &self::access(&world, "grace@example.com").await, &json!({ "username": "holder" })).await;
    logs::take();
    for number in 0..20 {
        let email = if number == 7 { "grace@example.com" } else { "nobody@example.com" };
        let answer = world.me("PUT", &access, &json!({ "username": "holder", "email": email })).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let log = logs::take();
    assert_eq!(log.matches(r#""event":"user_update_refused""#).count(), 20, "{log}");
    assert_eq!(log.matches(r#""username":true,"email":true"#).count(), 1, "{log}");
    let answer = world.me("PUT", &access, &json!({ "username": "ada" })).await;
    assert_eq!((answer.status, answer.headers["retry-after"].as_str()), (429, "3600"));
    assert!(logs::take().contains(r#""event":"excess_rate_limit_exceeded","endpoint":"me""#));
    // An update without changes reveals nothing and is not counted.
    assert_eq!(world.me("PUT", &access, &json!({})).await.status, 200);
    assert_eq!(world.me("GET", &access, &json!({})).await.status, 200);
    world.wait(3_600);
    let access = self::access(&world, ADA).await;
    assert_eq!(world.me("PUT", &access, &json!({ "username": "ada" })).await.status, 200);
}

#[tokio::test]
async fn updates_with_a_voided_token_do_not_count_for_the_owner() {
    let (world, stolen) = world_with_ada().await;
    let users = world.service.users();
    let account = users.change_access(world.account(ADA).await, &AccessChange::Disable).await.unwrap().unwrap();
    users.change_access(account, &AccessChange::Enable).await.unwrap().unwrap();
    for _ in 0..25 {
        assert_eq!(world.me("PUT", &stolen, &json!({ "username": "thief" })).await.status, 401);
    }
    let access = access(&world, ADA).await;
    assert_eq!(world.me("PUT", &access, &json!({ "username": "ada" })).await.status, 200);
}

#[tokio::test]
async fn malformed_updates_are_not_counted() {
    let (world, access) = world_with_ada().await;
    for _ in 0..25 {
        assert_eq!(world.me("PUT", &access, &json!({ "username": "not a name" })).await.status, 400);
    }
    assert_eq!(world.me("PUT", &access, &json!({ "username": "ada" })).await.status, 200);
}

#[tokio::test]
async fn the_log_records_the_changed_fields_and_the_source() {
    let (world, access) = world_with_ada().await;
    logs::take();
    change(&world, &access, "lovelace@example.com").await;
    let log = logs::take();
    let line: Value = serde_json::from_str(log.lines().find(|line| line.contains("user_updated")).unwrap()).unwrap();
    assert_eq!((&line["email"], &line["username"]), (&json!(true), &json!(false)), "{line}");
    assert_eq!(line["source"].as_str().map(str::len), Some(16), "{line}");
    assert!(!log.contains("203.0.113"), "{log}");
}

#[tokio::test]
async fn concurrent_updates_either_succeed_or_get_409() {
    let (world, access) = world_with_ada().await;
    for round in 0..5 {
        logs::take();
        let function = Function::new(Me::new(&world.service), &world.service);
        let changes = (0..7).map(|number| {
            let body =
                json!({ "username": format!("ada{round}{number}"), "email": format!("ada{number}@example.com") });
            let event = event::<Me>("PUT", Some(&access), &body);
            world.send(&function, event)
        });
        world.set_settings(&[("PROFILE_CHANGES_MAX_PER_USER", number(1_000))]).await;
        for answer in join_all(changes).await {
            match answer.status {
                200 => {}
                409 => answer.is_detail(409, "The profile was changed at the same time. Try again."),
                _ => panic!("{answer:?}"),
            }
        }
        assert!(!logs::take().contains("request_failed"));
    }
}
