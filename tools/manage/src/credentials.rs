//! Whom AWS takes the operator for: the credentials and the region that the AWS CLI would take, of whatever kind they are.
//! SSO sessions, processes that print credentials and `aws login` are features of `aws-config` that this program alone has.

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

use crate::Result;

/// How often a request is tried: an import may write faster than a table takes it at first.
const ATTEMPTS: u32 = 10;

/// What helps, whatever it was. The last takes over what the AWS CLI alone can do, such as to ask for a code of MFA.
const ADVICE: &str = "run `aws configure`, `aws sso login` or `aws login`, or set AWS_PROFILE, or \
                      `eval \"$(aws configure export-credentials --format env)\"`";

/// How much is shown of what went wrong, in characters.
const MOST_SHOWN: usize = 800;

/// The SDK with the credentials and the region that the AWS CLI would have, or with this region, and the id of its access key.
///
/// # Errors
/// A line that says that there is no region, or where credentials were looked for, what went wrong there, and what helps.
pub(crate) async fn sdk(region: Option<String>) -> Result<(SdkConfig, String)> {
    let loader = aws::anywhere().retry_config(RetryConfig::adaptive().with_max_attempts(ATTEMPTS));
    let loader = match region {
        Some(region) => loader.region(Region::new(region)),
        None => loader,
    };
    let sdk = loader.load().await;
    if sdk.region().is_none_or(|region| region.as_ref().is_empty()) {
        let profile = env::var("AWS_PROFILE").map(|name| format!(", and the profile {name} has none, or is not there"));
        return Err(format!("no region is set{}: say --region, or set AWS_REGION", profile.unwrap_or_default()).into());
    }
    let provider = sdk.credentials_provider().ok_or("the SDK looks for no credentials")?;
    let credentials = provider.provide_credentials().await.map_err(|error| none(&error))?;
    let access_key_id = credentials.access_key_id().to_owned();
    let loaded = Loaded { first: Mutex::new(Some(credentials)), then: provider };
    Ok((sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(loaded)).build(), access_key_id))
}

/// Credentials that were loaded, and what loads those that come after them: whatever gives them, and may ask its user for a
/// code or open a browser, is asked once until they expire.
#[derive(Debug)]
struct Loaded {
    first: Mutex<Option<Credentials>>,
    then: SharedCredentialsProvider,
}

impl ProvideCredentials for Loaded {
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

/// That there are no credentials, and why.
fn none(error: &CredentialsError) -> String {
    let profile = env::var("AWS_PROFILE").map_or_else(|_| String::new(), |profile| format!("profile {profile}: "));
    let chain = error.source().and_then(|source| source.downcast_ref::<ProviderChainError<CredentialsError>>());
    let why = match chain {
        Some(chain) => {
            let attempts = chain.attempts().iter();
            let attempts: Vec<_> =
                attempts.map(|attempt| format!("{}: {}", attempt.name(), causes(attempt.error()))).collect();
            attempts.join("; ")
        }
        // Something was there, and failed: then nothing else is tried.
        None => causes(error),
    };
    // A process may have said more than one line, and a great deal.
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = why.chars().take(MOST_SHOWN).collect();
    let rest = if shown.len() < why.len() { "…" } else { "" };
    format!("no AWS credentials ({profile}{shown}{rest}): {ADVICE}")
}

/// The causes of an error, in the SDK's words: a process's are what it wrote to standard error, and nothing of its output. Of
/// the error itself the SDK says only that there is one.
fn causes(error: &CredentialsError) -> String {
    let errors = iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    let causes: Vec<_> = errors.filter(|error| !error.is::<CredentialsError>()).map(ToString::to_string).collect();
    if causes.is_empty() { "none".into() } else { causes.join(": ") }
}
