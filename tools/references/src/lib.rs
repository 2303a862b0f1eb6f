//! What `floor-get` and `naive` have in common: every request is answered with an item of DynamoDB.

use std::env;

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use lambda_http::{Body, Error, Request, Response, service_fn};
use serde_json::json;

/// Serves the id of the user `ada` until Lambda ends the process.
///
/// # Errors
/// Any error of the runtime or of DynamoDB.
pub async fn serve_ada(client: &Client) -> Result<(), Error> {
    let table = &env::var("USERS_TABLE")?;
    let answer = async |_: Request| -> Result<Response<Body>, Error> {
        let request = client.get_item().table_name(table).key("pk", AttributeValue::S("username#ada".into()));
        let item = request.consistent_read(true).send().await?.item.unwrap_or_default();
        let id = item.get("user_id").and_then(|id| id.as_n().ok());
        Ok(Response::new(Body::from(json!({ "id": id }).to_string())))
    };
    lambda_http::run(service_fn(answer)).await
}
