//! What can go wrong, and what a client is told of it.

use std::{error::Error as StdError, fmt};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_types::request_id::RequestId;
use lambda_http::http::{HeaderValue, StatusCode, header};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;

use crate::{
    domain::{Email, FieldError, Taken, Username},
    http::{self, Response},
    random,
};

/// Why a request is not answered with success. Each variant's comment begins with the status that it becomes.
#[derive(Debug)]
pub enum Error {
    /// 400: the messages under each field's name.
    Fields(Vec<FieldError>),
    /// 400: the body is not JSON; the reason and the place, never the text itself.
    Json(String),
    /// 400: the body is JSON, but this and not an object (`list`, `str`, `int`, `float`, `bool`).
    NotAnObject(&'static str),
    /// 400: the body is `null`.
    NoData,
    /// 401: nothing that authenticates came, so the challenge names no error (RFC 6750, section 3.1).
    NotAuthenticated(&'static str),
    /// 401: an access token came and is refused, with `error="invalid_token"` in the challenge.
    TokenRefused {
        /// What the client is told.
        detail: &'static str,
        /// What the log is told besides.
        reason: &'static str,
    },
    /// 401: a refresh token is refused. The client is told no reason; the log has it.
    RefreshRefused(&'static str),
    /// 404: no such path.
    NotFound,
    /// 405: the path is known, but not with this method. `Allow` lists what it takes.
    MethodNotAllowed {
        /// What was sent as the method.
        method: String,
        /// What the path takes, in the form of the header `Allow`.
        allow: String,
    },
    /// 409: somebody else changed the same profile each time that this change was to be written.
    Conflict,
    /// 413: the body is over [`http::MAX_BODY_BYTES`].
    BodyTooLarge,
    /// 415: a body that is not empty, and this Content-Type (empty where there is none).
    UnsupportedMediaType(String),
    /// 429: too many attempts. The next one is looked at after so many seconds, which `Retry-After` says too.
    Throttled {
        /// The seconds.
        wait: u64,
    },
    /// 503: the store or the key store does not answer as it should. The client is denied and told no reason; the log has
    /// it.
    Unavailable(Box<dyn StdError + Send + Sync>),
    /// 500: a bug, or data that no version of this code wrote. The client is told no reason; the log has it.
    Internal(Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// 401 at login, for an unknown address, a wrong password and a disabled user alike.
    pub const INCORRECT_CREDENTIALS: Self = Self::NotAuthenticated("Incorrect authentication credentials.");
    /// 401 with what is no refresh token of ours.
    pub const INVALID_REFRESH_TOKEN: Self = Self::RefreshRefused("invalid");
    /// 401 with a refresh token whose session is over.
    pub const SESSION_OVER: Self = Self::RefreshRefused("over");
    /// 401 with a refresh token whose user is gone or disabled, or whose session was voided.
    pub const SESSION_VOID: Self = Self::RefreshRefused("void");
    /// 401 with a refresh token that was replaced before. The log has an event of its own for that.
    pub const REFRESH_TOKEN_REUSED: Self = Self::RefreshRefused(REUSED);
    /// 401 with what is no access token of ours.
    pub const INVALID_TOKEN: Self = Self::TokenRefused { detail: "Invalid token.", reason: "invalid" };
    /// 401 with an access token that was voided.
    pub const VOID_TOKEN: Self = Self::TokenRefused { detail: "Invalid token.", reason: "void" };
    /// 401 with an access token whose time is over.
    pub const EXPIRED_TOKEN: Self = Self::TokenRefused { detail: "Token has expired.", reason: "expired" };
    /// 401 with a good access token whose user is gone or disabled.
    pub const USER_INACTIVE: Self = Self::TokenRefused { detail: "User inactive or deleted.", reason: "inactive" };

    /// A bug, described for the log.
    pub fn internal(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(reason.into())
    }

    /// Which token was refused and why, for the log.
    pub(crate) fn refused_token(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::TokenRefused { reason, .. } => Some(("access", reason)),
            Self::RefreshRefused(reason) if *reason != REUSED => Some(("refresh", reason)),
            _ => None,
        }
    }

    /// The status that this becomes.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Fields(_) | Self::Json(_) | Self::NotAnObject(_) | Self::NoData => StatusCode::BAD_REQUEST,
            Self::NotAuthenticated(_) | Self::TokenRefused { .. } | Self::RefreshRefused(_) => StatusCode::UNAUTHORIZED,
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

    /// What the client is told.
    pub fn response(&self) -> Response {
        let status = self.status();
        let detail = |text: &str| http::json(status, &json!({ "detail": text }));
        let general = |text: &str| http::json(status, &json!({ "non_field_errors": [text] }));
        let mut response = match self {
            Self::Fields(errors) => http::json(status, &ByField(errors)),
            Self::Json(reason) => detail(&format!("JSON parse error - {reason}")),
            Self::NotAnObject(kind) => general(&format!("Invalid data. Expected a dictionary, but got {kind}.")),
            Self::NoData => general("No data provided"),
            Self::NotAuthenticated(text) | Self::TokenRefused { detail: text, .. } => detail(text),
            Self::RefreshRefused(_) => detail("Token is invalid or expired."),
            Self::NotFound => detail("Not found."),
            Self::MethodNotAllowed { method, .. } => detail(&format!("Method \"{method}\" not allowed.")),
            Self::Conflict => detail("The profile was changed at the same time. Try again."),
            Self::BodyTooLarge => detail("Request body too large."),
            Self::UnsupportedMediaType(kind) => detail(&format!("Unsupported media type \"{kind}\" in request.")),
            Self::Throttled { wait } => {
                detail(&format!("Request was throttled. Expected available in {wait} seconds."))
            }
            Self::Unavailable(_) => detail("Service temporarily unavailable."),
            Self::Internal(_) => detail("Internal server error."),
        };
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }

    /// The header that the status asks for.
    fn header(&self) -> Option<(header::HeaderName, HeaderValue)> {
        match self {
            Self::NotAuthenticated(_) | Self::RefreshRefused(_) => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::TokenRefused { .. } => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\"")))
            }
            Self::MethodNotAllowed { allow, .. } => {
                HeaderValue::from_str(allow).ok().map(|value| (header::ALLOW, value))
            }
            Self::Throttled { wait } => Some((header::RETRY_AFTER, HeaderValue::from(*wait))),
            // Long enough for a throttled table to breathe, short enough for a person to wait.
            Self::Unavailable(_) => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            _ => None,
        }
    }
}

/// An error with its causes, for the log.
pub(crate) fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
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

/// The store did not do what it was asked, for whatever reason: deny, and let the log tell why.
pub(crate) fn unavailable<E>(error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    Error::Unavailable(describe_sdk_error(error).into())
}

/// The reason that is told by an event of its own.
const REUSED: &str = "reused";

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Fields(errors)
    }
}

impl From<random::Failed> for Error {
    fn from(failed: random::Failed) -> Self {
        Self::internal(failed)
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

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Self::Fields(vec![error])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(source) | Self::Internal(source) => write!(f, "{source}"),
            other => write!(f, "{}", other.status()),
        }
    }
}

impl StdError for Error {}

/// Fields' messages as an object whose keys keep the order of the fields.
struct ByField<'a>(&'a [FieldError]);

impl Serialize for ByField<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for error in self.0 {
            map.serialize_entry(error.name, &error.messages)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::{
        domain::{Email, Username},
        passwords::Password,
    };

    /// The answer as a client sees it: status, the header that goes with it, body.
    fn shown(error: &Error) -> String {
        let response = error.response();
        let header = error.header().map(|(name, value)| format!(" {name}: {}", value.to_str().unwrap()));
        format!(
            "{}{}\n{}",
            response.status().as_u16(),
            header.unwrap_or_default(),
            str::from_utf8(response.body()).unwrap()
        )
    }

    #[test]
    fn wrong_fields_keep_their_order() {
        let error = Error::Fields(vec![
            FieldError::new::<Username>(["This field may not be blank.".into()]),
            FieldError::new::<Email>(["one".into(), "two".into()]),
            FieldError::new::<Password>(["This field is required.".into()]),
        ]);
        assert_snapshot!(shown(&error), @r#"
        400
        {"username":["This field may not be blank."],"email":["one","two"],"password":["This field is required."]}
        "#);
    }

    #[test]
    fn a_body_that_is_no_json_is_told_where() {
        assert_snapshot!(shown(&Error::Json("expected value at line 1 column 2".into())), @r#"
        400
        {"detail":"JSON parse error - expected value at line 1 column 2"}
        "#);
    }

    #[test]
    fn a_body_that_is_no_object_is_told_what_it_is() {
        assert_snapshot!(shown(&Error::NotAnObject("list")), @r#"
        400
        {"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}
        "#);
        assert_snapshot!(shown(&Error::NoData), @r#"
        400
        {"non_field_errors":["No data provided"]}
        "#);
    }

    #[test]
    fn the_challenge_names_an_error_only_where_a_token_was_refused() {
        assert_snapshot!(shown(&Error::INCORRECT_CREDENTIALS), @r#"
        401 www-authenticate: Bearer
        {"detail":"Incorrect authentication credentials."}
        "#);
        assert_snapshot!(shown(&Error::USER_INACTIVE), @r#"
        401 www-authenticate: Bearer error="invalid_token"
        {"detail":"User inactive or deleted."}
        "#);
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let error = Error::MethodNotAllowed { method: "DELETE".into(), allow: "GET, HEAD".into() };
        assert_snapshot!(shown(&error), @r#"
        405 allow: GET, HEAD
        {"detail":"Method \"DELETE\" not allowed."}
        "#);
    }

    #[test]
    fn a_wrong_media_type_is_quoted_back() {
        assert_snapshot!(shown(&Error::UnsupportedMediaType("text/\"plain".into())), @r#"
        415
        {"detail":"Unsupported media type \"text/\"plain\" in request."}
        "#);
    }

    #[test]
    fn statement_21_what_went_wrong_inside_is_not_told() {
        assert_snapshot!(shown(&Error::Unavailable("UsersTable: no route to host".into())), @r#"
        503 retry-after: 1
        {"detail":"Service temporarily unavailable."}
        "#);
        assert_snapshot!(shown(&Error::internal("index out of bounds")), @r#"
        500
        {"detail":"Internal server error."}
        "#);
    }

    #[test]
    fn the_rest_speak_for_themselves() {
        assert_snapshot!(shown(&Error::NotFound), @r#"
        404
        {"detail":"Not found."}
        "#);
        assert_snapshot!(shown(&Error::Conflict), @r#"
        409
        {"detail":"The profile was changed at the same time. Try again."}
        "#);
        assert_snapshot!(shown(&Error::BodyTooLarge), @r#"
        413
        {"detail":"Request body too large."}
        "#);
    }
}
