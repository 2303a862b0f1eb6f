//! `floor` plus one item of DynamoDB, read with the client of the functions.

use aws_sdk_dynamodb::Client;
use shared::runtime::config::TrustedRoots;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    references::serve_ada(&Client::new(
        &shared::runtime::aws::on_lambda(TrustedRoots::Amazon, &shared::timeouts::Timeouts::default()).await?,
    ))
    .await
}
