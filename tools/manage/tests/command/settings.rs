//! `manage settings`.

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    settings::DEFINITIONS,
    store::{Item, SettingsItem},
};

use crate::world::World;

#[tokio::test]
async fn a_changed_setting_applies_to_the_next_token() {
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
async fn an_invalid_value_is_refused_with_the_range_and_changes_nothing(#[case] setting: &str, #[case] rule: &str) {
    let world = World::new().await;
    let before = world.manage("settings list --json").await.done().output;
    let (name, _) = setting.split_once(' ').unwrap();
    let refused = world.manage(&format!("settings set {setting}")).await;
    refused.is_error(&format!("{name} must be {rule}; nothing was changed"));
    assert_eq!(world.manage("settings list --json").await.output, before);
}

#[tokio::test]
async fn the_list_has_every_setting_with_value_default_and_rule() {
    let world = World::new().await;
    world.manage("settings set ROTATE_REFRESH_TOKENS true").await.done();
    world.manage("settings reset REFRESH_TOKEN_GRACE").await.done();
    let all = world.manage("settings list --json").await.done().documents();
    let names: Vec<_> = DEFINITIONS.iter().map(|setting| setting.name()).collect();
    assert_eq!(all.iter().map(|setting| setting["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    let find = |name: &str| all.iter().find(|setting| setting["name"] == name).unwrap();
    assert_eq!(find("ROTATE_REFRESH_TOKENS")["value"], "true");
    let grace = json!({
        "name": "REFRESH_TOKEN_GRACE", "value": "10", "unit": "seconds", "default": "10",
        "meaning": "how long a replaced refresh token is still accepted", "rule": "a whole number from 0 to 60",
    });
    assert_eq!(find("REFRESH_TOKEN_GRACE"), &grace);
    assert_eq!(world.manage("settings get REFRESH_TOKEN_GRACE").await.done().output, "10\n");
}

/// Replaces the settings item, as an operator could in the console.
async fn write(world: &World, item: &Item) {
    let put = world.dynamodb().await.put_item().table_name("SettingsTable").set_item(Some(item.clone()));
    put.item("id", AttributeValue::S("settings".into())).send().await.unwrap();
}

/// What contradicts itself in a settings item.
fn conflict(item: &Item) -> String {
    SettingsItem::from(item.clone()).settings().conflict().unwrap()
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[rstest]
#[case::a_string(AttributeValue::S("600".into()), "\"600\"")]
#[case::out_of_range(AttributeValue::N("0".into()), "0")]
#[case::a_boolean(AttributeValue::Bool(true), "true")]
#[case::null(AttributeValue::Null(true), "null")]
#[case::a_list(AttributeValue::L(vec![]), "a list")]
#[case::a_long_text(AttributeValue::S("x".repeat(1000)), "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…")]
#[tokio::test]
async fn an_invalid_value_in_the_item_is_shown_with_the_problem(#[case] value: AttributeValue, #[case] raw: &str) {
    let world = World::new().await;
    write(&world, &Item::from([("ACCESS_TOKEN_LIFETIME".into(), value)])).await;
    let problem = "invalid: must be a whole number from 1 to 86400; each function keeps the last valid value that it read, \
                   or the default, 300";
    let list = world.manage("settings list").await.done().output;
    let line = list.lines().find(|line| line.starts_with("ACCESS_TOKEN_LIFETIME")).unwrap();
    assert!(line.contains(&format!(" {raw} ")) && line.ends_with(&format!(" ({problem})")), "{line}");
    let documents = world.manage("settings list --json").await.done().documents();
    let document = documents.iter().find(|setting| setting["name"] == "ACCESS_TOKEN_LIFETIME").unwrap();
    assert_eq!((&document["value"], &document["item"]), (&Value::Null, &json!(raw)));
    assert_eq!(document["problem"], problem);

    let got = world.manage("settings get ACCESS_TOKEN_LIFETIME").await.done();
    assert_eq!((got.output, got.errors), (format!("{raw}\n"), format!("({problem})\n")));
    let reset = world.manage("settings reset ACCESS_TOKEN_LIFETIME").await.done().output;
    assert_eq!(reset, format!("ACCESS_TOKEN_LIFETIME: {raw} (invalid) -> 300 seconds\n"));
}

#[rstest]
#[case::more_failures_of_a_source(&[], "set LOGIN_MAX_FAILURES_PER_SOURCE 50", ("LOGIN_MAX_FAILURES_PER_SOURCE", 50))]
#[case::fewer_of_an_account(&[], "set LOGIN_MAX_FAILURES_PER_ACCOUNT 20", ("LOGIN_MAX_FAILURES_PER_ACCOUNT", 20))]
#[case::a_shorter_window_of_a_source(
    &[],
    "set LOGIN_FAILURES_PER_SOURCE_WINDOW 60",
    ("LOGIN_FAILURES_PER_SOURCE_WINDOW", 60)
)]
#[case::a_default_that_no_longer_fits(
    &[("LOGIN_MAX_FAILURES_PER_SOURCE", 100), ("LOGIN_MAX_FAILURES_PER_ACCOUNT", 5000)],
    "reset LOGIN_MAX_FAILURES_PER_ACCOUNT",
    ("LOGIN_MAX_FAILURES_PER_ACCOUNT", 100)
)]
#[tokio::test]
async fn statement_8_limits_that_would_let_one_address_lock_an_account_are_refused(
    #[case] before: &[(&str, u64)],
    #[case] change: &str,
    #[case] after: (&str, u64),
) {
    let world = World::new().await;
    let mut item: Item = before.iter().map(|(name, value)| ((*name).into(), number(*value))).collect();
    write(&world, &item).await;
    let list = world.manage("settings list --json").await.done();
    assert_eq!(list.errors, "");
    item.insert(after.0.into(), number(after.1));
    let reason = conflict(&item);
    world.manage(&format!("settings {change}")).await.is_error(&format!("{reason}; nothing was changed"));
    assert_eq!(world.manage("settings list --json").await.done().output, list.output);
}

#[tokio::test]
async fn an_existing_conflict_of_limits_is_a_warning_and_blocks_no_other_change() {
    let world = World::new().await;
    let item = Item::from([("LOGIN_FAILURES_PER_SOURCE_WINDOW".into(), number(60))]);
    write(&world, &item).await;
    let warning = format!("warning: {}\n", conflict(&item));
    assert_eq!(world.manage("settings list").await.done().errors, warning);
    world.manage("settings set ACCESS_TOKEN_LIFETIME 600").await.done();
    world.manage("settings set LOGIN_FAILURES_PER_SOURCE_WINDOW 900").await.done();
    assert_eq!(world.manage("settings list").await.done().errors, "");
}

#[tokio::test]
async fn an_unknown_setting_is_refused_with_the_names_of_all() {
    let ended = World::new().await.manage("settings set ACCESS_TOKEN_LIFE 1").await;
    assert_eq!(ended.status, 2);
    assert!(
        ended.errors.contains("ACCESS_TOKEN_LIFETIME, ACCESS_TOKEN_ALGORITHM, REFRESH_TOKEN_LIFETIME"),
        "{}",
        ended.errors
    );
}
