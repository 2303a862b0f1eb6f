//! How an error is answered.

use lambda_http::http::{HeaderValue, header};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;

use super::{Response, json};
use crate::{Error, domain::FieldError};

impl Error {
    /// The answer to the client.
    pub fn response(&self) -> Response {
        let status = self.status();
        let detail = |text: &str| json(status, &json!({ "detail": text }));
        let general = |text: &str| json(status, &json!({ "non_field_errors": [text] }));
        let mut response = match self {
            Self::Fields(errors) => json(status, &ByField(errors)),
            Self::Json(reason) => detail(&format!("JSON parse error - {reason}")),
            Self::NotAnObject(kind) => general(&format!("Invalid data. Expected a dictionary, but got {kind}.")),
            Self::NoData => general("No data provided"),
            Self::NoCredentials(text) => detail(text),
            Self::IncorrectCredentials => detail("Incorrect authentication credentials."),
            Self::AccessToken(fault) => detail(fault.detail()),
            Self::RefreshToken(_) => detail("Token is invalid or expired."),
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

    /// The header that belongs to the status.
    fn header(&self) -> Option<(header::HeaderName, HeaderValue)> {
        match self {
            Self::NoCredentials(_) | Self::IncorrectCredentials | Self::RefreshToken(_) => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::AccessToken(_) => {
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
    use crate::error::AccessTokenFault;
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
        assert_snapshot!(shown(&Error::IncorrectCredentials), @r#"
        401 www-authenticate: Bearer
        {"detail":"Incorrect authentication credentials."}
        "#);
        assert_snapshot!(shown(&Error::AccessToken(AccessTokenFault::Inactive)), @r#"
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
