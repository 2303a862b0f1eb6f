//! Credentials and region of the operator: those that the AWS CLI would use, of any kind. Only this program has the features
//! of `aws-config` for SSO sessions, for processes that print credentials, and for `aws login`.

use std::{
    env,
    error::Error,
    iter,
    sync::{Mutex, PoisonError},
};

use aws_config::{Region, SdkConfig, meta::ProviderChainError, retry::RetryConfig};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use shared::runtime::aws;

use crate::{Failure, Result};

/// How often a request is tried. At first, an import may write faster than a table accepts.
const ATTEMPTS: u32 = 10;

/// What helps in every case. The last command is for what only the AWS CLI can do, such as to ask for an MFA code.
const HINT: &str = "run `aws configure`, `aws sso login` or `aws login`, or set AWS_PROFILE, or run \
                    `eval \"$(aws configure export-credentials --format env)\"`";

/// The longest reason that is printed, in characters.
const MAX_REASON: usize = 800;

/// The SDK's settings with the credentials and the region of the AWS CLI, or with this region, and the access key's id.
///
/// # Errors
/// There is no region, or there are no credentials: then where they were looked for, and what went wrong there.
pub(crate) async fn sdk(region: Option<String>) -> Result<(SdkConfig, String)> {
    let loader = aws::anywhere().retry_config(RetryConfig::adaptive().with_max_attempts(ATTEMPTS));
    let loader = match region {
        Some(region) => loader.region(Region::new(region)),
        None => loader,
    };
    let sdk = loader.load().await;
    if sdk.region().is_none_or(|region| region.as_ref().is_empty()) {
        let profile = env::var("AWS_PROFILE").map(|name| format!("; profile {name} has none or does not exist"));
        let message = format!("no AWS region is set{}", profile.unwrap_or_default());
        return Err(Failure::new(message, "pass --region or set AWS_REGION").into());
    }
    let provider = sdk.credentials_provider().ok_or("the SDK looks for no credentials")?;
    let credentials = provider.provide_credentials().await.map_err(|error| no_credentials(&error))?;
    let access_key_id = credentials.access_key_id().to_owned();
    let preloaded = Preloaded { first: Mutex::new(Some(credentials)), then: provider };
    Ok((sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(preloaded)).build(), access_key_id))
}

/// Credentials that are loaded, and the provider of the next ones. So the provider, which may ask for a code or open a browser,
/// is asked once until they expire.
#[derive(Debug)]
struct Preloaded {
    first: Mutex<Option<Credentials>>,
    then: SharedCredentialsProvider,
}

impl ProvideCredentials for Preloaded {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(credentials) => future::ProvideCredentials::ready(Ok(credentials)),
            None => self.then.provide_credentials(),
        }
    }
}

fn no_credentials(error: &CredentialsError) -> Failure {
    let profile = env::var("AWS_PROFILE").map_or_else(|_| String::new(), |profile| format!("profile {profile}: "));
    let chain = error.source().and_then(|source| source.downcast_ref::<ProviderChainError<CredentialsError>>());
    let why = match chain {
        Some(chain) => {
            let attempts = chain.attempts().iter();
            let attempts: Vec<_> =
                attempts.map(|attempt| format!("{}: {}", attempt.name(), causes(attempt.error()))).collect();
            attempts.join("; ")
        }
        // A provider failed: then no other one is tried.
        None => causes(error),
    };
    // A process may have printed many lines.
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = why.chars().take(MAX_REASON).collect();
    let rest = if shown.len() < why.len() { "…" } else { "" };
    Failure::new(format!("no AWS credentials ({profile}{shown}{rest})"), HINT)
}

/// The causes of an error, in the SDK's words. Of a process it has what the process wrote to standard error, and nothing of its
/// output. The text of the error itself says nothing.
fn causes(error: &CredentialsError) -> String {
    let errors = iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    let causes: Vec<_> = errors.filter(|error| !error.is::<CredentialsError>()).map(ToString::to_string).collect();
    if causes.is_empty() { "none".into() } else { causes.join(": ") }
}
