//! What a handler can fail with, which is what a client is answered; and what a store can fail with, which is for operators.

mod store;

use std::error::Error as StdError;

use lambda_http::http::StatusCode;
pub use store::{AwsError, StoreError, describe_sdk_error};
use thiserror::Error;

use crate::{
    domain::{Email, FieldError, Refusal, Taken, Username},
    random,
};

/// Why a request does not succeed. Each variant's comment begins with its status. `http` renders the answers.
#[derive(Debug, Error)]
pub enum Error {
    /// 400: invalid fields, each with its messages.
    #[error("invalid fields")]
    Fields(Vec<FieldError>),
    /// 400: the body is not JSON; the reason and the position, never the text itself.
    #[error("the body is not JSON: {0}")]
    Json(String),
    /// 400: the body is JSON, but not an object: `list`, `str`, `int`, `float` or `bool`.
    #[error("the body is not an object but {0}")]
    NotAnObject(&'static str),
    /// 400: the body is `null`.
    #[error("the body is null")]
    NoData,
    /// 401: no token came. The challenge names no error (RFC 6750, section 3.1).
    #[error("no credentials: {0}")]
    NoCredentials(&'static str),
    /// 401 at login: an unknown address, a wrong password or a disabled user, which look the same to the client.
    #[error("incorrect credentials")]
    IncorrectCredentials,
    /// 401: an access token came and is refused, with `error="invalid_token"` in the challenge.
    #[error("the access token is refused: {0:?}")]
    AccessToken(AccessTokenFault),
    /// 401: a refresh token is refused. Only the log has the reason.
    #[error("the refresh token is refused: {0:?}")]
    RefreshToken(RefreshTokenFault),
    /// 404: no such path.
    #[error("not found")]
    NotFound,
    /// 405: the path exists, but not with this method.
    #[error("method not allowed: {method}")]
    MethodNotAllowed {
        /// What was sent as the method.
        method: String,
        /// The header `Allow`.
        allow: String,
    },
    /// 409: others changed the same profile at each attempt.
    #[error("conflicting changes of the profile")]
    Conflict,
    /// 413: the body is over [`http::MAX_BODY_BYTES`](crate::http::MAX_BODY_BYTES).
    #[error("the body is too large")]
    BodyTooLarge,
    /// 415: a body with this Content-Type (empty if there is none), which is not JSON.
    #[error("unsupported media type: {0}")]
    UnsupportedMediaType(String),
    /// 429: too many attempts.
    #[error("throttled for {wait} seconds")]
    Throttled {
        /// Seconds until the next attempt is accepted, also in `Retry-After`.
        wait: u64,
    },
    /// 503: DynamoDB or Secrets Manager fails, or the request takes too long. Only the log has the reason.
    #[error(transparent)]
    Unavailable(Box<dyn StdError + Send + Sync>),
    /// 500: a bug, or data that no version of this code wrote. Only the log has the reason.
    #[error(transparent)]
    Internal(Box<dyn StdError + Send + Sync>),
}

/// Why an access token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessTokenFault {
    /// There are spaces in it.
    Malformed,
    /// This service did not issue it.
    Invalid,
    /// Its lifetime is over.
    Expired,
    /// It was revoked, with all of the user's.
    Void,
    /// Its user was deleted or disabled.
    Inactive,
}

/// Why a refresh token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshTokenFault {
    /// This service did not issue it.
    Invalid,
    /// Its session has ended.
    Over,
    /// Its user was deleted or disabled, or all of the user's sessions were revoked.
    Void,
    /// It was replaced before, and used again after the grace period. The log has an event of its own for that.
    Reused,
}

impl AccessTokenFault {
    /// The text for the client.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Malformed => "Invalid token header. Token string should not contain spaces.",
            Self::Invalid | Self::Void => "Invalid token.",
            Self::Expired => "Token has expired.",
            Self::Inactive => "User inactive or deleted.",
        }
    }

    /// The reason in the log.
    fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
            Self::Expired => "expired",
            Self::Void => "void",
            Self::Inactive => "inactive",
        }
    }
}

impl RefreshTokenFault {
    /// The reason in the log, except for `Reused`, which has its own event.
    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Invalid => Some("invalid"),
            Self::Over => Some("over"),
            Self::Void => Some("void"),
            Self::Reused => None,
        }
    }
}

impl Error {
    /// A bug, described for the log.
    pub fn internal(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(reason.into())
    }

    /// Which kind of token was refused and why, for the log.
    pub(crate) fn refused_token(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::AccessToken(fault) => Some(("access", fault.reason())),
            Self::RefreshToken(fault) => fault.reason().map(|reason| ("refresh", reason)),
            _ => None,
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Fields(_) | Self::Json(_) | Self::NotAnObject(_) | Self::NoData => StatusCode::BAD_REQUEST,
            Self::NoCredentials(_) | Self::IncorrectCredentials | Self::AccessToken(_) | Self::RefreshToken(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An error with its causes, for the log.
pub(crate) fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        if error.is_temporary() { Self::Unavailable(error.into()) } else { Self::internal(error) }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Taken(taken) => taken.into(),
            Refusal::Gone => Self::AccessToken(AccessTokenFault::Inactive),
            Refusal::Revoked => Self::AccessToken(AccessTokenFault::Void),
            Refusal::Conflict => Self::Conflict,
        }
    }
}

impl From<Taken> for Error {
    fn from(taken: Taken) -> Self {
        let username = FieldError::new::<Username>(["A user with that username already exists.".into()]);
        let email = FieldError::new::<Email>(["A user with that email already exists.".into()]);
        let errors = [taken.username.then_some(username), taken.email.then_some(email)];
        Self::Fields(errors.into_iter().flatten().collect())
    }
}

impl From<random::Failed> for Error {
    fn from(failed: random::Failed) -> Self {
        Self::internal(failed)
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Fields(errors)
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Fields(vec![error])
    }
}
