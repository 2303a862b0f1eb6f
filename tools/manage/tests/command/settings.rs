//! `manage settings`.

use rstest::rstest;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_setting_that_is_set_holds_for_the_next_token() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let set = world.manage("settings set ACCESS_TOKEN_LIFETIME 1").await.done();
    assert_eq!(set.output, "ACCESS_TOKEN_LIFETIME: 300 -> 1 seconds\n");
    let lifetime = |access: &str| {
        let claims = access.split('.').nth(1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&base64_url(claims)).unwrap();
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
    };
    assert_eq!(lifetime(&world.log_in("ada@example.com").await[0]), 1);

    let reset = world.manage("settings reset ACCESS_TOKEN_LIFETIME").await.done();
    assert_eq!(reset.output, "ACCESS_TOKEN_LIFETIME: 1 -> 300 seconds\n");
    assert_eq!(lifetime(&world.log_in("ada@example.com").await[0]), 300);
}

fn base64_url(text: &str) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[rstest]
#[case::under_the_range("ACCESS_TOKEN_LIFETIME 0", "a whole number from 1 to 86400 (seconds)")]
#[case::over_the_range("REFRESH_TOKEN_LIFETIME 3651", "a whole number from 1 to 3650 (days)")]
#[case::negative("REFRESH_TOKEN_GRACE -1", "a whole number from 0 to 60 (seconds)")]
#[case::no_number("LOGIN_MAX_FAILURES_PER_SOURCE ten", "a whole number from 1 to 1000000 (logins)")]
#[case::no_boolean("ROTATE_REFRESH_TOKENS yes", "true or false")]
#[tokio::test]
async fn a_wrong_value_is_refused_with_the_range_and_changes_nothing(#[case] setting: &str, #[case] rule: &str) {
    let world = World::new().await;
    let before = world.manage("settings list --json").await.done().output;
    let (name, _) = setting.split_once(' ').unwrap();
    let refused = world.manage(&format!("settings set {setting}")).await;
    refused.is_error(&format!("{name} must be {rule}; nothing was changed"));
    assert_eq!(world.manage("settings list --json").await.output, before);
}

#[tokio::test]
async fn the_list_has_each_setting_with_its_value_its_default_and_its_rule() {
    let world = World::new().await;
    world.manage("settings set ROTATE_REFRESH_TOKENS true").await.done();
    world.manage("settings reset REFRESH_TOKEN_GRACE").await.done();
    let all = world.manage("settings list --json").await.done().documents();
    assert_eq!(all.len(), 10);
    let find = |name: &str| all.iter().find(|setting| setting["name"] == name).unwrap();
    assert_eq!(find("ROTATE_REFRESH_TOKENS")["value"], "true");
    let grace = json!({
        "name": "REFRESH_TOKEN_GRACE", "value": "10", "unit": "seconds", "default": "10",
        "meaning": "how long a refresh token that was replaced is still taken", "rule": "a whole number from 0 to 60",
    });
    assert_eq!(find("REFRESH_TOKEN_GRACE"), &grace);
    assert_eq!(world.manage("settings get REFRESH_TOKEN_GRACE").await.done().output, "10\n");
}

#[tokio::test]
async fn a_value_that_a_hand_got_wrong_is_shown_as_such() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let world = World::new().await;
    let client = local::Database::at(&world.stack.dynamodb_url).client().await;
    let put = client.put_item().table_name("SettingsTable").item("id", AttributeValue::S("settings".into()));
    put.item("ACCESS_TOKEN_LIFETIME", AttributeValue::S("600".into())).send().await.unwrap();
    let list = world.manage("settings list").await.done().output;
    let line = list.lines().find(|line| line.starts_with("ACCESS_TOKEN_LIFETIME")).unwrap();
    assert!(
        line.contains(" 300 ") && line.ends_with("(the item's is wrong, must be a whole number from 1 to 86400)"),
        "{line}"
    );
}

#[tokio::test]
async fn a_name_that_is_no_setting_is_refused_with_those_that_are() {
    let ended = World::new().await.manage("settings set ACCESS_TOKEN_LIFE 1").await;
    assert_eq!(ended.status, 2);
    assert!(ended.errors.contains("ACCESS_TOKEN_LIFETIME, REFRESH_TOKEN_LIFETIME"), "{}", ended.errors);
}
