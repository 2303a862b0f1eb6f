//! Rotation of the secret, against an independent implementation of Secrets Manager.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_secretsmanager::{
    Client,
    config::{Credentials, Region},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rstest::rstest;
use serde_json::{Value, json};
use shared::runtime::aws;

use crate::world::{Answer, World};

/// The time within which functions notice a rotation, in seconds.
const FIVE_MINUTES: u64 = 300;

/// The age at which a new version of the secret signs, in seconds.
const FIFTEEN_MINUTES: u64 = 900;

async fn secrets_manager() -> Client {
    let url = std::env::var("SECRETS_MANAGER_URL").unwrap();
    let credentials = Credentials::new("test", "test", None, None, "test");
    let sdk = aws::anywhere().endpoint_url(url).credentials_provider(credentials);
    Client::new(&sdk.region(Region::from_static("us-east-1")).load().await)
}

/// Creates a new version of the secret, as the stack's output `RotateSecretCommand` does.
async fn rotate(client: &Client, id: &str) {
    let made = client.get_random_password().password_length(64).exclude_punctuation(true).send().await.unwrap();
    let put = client.put_secret_value().secret_id(id).set_secret_string(made.random_password);
    put.send().await.unwrap();
}

fn key_id(login: &Answer) -> String {
    let header = login.text("access").split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().into()
}

/// Whether the access token and the refresh token of a login are valid.
async fn are_good(world: &World, login: &Answer) -> (bool, bool) {
    let me = world.me("GET", login.text("access"), &json!({})).await;
    let refresh = world.refresh(login.text("refresh")).await;
    assert!([200, 401].contains(&me.status) && [200, 401].contains(&refresh.status), "{me:?} {refresh:?}");
    (me.status == 200, refresh.status == 200)
}

#[rstest]
#[case::es256("ES256")]
#[case::hs256("HS256")]
#[tokio::test]
#[ignore = "needs Secrets Manager at SECRETS_MANAGER_URL: tests/targets/secrets-manager starts one"]
async fn tokens_survive_one_rotation_of_the_secret_and_not_a_second(#[case] algorithm: &str) {
    let client = secrets_manager().await;
    let id = format!("signing-secret-{algorithm}-{}", std::process::id());
    let secret = client.create_secret().name(&id).secret_string("the first secret, of 32 bytes and more");
    secret.send().await.unwrap();

    let mut world = World::new().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    world.use_secret(client.clone(), &id, now);
    let algorithm = ("ACCESS_TOKEN_ALGORITHM", AttributeValue::S(algorithm.into()));
    world.set_settings(&[algorithm, ("ACCESS_TOKEN_LIFETIME", AttributeValue::N("86400".into()))]).await;
    world.register("ada@example.com").await;
    let before = world.log_in("ada@example.com").await;

    // Functions that are running and functions that start now accept each other's tokens.
    rotate(&client, &id).await;
    world.start_anew();
    let during = world.log_in("ada@example.com").await;
    assert_eq!(key_id(&during), key_id(&before));
    world.wait(FIFTEEN_MINUTES + 5);
    let after = world.log_in("ada@example.com").await;
    assert_ne!(key_id(&after), key_id(&before));
    for login in [&before, &during, &after] {
        assert_eq!(are_good(&world, login).await, (true, true));
    }

    rotate(&client, &id).await;
    world.wait(FIVE_MINUTES);
    for (login, good) in [(&before, false), (&during, false), (&after, true)] {
        assert_eq!(are_good(&world, login).await, (good, good));
    }
}

#[tokio::test]
#[ignore = "needs Secrets Manager at SECRETS_MANAGER_URL: tests/targets/secrets-manager starts one"]
async fn a_secret_created_after_the_functions_started_is_picked_up() {
    let client = secrets_manager().await;
    let id = format!("late-secret-{}", std::process::id());
    let mut world = World::new().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    world.use_secret(client.clone(), &id, now);
    world.register("ada@example.com").await;
    world.log_in("ada@example.com").await.is_detail(503, "Service temporarily unavailable.");
    client.create_secret().name(&id).secret_string("a secret of 32 bytes and some more").send().await.unwrap();
    assert_eq!(world.log_in("ada@example.com").await.status, 200);
}
