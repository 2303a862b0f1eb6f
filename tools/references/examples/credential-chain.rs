//! `floor-get` with the SDK's own chains for credentials and region, instead of the environment alone.

use aws_sdk_dynamodb::Client;
use shared::runtime::config::TrustedRoots;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let tuned = shared::runtime::aws::on_lambda(TrustedRoots::Amazon, &shared::timeouts::Timeouts::default()).await?;
    let mut loader = shared::runtime::aws::anywhere();
    if let Some(client) = tuned.http_client() {
        loader = loader.http_client(client);
    }
    references::serve_ada(&Client::new(&loader.load().await)).await
}
