//! `floor-get` without any tuning of its start.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    references::serve_ada(&Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)).await
}
