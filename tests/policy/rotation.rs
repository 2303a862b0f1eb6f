//! A session whose refresh tokens are replaced, up to one that is used again.

use aws_sdk_dynamodb::types::AttributeValue;
use contract::PASSWORD;
use local::{Database, Stack};
use reqwest::Client;
use serde_json::{Value, json};

/// Switches rotation on and uses what is only there then.
pub(crate) async fn walk(stack: &Stack) {
    let settings = Database::at(&stack.dynamodb_url).client().await;
    let settings = settings.update_item().table_name("SettingsTable").key("id", AttributeValue::S("settings".into()));
    let settings = settings.update_expression("SET ROTATE_REFRESH_TOKENS = :on, REFRESH_TOKEN_GRACE = :none");
    let settings = settings.expression_attribute_values(":on", AttributeValue::Bool(true));
    settings.expression_attribute_values(":none", AttributeValue::N("0".into())).send().await.unwrap();

    let account = json!({ "email": "walker@example.com", "password": PASSWORD });
    assert_eq!(post(stack, "register", &account).await.0, 201);
    let (_, login) = post(stack, "login", &account).await;
    let token = json!({ "refresh": login["refresh"] });
    assert!(post(stack, "refresh", &token).await.1["refresh"].is_string());
    assert_eq!(post(stack, "refresh", &token).await.0, 401);
}

async fn post(stack: &Stack, endpoint: &str, body: &Value) -> (u16, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}/api/{endpoint}/", stack.url)).json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}
