//! `floor-get` with the roots that the system trusts, instead of only Amazon's.

use aws_sdk_dynamodb::Client;
use shared::runtime::config::TrustedRoots;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    references::serve_ada(&Client::new(
        &shared::runtime::aws::on_lambda(TrustedRoots::System, &shared::timeouts::Timeouts::default()).await?,
    ))
    .await
}
