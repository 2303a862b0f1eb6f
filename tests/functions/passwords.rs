//! Statements 1 to 5, as far as the stored hashes show them.

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::json;
use shared::{
    domain::{Email, Field, Generation, Holder, PasswordHash, UserId},
    store::Credentials,
};

use crate::{logs, world::World};

/// Django hashes of [`PASSWORD`], from `shared/src/passwords/hasher/django.json`, which says how they were made.
const PBKDF2: &str = "pbkdf2_sha256$260000$AXuOMvPIhF0NhFxm3HwztS$MupH8gdf0ZNe4lprhCHv7KfAt4Gi/HNjuHEHl2Jgx8w=";
const ARGON2: &str = "argon2$argon2id$v=19$m=8192,t=3,p=4$NjhKc0k2S3kxWWg2aExLRm9PRURoOA$\
                      +7pisqBQmCKg3TiH1khwbaxZroTPyN/ZP0LiGTGgnkg";

/// A world with Ada as an import stores her, and the key of her profile.
async fn imported(hash: &str) -> (World, String) {
    let world = World::new().await;
    let profile = format!("user#{}", world.register("ada@example.com").await.body["id"]);
    for key in [profile.as_str(), "email#ada@example.com"] {
        world.set_user(key, "password_hash", AttributeValue::S(hash.into())).await;
    }
    (world, profile)
}

async fn hash_at(world: &World, key: &str) -> String {
    let item = world.client.get_item().table_name("UsersTable").key("pk", AttributeValue::S(key.into()));
    item.send().await.unwrap().item.unwrap()["password_hash"].as_s().unwrap().clone()
}

#[tokio::test]
async fn statement_4_words_configured_for_the_service_count_as_common() {
    let mut world = World::new().await;
    let registration = |email: &str| json!({ "email": email, "password": "Coats-of-Acme 2026!" });
    assert_eq!(world.post::<register::Register>(&registration("ada@example.com")).await.status, 201);
    world.configure(|config| config.service_words = "Acme, coats-of".into());
    let answer = world.post::<register::Register>(&registration("grace@example.com")).await;
    assert_eq!((answer.status, answer.body), (400, json!({ "password": ["This password is too common."] })));
}

#[rstest]
#[case::pbkdf2(PBKDF2)]
#[case::argon2(ARGON2)]
#[tokio::test]
async fn statement_5_a_django_hash_is_replaced_at_the_first_successful_login(#[case] hash: &str) {
    let (world, profile) = imported(hash).await;
    world.post::<login::Login>(&json!({ "email": "ada@example.com", "password": "wrong" })).await;
    assert_eq!(hash_at(&world, &profile).await, hash);

    logs::take();
    assert_eq!(world.log_in("ada@example.com").await.status, 200);
    assert!(logs::take().contains("password_hash_upgraded"));
    let replaced = hash_at(&world, &profile).await;
    assert!(replaced.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{replaced}");
    assert_eq!(hash_at(&world, "email#ada@example.com").await, replaced);

    let login = world.log_in("ada@example.com").await;
    assert_eq!(login.status, 200);
    assert_eq!(hash_at(&world, &profile).await, replaced);
    // Both copies of the hash match: a change of email address checks that.
    let moved = world.me("PUT", login.text("access"), &json!({ "email": "ada@example.org" })).await;
    assert_eq!(moved.status, 200);
    assert_eq!(world.log_in("ada@example.org").await.status, 200);
}

#[tokio::test]
async fn statement_5_the_hash_of_a_disabled_user_is_not_replaced() {
    let (world, profile) = imported(PBKDF2).await;
    world.set_user("email#ada@example.com", "disabled", AttributeValue::Bool(true)).await;
    world.log_in("ada@example.com").await.is_detail(401, "Incorrect authentication credentials.");
    assert_eq!(hash_at(&world, &profile).await, PBKDF2);
}

#[tokio::test]
async fn statement_5_only_the_verified_hash_is_replaced() {
    let (world, profile) = imported(PBKDF2).await;
    let id = profile.trim_start_matches("user#").parse().unwrap();
    let verified = Credentials {
        unlocked_at: None,
        holder: Holder { user: UserId::new(id).unwrap(), generation: Generation::default() },
        password_hash: PasswordHash::new(ARGON2.into()),
        disabled: false,
    };
    let email = Email::parse("ada@example.com").unwrap();
    let better = PasswordHash::new("$argon2id$better".into());
    world.service.users().replace_hash(&email, &verified, better.clone()).await;
    // If the copies differ, which the service itself never causes, neither is replaced.
    world.set_user(&profile, "password_hash", AttributeValue::S(ARGON2.into())).await;
    world.service.users().replace_hash(&email, &verified, better).await;
    assert_eq!(hash_at(&world, "email#ada@example.com").await, PBKDF2);
    assert_eq!(hash_at(&world, &profile).await, ARGON2);
}

#[tokio::test]
async fn statement_5_a_stored_cost_out_of_bounds_is_an_internal_error_and_is_only_logged() {
    let (world, _) = imported("pbkdf2_sha256$4000000000$salt$MupH8gdf0ZNe4lprhCHv7KfAt4Gi/HNjuHEHl2Jgx8w=").await;
    logs::take();
    world.log_in("ada@example.com").await.is_detail(500, "Internal server error.");
    let log = logs::take();
    assert!(log.contains("iterations out of bounds") && !log.contains("MupH8gdf0ZNe4"), "{log}");
}
