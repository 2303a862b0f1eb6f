//! The SDK's configuration in functions: only what Lambda provides, so that a start need not look for more.

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

use crate::{Error, runtime::config::TrustedRoots, timeouts::Timeouts};

/// The root certificates of Amazon Trust Services (<https://www.amazontrust.com/repository/>). Outside China, all certificates of
/// AWS chain up to one of these five. A test fails two years before the first of them expires.
const ROOTS: &str = include_str!("aws/roots.pem");

/// The SDK's configuration on Lambda: region, credentials and endpoints from the environment. The SDK's default chain would look
/// for files too, and link the code for everything that may be in them. AWS is trusted through `roots`.
///
/// # Errors
/// [`Error::Internal`] if TLS cannot be set up.
pub async fn on_lambda(roots: TrustedRoots, timeouts: &Timeouts) -> Result<SdkConfig, Error> {
    let region = EnvironmentVariableRegionProvider::new().region().await;
    let http_client = http_client(roots, region.as_ref().map(|region| region.as_ref()), endpoints())?;
    let mut config = SdkConfig::builder()
        .behavior_version(behavior_version())
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .timeout_config(timeouts.sdk())
        .retry_config(timeouts.retries())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .service_config(Variables);
    config.set_http_client(http_client);
    Ok(config.build())
}

/// The SDK's configuration elsewhere: credentials, region and endpoints from the SDK's default chain.
pub fn anywhere() -> ConfigLoader {
    let timeouts = Timeouts::default();
    aws_config::defaults(behavior_version())
        .timeout_config(timeouts.sdk())
        .retry_config(timeouts.retries())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}

/// Pinned, so that an update of the SDK does not change behaviour.
fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// A client that trusts Amazon's roots only, if that is wanted and all endpoints have such certificates. `None` stands for the
/// SDK's default client, which trusts the system's roots.
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

/// Trusts Amazon's roots only. Loading them takes less time than loading all roots of the system.
fn amazons_http_client() -> Result<SharedHttpClient, Error> {
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let tls = TlsContext::builder().with_trust_store(roots).build().map_err(Error::internal)?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
}

/// The endpoints that the environment sets in place of the SDK's.
fn endpoints() -> impl Iterator<Item = String> {
    let variables = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_ENDPOINT_URL"));
    variables.map(|(_, value)| value.to_string_lossy().into_owned())
}

/// Whether Amazon's roots suffice for this endpoint: it is Amazon's, or has no TLS.
fn is_amazons(endpoint: &str) -> bool {
    let Some(rest) = endpoint.strip_prefix("https://") else { return true };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    host.ends_with(".amazonaws.com")
}

/// The SDK's variables, such as `AWS_ENDPOINT_URL_DYNAMODB`.
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
