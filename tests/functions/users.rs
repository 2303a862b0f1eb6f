//! How users are stored, and deleted and disabled users.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::random::Random;

use crate::world::{PASSWORD, World};

/// The items of the users table, by key.
async fn items(world: &World) -> BTreeMap<String, BTreeMap<String, AttributeValue>> {
    let items = world.client.scan().table_name("UsersTable").send().await.unwrap().items.unwrap();
    let keyed = |mut item: HashMap<String, AttributeValue>| {
        (item.remove("pk").unwrap().as_s().unwrap().clone(), item.into_iter().collect())
    };
    let of_a_user =
        |(key, _): &(String, _)| !["registrations#", "changes#"].iter().any(|counts| key.starts_with(counts));
    items.into_iter().map(keyed).filter(of_a_user).collect()
}

fn id(body: &Value) -> String {
    body["id"].to_string()
}

/// The keys of the two items that record whether Ada is disabled: her profile, and the credentials read at login.
fn keys_with_disabled(user: &Value) -> [String; 2] {
    [format!("user#{}", id(user)), "email#ada@example.com".into()]
}

#[tokio::test]
async fn a_user_is_stored_as_three_linked_items() {
    let world = World::new().await;
    let user = world.register("Ada@Example.com").await.body;
    let items = items(&world).await;
    let keys: Vec<_> = items.keys().cloned().collect();
    assert_eq!(
        keys,
        ["email#ada@example.com".into(), format!("user#{}", id(&user)), format!("username#user{}", id(&user)),]
    );
    let profile = &items[&format!("user#{}", id(&user))];
    assert_eq!(profile["email"], AttributeValue::S("Ada@example.com".into()));
    assert_eq!(items["email#ada@example.com"]["password_hash"], profile["password_hash"]);
    assert_eq!(items["email#ada@example.com"]["user_id"], AttributeValue::N(id(&user)));
    assert_eq!(items[&format!("username#user{}", id(&user))]["user_id"], AttributeValue::N(id(&user)));
}

#[tokio::test]
async fn a_refused_registration_writes_nothing() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let before = items(&world).await;
    let body = json!({ "email": "ADA@example.com", "username": "ada", "password": PASSWORD });
    assert_eq!(world.post::<register::Register>(&body).await.status, 400);
    assert_eq!(items(&world).await, before);
}

#[tokio::test]
async fn a_profile_update_moves_the_markers_and_keeps_the_hash() {
    let world = World::new().await;
    let user = world.register("ada@example.com").await.body;
    let before = items(&world).await;
    let access = world.log_in("ada@example.com").await.text("access").to_owned();
    world.me("PUT", &access, &json!({ "username": "ada", "email": "ada@example.org" })).await;
    let after = items(&world).await;
    let keys: Vec<_> = after.keys().cloned().collect();
    let expected = [
        "email#ada@example.com".into(),
        "email#ada@example.org".into(),
        format!("user#{}", id(&user)),
        "username#ada".into(),
    ];
    assert_eq!(keys, expected);
    // The former address is reserved, without a hash and with an expiry.
    let reserved: Vec<_> = after["email#ada@example.com"].keys().map(String::as_str).collect();
    assert_eq!(reserved, ["expires_at", "user_id"]);
    assert_eq!(after["email#ada@example.org"], before["email#ada@example.com"]);
}

#[tokio::test]
async fn a_refused_profile_update_writes_nothing() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    world.register("grace@example.com").await;
    let access = world.log_in("ada@example.com").await.text("access").to_owned();
    let before = items(&world).await;
    let answer = world.me("PUT", &access, &json!({ "username": "ada", "email": "grace@example.com" })).await;
    assert_eq!(answer.status, 400);
    assert_eq!(items(&world).await, before);
}

#[tokio::test]
async fn registration_draws_another_id_if_the_default_username_is_taken() {
    // Each draw is one higher than the last: first the salt, then an id whose default username is taken, then another.
    let draw = AtomicU8::new(10);
    let random = Random::new(move |bytes| {
        bytes.fill(0);
        *bytes.last_mut().unwrap() = draw.fetch_add(1, Ordering::Relaxed);
    });
    let world = World::with(Duration::ZERO, random).await;
    let body = json!({ "email": "grace@example.com", "username": "user13", "password": PASSWORD });
    let grace = world.post::<register::Register>(&body).await.body;
    assert_eq!((&grace["id"], &grace["username"]), (&json!(11), &json!("user13")));

    let answer = world.register("ada@example.com").await;
    assert_eq!((answer.status, &answer.body["username"]), (201, &json!("user14")), "{answer:?}");
}

#[tokio::test]
async fn statement_14_a_deleted_user_is_refused_at_the_next_request() {
    let world = World::new().await;
    let user = world.register("ada@example.com").await.body;
    let login = world.log_in("ada@example.com").await;
    for key in keys_with_disabled(&user) {
        world.client.delete_item().table_name("UsersTable").key("pk", AttributeValue::S(key)).send().await.unwrap();
    }
    for method in ["GET", "PUT", "PATCH"] {
        let answer = world.me(method, login.text("access"), &json!({ "email": "nowhere" })).await;
        answer.is_detail(401, "User inactive or deleted.");
        assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    }
    world.refresh(login.text("refresh")).await.is_detail(401, "Token is invalid or expired.");
    world.log_in("ada@example.com").await.is_detail(401, "Incorrect authentication credentials.");
}

#[tokio::test]
async fn statement_14_and_19_a_disabled_user_is_treated_like_a_deleted_one() {
    let world = World::new().await;
    let user = world.register("ada@example.com").await.body;
    let login = world.log_in("ada@example.com").await;
    for key in keys_with_disabled(&user) {
        world.set_user(&key, "disabled", AttributeValue::Bool(true)).await;
    }
    for method in ["GET", "PUT", "PATCH"] {
        let answer = world.me(method, login.text("access"), &json!({})).await;
        answer.is_detail(401, "User inactive or deleted.");
    }
    world.refresh(login.text("refresh")).await.is_detail(401, "Token is invalid or expired.");
    world.log_in("ada@example.com").await.is_detail(401, "Incorrect authentication credentials.");
}

#[tokio::test]
async fn a_user_who_is_enabled_again_has_access_again() {
    let world = World::new().await;
    let user = world.register("ada@example.com").await.body;
    for key in keys_with_disabled(&user) {
        world.set_user(&key, "disabled", AttributeValue::Bool(false)).await;
    }
    let login = world.log_in("ada@example.com").await;
    assert_eq!(login.status, 200);
    assert_eq!(world.me("PUT", login.text("access"), &json!({ "username": "ada" })).await.status, 200);
}

#[tokio::test]
async fn a_disabled_user_can_log_out() {
    let world = World::new().await;
    let user = world.register("ada@example.com").await.body;
    let login = world.log_in("ada@example.com").await;
    world.set_user(&format!("user#{}", id(&user)), "disabled", AttributeValue::Bool(true)).await;
    assert_eq!(world.log_out(login.text("refresh")).await.status, 200);
}
