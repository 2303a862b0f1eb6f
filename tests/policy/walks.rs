//! Walks through features that the contract suite leaves out, since they are off by default or need certain data in a table.

use authorizer::Authorizer;
use aws_sdk_dynamodb::{Client as DynamoDb, types::AttributeValue};
use local::{Database, Stack};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use shared::runtime::{
    Service,
    lambda::{Invoked, InvokedFunction},
};
use support::PASSWORD;

/// [`PASSWORD`] as Django stores it.
const DJANGOS_HASH: &str = "pbkdf2_sha256$1000$salt$nNr3AKmYFOXvzxzP+2VlPwJFPcGKllppLaQIvsodtc4=";

/// Refreshes a session several times, then uses a replaced refresh token again.
pub(crate) async fn sessions(stack: &Stack) {
    set(stack, "ROTATE_REFRESH_TOKENS", AttributeValue::Bool(true)).await;
    set(stack, "REFRESH_TOKEN_GRACE", AttributeValue::N("0".into())).await;

    let account = json!({ "email": "walker@example.com", "password": PASSWORD });
    assert_eq!(post(stack, "register", &account).await.0, 201);
    let (_, login) = post(stack, "login", &account).await;
    let token = json!({ "refresh": login["refresh"] });
    assert!(post(stack, "refresh", &token).await.1["refresh"].is_string());
    assert_eq!(post(stack, "refresh", &token).await.0, 401);
}

/// Logs in to an imported account after a failure, then changes its address under each relevant setting.
pub(crate) async fn accounts(stack: &Stack) {
    let account = json!({ "email": "migrant@example.com", "password": PASSWORD });
    let (status, user) = post(stack, "register", &account).await;
    assert_eq!(status, 201);
    for key in [format!("user#{}", user["id"]), "email#migrant@example.com".into()] {
        let update = client(stack).await.update_item().table_name("UsersTable").key("pk", AttributeValue::S(key));
        let update = update.update_expression("SET password_hash = :hash").condition_expression("attribute_exists(pk)");
        update.expression_attribute_values(":hash", AttributeValue::S(DJANGOS_HASH.into())).send().await.unwrap();
    }
    let wrong = json!({ "email": "migrant@example.com", "password": "wrong horse" });
    assert_eq!(post(stack, "login", &wrong).await.0, 401);
    let (status, login) = post(stack, "login", &account).await;
    assert_eq!(status, 200);
    let token = login["access"].as_str().unwrap();

    // The former address stays reserved: first for its owner, then for everyone.
    assert_eq!(change(stack, token, &json!({ "email": "first@example.com" })).await, 200);
    set(stack, "FORMER_EMAIL_RESERVED", AttributeValue::N("0".into())).await;
    assert_eq!(change(stack, token, &json!({ "email": "second@example.com" })).await, 200);
    assert_eq!(change(stack, token, &json!({ "username": "migrant" })).await, 200);

    set(stack, "EMAIL_CHANGE_NEEDS_PASSWORD", AttributeValue::Bool(true)).await;
    let with = |password: &str| json!({ "email": "third@example.com", "current_password": password });
    assert_eq!(change(stack, token, &with("wrong horse")).await, 400);
    assert_eq!(change(stack, token, &with(PASSWORD)).await, 200);
}

/// Asks the authorizer about a request to another API.
pub(crate) async fn another_api(stack: &Stack, authorizer: &Service) {
    let account = json!({ "email": "shopper@example.com", "password": PASSWORD });
    assert_eq!(post(stack, "register", &account).await.0, 201);
    let (_, login) = post(stack, "login", &account).await;
    let function = InvokedFunction::new(Authorizer::new(authorizer).unwrap(), authorizer);
    let header = format!("Bearer {}", login["access"].as_str().unwrap());
    let event = json!({ "version": "2.0", "type": "REQUEST", "headers": { "authorization": header } });
    assert_eq!(function.call(event).await["isAuthorized"], true);
}

async fn client(stack: &Stack) -> DynamoDb {
    Database::at(&stack.dynamodb_url).client().await
}

async fn set(stack: &Stack, name: &str, value: AttributeValue) {
    let update = client(stack).await.update_item().table_name("SettingsTable");
    let update = update.key("id", AttributeValue::S("settings".into())).update_expression("SET #name = :value");
    let update = update.expression_attribute_names("#name", name).expression_attribute_values(":value", value);
    update.send().await.unwrap();
}

async fn post(stack: &Stack, endpoint: &str, body: &Value) -> (u16, Value) {
    send(stack, Method::POST, endpoint, None, body).await
}

/// Changes the profile of the user with this access token, and returns the status.
async fn change(stack: &Stack, token: &str, change: &Value) -> u16 {
    send(stack, Method::PUT, "me", Some(token), change).await.0
}

async fn send(stack: &Stack, method: Method, endpoint: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.request(method, format!("{}/api/{endpoint}/", stack.url)).json(body);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
