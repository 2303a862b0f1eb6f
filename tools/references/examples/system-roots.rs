//! `floor-get` with what the system trusts, instead of Amazon's roots alone.

use aws_sdk_dynamodb::Client;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https();
    let config = shared::aws::on_lambda().await?.into_builder().http_client(client).build();
    references::serve_ada(&Client::new(&config)).await
}
