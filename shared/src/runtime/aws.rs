//! The SDK as functions set it up: only what Lambda gives them, so that a start looks for nothing else.

use aws_config::{
    BehaviorVersion, ConfigLoader, SdkConfig,
    environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider},
    meta::region::ProvideRegion,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_runtime::env_config::EnvConfigValue;
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_types::{
    os_shim_internal::Env,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};

use crate::{Error, runtime::config::TrustedRoots, timeouts};

/// The roots of Amazon Trust Services (<https://www.amazontrust.com/repository/>), which every certificate of AWS goes back to,
/// outside China. Amazon names these five for stores of one's own. A test fails two years before the first of them ends.
const ROOTS: &str = include_str!("aws/roots.pem");

/// The SDK's settings on Lambda: region, credentials and endpoints of the environment. The SDK's own chain would look for files,
/// and link all that it might find in them. AWS is known by these roots.
///
/// # Errors
/// [`Error::Internal`] when no TLS can be set up.
pub async fn on_lambda(roots: TrustedRoots) -> Result<SdkConfig, Error> {
    let region = EnvironmentVariableRegionProvider::new().region().await;
    let http_client = http_client(roots, region.as_ref().map(|region| region.as_ref()), endpoints())?;
    let mut config = SdkConfig::builder()
        .behavior_version(behavior_version())
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .timeout_config(timeouts::of_the_sdk())
        .retry_config(timeouts::retries_of_the_sdk())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .service_config(Variables);
    config.set_http_client(http_client);
    Ok(config.build())
}

/// The SDK's settings elsewhere: where credentials, region and endpoints come from is the SDK's own choice.
pub fn anywhere() -> ConfigLoader {
    aws_config::defaults(behavior_version())
        .timeout_config(timeouts::of_the_sdk())
        .retry_config(timeouts::retries_of_the_sdk())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Pinned, so that an update of the SDK changes nothing by itself.
fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The client that trusts Amazon's roots alone, where that is wanted and these will do. None stands for the SDK's own, which
/// trusts what the system trusts.
fn http_client(
    roots: TrustedRoots,
    region: Option<&str>,
    mut endpoints: impl Iterator<Item = String>,
) -> Result<Option<SharedHttpClient>, Error> {
    let is_in_china = region.is_some_and(|region| region.starts_with("cn-"));
    if roots == TrustedRoots::System || is_in_china || !endpoints.all(|endpoint| is_amazons(&endpoint)) {
        return Ok(None);
    }
    amazons_http_client().map(Some)
}

/// Trusts Amazon's roots alone, which takes less time than to read all that the system trusts.
fn amazons_http_client() -> Result<SharedHttpClient, Error> {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let tls = TlsContext::builder().with_trust_store(roots).build().map_err(Error::internal)?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
}

/// The endpoints that stand in the environment instead of the SDK's.
fn endpoints() -> impl Iterator<Item = String> {
    let variables = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_ENDPOINT_URL"));
    variables.map(|(_, value)| value.to_string_lossy().into_owned())
}

/// Whether Amazon's roots do for this endpoint: it is Amazon's, none at all, or without TLS.
fn is_amazons(endpoint: &str) -> bool {
    let Some(rest) = endpoint.strip_prefix("https://") else { return true };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    host.ends_with(".amazonaws.com")
}

/// The SDK's variables: `AWS_ENDPOINT_URL_DYNAMODB` and its like.
#[derive(Debug)]
struct Variables;

impl LoadServiceConfig for Variables {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let value = EnvConfigValue::new().env(key.env()).service_id(key.service_id());
        value.load(&Env::real(), None).map(|(value, _)| value.into_owned())
    }
}

#[cfg(test)]
mod tests;
