//! Statement 27: a malformed response of AWS is logged as a failure, but its content is not exposed. It may contain hashes,
//! email addresses and the signing secret.

use std::{pin::pin, time::Duration};

use aws_sdk_secretsmanager::config::{Credentials, Region};
use axum::{Router, http::StatusCode};
use futures_util::{FutureExt, StreamExt};
use local::Database;
use rstest::rstest;
use serde_json::json;
use shared::{
    domain::{Email, Field, Generation, PasswordHash, User, UserId, Username},
    random::Random,
    runtime::aws,
    store::{AccessChange, NewAccount, SettingsItem, SettingsTable},
};
use tokio::net::TcpListener;

use crate::{
    logs,
    world::{Answer, World},
};

/// Placed in the responses wherever a secret may be, and never sent in requests.
const SECRET: &str = "swordfish";

/// Every field that the SDK reads from the responses of the operations used here.
const EVERYTHING: &str = r#"{
    "Item": {"pk": {"S": "swordfish"}, "id": {"S": "swordfish"}, "email": {"S": "swordfish"}, "user_id": {"S": "swordfish"},
        "password_hash": {"N": "5"}, "counter": {"S": "swordfish"}, "attempts": {"S": "swordfish"}, "expires_at": {"S": "swordfish"}},
    "Items": [{"pk": {"S": "user#swordfish"}, "id": {"S": "swordfish"}, "username": {"S": "swordfish"}, "email": {"S": "swordfish"}}],
    "Attributes": {"counter": {"S": "swordfish"}, "rotated_at": {"S": "swordfish"}, "expires_at": {"S": "swordfish"}},
    "Responses": {"UsersTable": [{"pk": {"S": "email#ada@example.com"}, "user_id": {"S": "swordfish"}, "password_hash": {"S": "swordfish"}}]},
    "VersionId": "1", "SecretString": "swordfish", "CreatedDate": 1,
    "__type": "swordfish", "CancellationReasons": [{"Code": "swordfish", "Item": {"pk": {"S": "swordfish"}}}]
}"#;

/// An AWS that gives the same response to every request.
async fn aws_that_answers(status: u16, body: String) -> Database {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || async move { (StatusCode::from_u16(status).unwrap(), body) };
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    Database::at(&url)
}

/// The response of a login, whose tokens are valid in every world with the same secret.
async fn login() -> Answer {
    let world = World::new().await;
    world.register("ada@example.com").await;
    world.log_in("ada@example.com").await
}

/// Makes every DynamoDB request of functions and operators, and returns the responses and error messages.
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
    let mut shown = format!("{answers:?}");
    let mut note = |failed: Option<shared::error::StoreError>| {
        shown.push_str(&failed.map(|error| error.to_string()).unwrap_or_default())
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
    let handle = sessions.new_handle(id).unwrap();
    note(sessions.open(&handle, Generation::default(), 300).await.err());
    note(sessions.of_user(id).await.err());
    let settings = SettingsTable::new(world.client.clone(), "SettingsTable".into());
    note(settings.read().await.err());
    note(settings.write_if_missing(SettingsItem::default()).await.err());
    shown
}

#[rstest]
#[case::truncated_json(200, EVERYTHING[..EVERYTHING.len() - 1].to_owned())]
#[case::values_of_other_types(200, EVERYTHING.to_owned())]
#[case::invalid_numbers(200, EVERYTHING.replace(r#"{"S": "swordfish"}"#, r#"{"N": "swordfish"}"#))]
#[case::a_list(200, r#"["swordfish"]"#.to_owned())]
#[case::strings_instead_of_objects(
    200,
    r#"{"Item": "swordfish", "Items": "swordfish", "Attributes": "swordfish", "Responses": "swordfish"}"#.to_owned()
)]
#[case::plain_text(200, "swordfish".to_owned())]
#[case::invalid_escapes(200, r#"{"Item": {"pk": {"S": "\uzzzz swordfish"#.to_owned())]
#[case::a_truncated_error(400, EVERYTHING[..EVERYTHING.len() - 1].to_owned())]
#[case::an_error_with_an_item(
    400,
    r#"{"__type": "com.amazonaws#ConditionalCheckFailedException", "Item": {"pk": {"S": "swordfish"}, "counter": {"S": "swordfish"}}}"#.to_owned()
)]
#[case::a_cancelled_transaction(
    400,
    r#"{"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": "Other", "Item": {"pk": {"S": "swordfish"}}}]}"#.to_owned()
)]
#[tokio::test]
async fn statement_27_a_malformed_response_of_dynamodb_is_not_exposed(#[case] status: u16, #[case] body: String) {
    let login = login().await;
    let world = World::on(aws_that_answers(status, body).await, Duration::ZERO, Random::system()).await;
    logs::take();
    let shown = ask_everything(&world, &login).await;
    let log = logs::take();
    assert!(log.contains("request_failed"), "{log}");
    assert!(!log.contains(SECRET) && !log.contains("zzzz"), "{log}");
    assert!(!shown.contains(SECRET) && !shown.contains("zzzz"), "{shown}");
}

#[rstest]
#[case::truncated_json(200, &EVERYTHING[..EVERYTHING.len() - 1])]
#[case::a_secret_of_another_type(200, r#"{"VersionId": "1", "SecretString": ["swordfish"], "CreatedDate": 1}"#)]
#[case::a_short_secret(200, r#"{"VersionId": "1", "SecretString": "swordfish", "CreatedDate": 1}"#)]
#[case::a_truncated_error(400, r#"{"__type": "InternalServiceError", "SecretString": "swordfish"#)]
#[tokio::test]
async fn statement_27_a_malformed_response_of_secrets_manager_is_not_exposed(#[case] status: u16, #[case] body: &str) {
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
async fn statement_27_the_error_of_a_failed_operator_write_contains_no_hash() {
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
