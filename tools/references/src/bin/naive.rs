//! `floor-get` as it is written without a thought about its start.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use lambda_http::{Body, Error, Request, Response, service_fn};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = &Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await);
    let table = &std::env::var("USERS_TABLE")?;
    let answer = async |_: Request| -> Result<Response<Body>, Error> {
        let request = client.get_item().table_name(table).key("pk", AttributeValue::S("username#ada".into()));
        let item = request.consistent_read(true).send().await?.item.unwrap_or_default();
        let id = item.get("user_id").and_then(|id| id.as_n().ok());
        Ok(Response::new(Body::from(json!({ "id": id }).to_string())))
    };
    lambda_http::run(service_fn(answer)).await
}
