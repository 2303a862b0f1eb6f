//! What a store can fail with, in words for operators and the log.

use std::error::Error as StdError;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_types::request_id::RequestId;
use thiserror::Error;

use super::with_causes;
use crate::random;

/// Why DynamoDB or Secrets Manager did not do what it was asked. It never shows what was sent or stored: there are hashes,
/// addresses and the secret in it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// AWS failed or refused the request.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// AWS answered, but not with what is needed.
    #[error("{0}")]
    Unavailable(String),
    /// Others changed the same items at each attempt.
    #[error("gave up after {attempts} conflicting updates of {what}")]
    Contention {
        /// What was to be changed, such as "the account".
        what: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// An item that no version of this code wrote.
    #[error("{item}: {reason}")]
    Corrupt {
        /// What kind of item it is.
        item: &'static str,
        /// What does not hold, without any value.
        reason: String,
    },
    /// A request that misses something: a bug.
    #[error(transparent)]
    Request(#[from] BuildError),
    /// AWS-LC cannot derive keys from the secret, which has no known cause.
    #[error("cannot derive keys from the secret")]
    KeyDerivation,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] random::Failed),
}

/// A failed request of AWS, in the words of the SDK or of the service, with the request's id.
#[derive(Debug, Error)]
#[error("{text}")]
pub struct AwsError {
    text: String,
    is_unreachable: bool,
}

impl AwsError {
    /// Whether no connection to AWS could be made.
    pub fn is_unreachable(&self) -> bool {
        self.is_unreachable
    }
}

impl<E> From<&SdkError<E>> for AwsError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    fn from(error: &SdkError<E>) -> Self {
        let is_unreachable =
            matches!(error, SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout());
        Self { text: describe_sdk_error(error), is_unreachable }
    }
}

impl<E> From<SdkError<E>> for StoreError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        Self::Aws(AwsError::from(&error))
    }
}

impl StoreError {
    /// Whether the same request may succeed later: AWS fails or is overloaded, or others change the same items.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Aws(_) | Self::Unavailable(_) | Self::Contention { .. })
    }

    /// An item that is not what its kind should be. After a colon or in quotes the reason may show a value, so only what comes
    /// before is kept.
    pub(crate) fn corrupt(item: &'static str, reason: impl std::fmt::Display) -> Self {
        let reason = reason.to_string();
        Self::Corrupt { item, reason: reason.split([':', '"', '\'']).next().unwrap_or_default().to_owned() }
    }
}

/// What became of a request, in the words of the SDK or of the service, with the request's id. Never what was sent or answered:
/// there are hashes, addresses and the secret in it. So no `Debug`, and of an answer that cannot be read not even what the
/// parser says, which quotes it.
pub fn describe_sdk_error<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let text = match error {
        SdkError::ServiceError(answer) => match (answer.err().code(), answer.err().message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            (None, _) => format!("an answer that cannot be read, with status {}", answer.raw().status().as_u16()),
        },
        SdkError::ResponseError(answer) => {
            format!("an answer that cannot be read, with status {}", answer.raw().status().as_u16())
        }
        error => with_causes(error),
    };
    match error.request_id() {
        Some(id) => format!("{text} (request {id})"),
        None => text,
    }
}
