//! Expiry of tokens and sessions, to the second.

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::json;

use crate::world::World;

const DAY: u64 = 86_400;

#[rstest]
#[case::a_second_before_expiry(299, 200)]
#[case::at_expiry(300, 401)]
#[case::a_second_after_expiry(301, 401)]
#[tokio::test]
async fn an_access_token_expires(#[case] age: u64, #[case] status: i64) {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let access = world.log_in("ada@example.com").await.text("access").to_owned();
    world.wait(age);
    let answer = world.me("GET", &access, &json!({})).await;
    assert_eq!(answer.status, status, "{answer:?}");
    if status == 401 {
        answer.is_detail(401, "Token has expired.");
        assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    }
}

#[rstest]
#[case::a_second_before_expiry(30 * DAY - 1, 200)]
#[case::at_expiry(30 * DAY, 401)]
#[case::a_second_after_expiry(30 * DAY + 1, 401)]
#[tokio::test]
async fn statement_16_an_expired_session_is_refused_while_it_is_still_stored(#[case] age: u64, #[case] status: i64) {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let refresh = world.log_in("ada@example.com").await.text("refresh").to_owned();
    world.wait(age);
    assert_eq!(world.refresh(&refresh).await.status, status);
}

#[tokio::test]
async fn use_does_not_extend_a_session() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let refresh = world.log_in("ada@example.com").await.text("refresh").to_owned();
    world.wait(30 * DAY - 1);
    assert_eq!(world.refresh(&refresh).await.status, 200);
    world.wait(1);
    world.refresh(&refresh).await.is_detail(401, "Token is invalid or expired.");
}

#[tokio::test]
async fn an_expired_session_that_is_still_stored_can_be_logged_out() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let refresh = world.log_in("ada@example.com").await.text("refresh").to_owned();
    world.wait(31 * DAY);
    assert_eq!(world.log_out(&refresh).await.status, 200);
    world.log_out(&refresh).await.is_detail(401, "Token is invalid or expired.");
}

#[tokio::test]
async fn a_session_is_stored_without_its_token() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let refresh = world.log_in("ada@example.com").await.text("refresh").to_owned();
    let items = world.client.scan().table_name("RefreshTokensTable").send().await.unwrap().items.unwrap();
    let [item] = items.as_slice() else { panic!("{items:?}") };
    let mut names: Vec<_> = item.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["counter", "created_at", "expires_at", "generation", "rotated_at", "session_id", "user_id"]);
    assert!(!format!("{item:?}").contains(&refresh[4..]));
    let number = |name: &str| item[name].as_n().unwrap().parse::<u64>().unwrap();
    assert_eq!(number("expires_at") - number("created_at"), 30 * DAY);
    assert_eq!(item["counter"], AttributeValue::N("0".into()));
}
