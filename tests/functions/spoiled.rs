//! Statement 27: an answer of AWS that is not as it should be is told of, and not shown. It may hold hashes, addresses and the
//! signing secret.

use std::{pin::pin, time::Duration};

use aws_sdk_secretsmanager::config::{Credentials, Region};
use axum::{Router, http::StatusCode};
use futures_util::{FutureExt, StreamExt};
use local::Database;
use rstest::rstest;
use serde_json::json;
use shared::{
    domain::{Email, Field, Generation, Holder, PasswordHash, User, UserId, Username},
    random::Random,
    runtime::aws,
    store::{AccessChange, NewAccount, SettingsItem, SettingsTable},
};
use tokio::net::TcpListener;

use crate::{
    logs,
    world::{Answer, World},
};

/// Stands in the answers wherever a secret may, and nowhere in what is sent.
const SECRET: &str = "swordfish";

/// What the SDK reads in an answer of any operation that is used here.
const EVERYTHING: &str = r#"{
    "Item": {"pk": {"S": "swordfish"}, "id": {"S": "swordfish"}, "email": {"S": "swordfish"}, "user_id": {"S": "swordfish"},
        "password_hash": {"N": "5"}, "counter": {"S": "swordfish"}, "attempts": {"S": "swordfish"}, "expires_at": {"S": "swordfish"}},
    "Items": [{"pk": {"S": "user#swordfish"}, "id": {"S": "swordfish"}, "username": {"S": "swordfish"}, "email": {"S": "swordfish"}}],
    "Attributes": {"counter": {"S": "swordfish"}, "rotated_at": {"S": "swordfish"}, "expires_at": {"S": "swordfish"}},
    "Responses": {"UsersTable": [{"pk": {"S": "email#ada@example.com"}, "user_id": {"S": "swordfish"}, "password_hash": {"S": "swordfish"}}]},
    "VersionId": "1", "SecretString": "swordfish", "CreatedDate": 1,
    "__type": "swordfish", "CancellationReasons": [{"Code": "swordfish", "Item": {"pk": {"S": "swordfish"}}}]
}"#;

/// An AWS that answers everything like this.
async fn aws_that_answers(status: u16, body: String) -> Database {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || async move { (StatusCode::from_u16(status).unwrap(), body) };
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    Database::at(&url)
}

/// Tokens that are good wherever the secret of these worlds is.
async fn login() -> Answer {
    let world = World::new().await;
    world.register("ada@example.com").await;
    world.log_in("ada@example.com").await
}

/// All that functions and operators ask of DynamoDB; what becomes of it, as far as it is told to anybody.
async fn ask_everything(world: &World, login: &Answer) -> String {
    let answers = [
        world.register("ada@example.com").await,
        world.log_in("ada@example.com").await,
        world.refresh(login.text("refresh")).await,
        world.log_out(login.text("refresh")).await,
        world.me("GET", login.text("access"), &json!({})).await,
        world.me("PUT", login.text("access"), &json!({ "username": "ada" })).await,
    ];
    let (users, sessions) = (world.service.users(), world.service.sessions());
    let id = UserId::new(5).unwrap();
    let email = Email::parse("ada@example.com").unwrap();
    let mut told = format!("{answers:?}");
    let mut note = |failed: Option<shared::error::StoreError>| {
        told.push_str(&failed.map(|error| error.to_string()).unwrap_or_default())
    };
    note(users.account_with_id(id).await.err());
    note(users.account_with_email(&email).await.err());
    note(users.account_with_username(&Username::parse("ada").unwrap()).await.err());
    note(users.former_owner(&email).await.err());
    note(pin!(users.all()).next().await.and_then(Result::err));
    note(pin!(users.misplaced()).next().await.and_then(Result::err));
    let user = User { id, username: Username::parse("ada").unwrap(), email: email.clone() };
    let password_hash = PasswordHash::new("$argon2id$".into());
    note(users.add(&NewAccount { user, password_hash, disabled: false, created_at: None }).await.err());
    note(sessions.open(Holder { user: id, generation: Generation::default() }, 300).await.err());
    note(sessions.of_user(id).await.err());
    let settings = SettingsTable::new(world.client.clone(), "SettingsTable".into());
    note(settings.read().await.err());
    note(settings.write_if_missing(SettingsItem::default()).await.err());
    told
}

#[rstest]
#[case::that_is_cut_off(200, EVERYTHING[..EVERYTHING.len() - 1].to_owned())]
#[case::with_values_of_other_types(200, EVERYTHING.to_owned())]
#[case::with_numbers_that_are_none(200, EVERYTHING.replace(r#"{"S": "swordfish"}"#, r#"{"N": "swordfish"}"#))]
#[case::that_is_no_object(200, r#"["swordfish"]"#.to_owned())]
#[case::whose_parts_are_no_objects(
    200,
    r#"{"Item": "swordfish", "Items": "swordfish", "Attributes": "swordfish", "Responses": "swordfish"}"#.to_owned()
)]
#[case::that_is_no_json(200, "swordfish".to_owned())]
#[case::with_broken_escapes(200, r#"{"Item": {"pk": {"S": "\uzzzz swordfish"#.to_owned())]
#[case::of_an_error_that_is_cut_off(400, EVERYTHING[..EVERYTHING.len() - 1].to_owned())]
#[case::of_an_error_with_an_item(
    400,
    r#"{"__type": "com.amazonaws#ConditionalCheckFailedException", "Item": {"pk": {"S": "swordfish"}, "counter": {"S": "swordfish"}}}"#.to_owned()
)]
#[case::of_a_cancelled_transaction(
    400,
    r#"{"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": "Other", "Item": {"pk": {"S": "swordfish"}}}]}"#.to_owned()
)]
#[tokio::test]
async fn statement_27_an_answer_of_dynamodb_is_not_shown(#[case] status: u16, #[case] body: String) {
    let login = login().await;
    let world = World::on(aws_that_answers(status, body).await, Duration::ZERO, Random::system()).await;
    logs::take();
    let told = ask_everything(&world, &login).await;
    let log = logs::take();
    assert!(log.contains("request_failed"), "{log}");
    assert!(!log.contains(SECRET) && !log.contains("zzzz"), "{log}");
    assert!(!told.contains(SECRET) && !told.contains("zzzz"), "{told}");
}

#[rstest]
#[case::that_is_cut_off(200, &EVERYTHING[..EVERYTHING.len() - 1])]
#[case::with_a_secret_of_another_type(200, r#"{"VersionId": "1", "SecretString": ["swordfish"], "CreatedDate": 1}"#)]
#[case::with_a_secret_that_is_too_short(200, r#"{"VersionId": "1", "SecretString": "swordfish", "CreatedDate": 1}"#)]
#[case::of_an_error_that_is_cut_off(400, r#"{"__type": "InternalServiceError", "SecretString": "swordfish"#)]
#[tokio::test]
async fn statement_27_an_answer_of_secrets_manager_is_not_shown(#[case] status: u16, #[case] body: &str) {
    let login = login().await;
    let url = aws_that_answers(status, body.to_owned()).await.url().to_owned();
    let credentials = Credentials::new("test", "test", None, None, "test");
    let sdk = aws::anywhere().endpoint_url(url).credentials_provider(credentials);
    let client = aws_sdk_secretsmanager::Client::new(&sdk.region(Region::from_static("us-east-1")).load().await);
    let mut world = World::new().await;
    world.use_secret(client, "signing-secret", 1_800_000_000);
    world.service.access_tokens().warm_up().await;
    logs::take();
    for answer in [world.log_in("ada@example.com").await, world.refresh(login.text("refresh")).await] {
        assert_eq!(answer.status, 503, "{answer:?}");
    }
    let log = logs::take();
    assert!(log.contains("request_failed") && !log.contains(SECRET), "{log}");
}

#[tokio::test]
async fn statement_27_a_write_that_fails_in_an_operators_hands_shows_no_hash() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let account = world.account("ada@example.com").await;
    let hash = account.password_hash().expose().to_owned();
    let spoiled = World::on(
        aws_that_answers(200, format!(r#"{{"ItemCollectionMetrics": "{hash}""#)).await,
        Duration::ZERO,
        Random::system(),
    )
    .await;
    let users = spoiled.service.users();
    for change in [AccessChange::Unlock, AccessChange::Disable] {
        let error = users.change_access(account.clone(), &change).map(|result| result.unwrap_err()).await;
        assert!(!error.to_string().contains(&hash), "{error}");
    }
}
