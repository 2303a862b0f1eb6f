//! Statements 1 to 5, as far as they show in the tables: what becomes of hashes.

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::json;
use shared::{
    domain::{Email, Field, Generation, Holder, PasswordHash, UserId},
    store::Credentials,
};

use crate::{logs, world::World};

/// Of [`PASSWORD`]; from `shared/src/hashing/django.json`, which tells how they were made.
const PBKDF2: &str = "pbkdf2_sha256$260000$AXuOMvPIhF0NhFxm3HwztS$MupH8gdf0ZNe4lprhCHv7KfAt4Gi/HNjuHEHl2Jgx8w=";
const ARGON2: &str = "argon2$argon2id$v=19$m=8192,t=3,p=4$NjhKc0k2S3kxWWg2aExLRm9PRURoOA$\
                      +7pisqBQmCKg3TiH1khwbaxZroTPyN/ZP0LiGTGgnkg";

/// Ada, as an import leaves her, and the key of her profile.
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
async fn statement_4_what_an_operator_names_as_the_services_is_common() {
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
async fn statement_5_a_hash_of_django_is_replaced_at_the_first_good_login(#[case] hash: &str) {
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
    // The two copies are one: a change of the address still finds them so.
    let moved = world.me("PUT", login.text("access"), &json!({ "email": "ada@example.org" })).await;
    assert_eq!(moved.status, 200);
    assert_eq!(world.log_in("ada@example.org").await.status, 200);
}

#[tokio::test]
async fn statement_5_a_disabled_users_hash_is_left_alone() {
    let (world, profile) = imported(PBKDF2).await;
    world.set_user("email#ada@example.com", "disabled", AttributeValue::Bool(true)).await;
    world.log_in("ada@example.com").await.is_detail(401, "Incorrect authentication credentials.");
    assert_eq!(hash_at(&world, &profile).await, PBKDF2);
}

#[tokio::test]
async fn statement_5_only_the_hash_that_was_just_verified_is_replaced() {
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
    // Half changed, as by nobody here: then neither is.
    world.set_user(&profile, "password_hash", AttributeValue::S(ARGON2.into())).await;
    world.service.users().replace_hash(&email, &verified, better).await;
    assert_eq!(hash_at(&world, "email#ada@example.com").await, PBKDF2);
    assert_eq!(hash_at(&world, &profile).await, ARGON2);
}

#[tokio::test]
async fn statement_5_a_stored_cost_out_of_bounds_is_refused_and_told_in_the_log_alone() {
    let (world, _) = imported("pbkdf2_sha256$4000000000$salt$MupH8gdf0ZNe4lprhCHv7KfAt4Gi/HNjuHEHl2Jgx8w=").await;
    logs::take();
    world.log_in("ada@example.com").await.is_detail(500, "Internal server error.");
    let log = logs::take();
    assert!(log.contains("iterations out of bounds") && !log.contains("MupH8gdf0ZNe4"), "{log}");
}
