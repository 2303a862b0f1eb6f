//! A decoded request.

use lambda_http::http::{HeaderMap, HeaderName, Method, header};
use serde_json::Value;

use super::{Form, MAX_BODY_BYTES, authorization};
use crate::{Error, domain::Source};

/// A request for one of the function's paths, with one of its methods.
#[derive(Debug)]
pub struct Request {
    /// The path, without the stage or base path before it and without a trailing slash.
    pub path: String,
    /// Whether the path had a trailing slash.
    pub ends_with_slash: bool,
    /// The method. HEAD arrives as GET; the gateway drops the body of its answer.
    pub method: Method,
    pub source: Source,
    /// The id of the API that it came through; empty if the gateway did not say.
    pub api_id: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The body as a JSON object. An empty body has no fields.
    ///
    /// # Errors
    /// [`Error::BodyTooLarge`], [`Error::UnsupportedMediaType`], [`Error::Json`], [`Error::NotAnObject`] or
    /// [`Error::NoData`], in this order.
    pub fn form(&self) -> Result<Form, Error> {
        if self.body.is_empty() {
            return Ok(Form::default());
        }
        if self.body.len() > MAX_BODY_BYTES {
            return Err(Error::BodyTooLarge);
        }
        self.require_json()?;
        // serde_json itself rejects NaN, a byte order mark, invalid UTF-8, lone surrogates, numbers out of range and nesting
        // over 127 levels. Of a repeated key the last value counts.
        match serde_json::from_slice(&self.body).map_err(|error| Error::Json(error.to_string()))? {
            Value::Object(fields) => Ok(Form::new(fields)),
            Value::Null => Err(Error::NoData),
            Value::Array(_) => Err(Error::NotAnObject("list")),
            Value::String(_) => Err(Error::NotAnObject("str")),
            Value::Bool(_) => Err(Error::NotAnObject("bool")),
            // Distinguished by their text, since serde_json keeps an integer over 64 bits as a float.
            Value::Number(_) if self.body.iter().any(|byte| b".eE".contains(byte)) => Err(Error::NotAnObject("float")),
            Value::Number(_) => Err(Error::NotAnObject("int")),
        }
    }

    /// The access token, as text.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] or [`Error::AccessToken`] if the `Authorization` header has no token.
    pub fn bearer_token(&self) -> Result<&str, Error> {
        authorization::bearer_token(self.header(&header::AUTHORIZATION))
    }

    /// A header's value. The gateway joins headers of the same name with commas; two equal ones count as one.
    pub fn header(&self, name: &HeaderName) -> Option<&[u8]> {
        let value = self.headers.get(name)?.as_bytes();
        let commas = value.iter().enumerate().filter(|(_, byte)| **byte == b',').map(|(position, _)| position);
        let mut halves = commas.filter_map(|comma| value.split_at_checked(comma));
        let twice = halves.find(|(one, other)| one.trim_ascii() == other.get(1..).unwrap_or_default().trim_ascii());
        Some(twice.map_or(value, |(one, _)| one.trim_ascii()))
    }

    /// Checks the media type as the Django service does: its parameters do not matter.
    fn require_json(&self) -> Result<(), Error> {
        let sent = String::from_utf8_lossy(self.header(&header::CONTENT_TYPE).unwrap_or_default());
        let kind = sent.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/json") {
            Ok(())
        } else {
            Err(Error::UnsupportedMediaType(sent.into_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn request(content_type: Option<&[u8]>, body: impl Into<Vec<u8>>) -> Request {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_bytes(content_type).unwrap());
        }
        let source = Source::read("203.0.113.7");
        let (path, body) = ("/api/login".into(), body.into());
        Request { path, ends_with_slash: true, method: Method::POST, source, api_id: String::new(), headers, body }
    }

    fn refusal(content_type: Option<&[u8]>, body: impl Into<Vec<u8>>) -> String {
        let text = |error: Error| String::from_utf8(error.response().into_body().to_vec()).unwrap();
        request(content_type, body).form().map_or_else(text, |_| "taken".into())
    }

    #[rstest]
    #[case::plain(b"application/json")]
    #[case::in_another_case(b"Application/JSON")]
    #[case::with_charset(b"application/json; charset=utf-8")]
    #[case::with_charset_in_another_case(b"application/json;charset=UTF-8")]
    #[case::with_charset_in_quotes(b"application/json; charset=\"utf-8\"")]
    #[case::with_another_parameter(b"application/json; v=1")]
    #[case::with_another_charset(b"application/json; charset=latin1")]
    #[case::with_blanks_around_the_semicolon(b"application/json ; charset=utf-8")]
    #[case::with_a_parameter_that_is_none(b"application/json;;charset=")]
    #[case::twice(b"application/json, application/json")]
    #[case::twice_with_a_parameter(b"application/json; a=\"b,c\",application/json; a=\"b,c\"")]
    fn json_is_taken(#[case] content_type: &[u8]) {
        assert_eq!(refusal(Some(content_type), "{}"), "taken");
    }

    #[rstest]
    #[case::none(None, "")]
    #[case::empty(Some(b"".as_slice()), "")]
    #[case::text(Some(b"text/plain".as_slice()), "text/plain")]
    #[case::a_form(Some(b"application/x-www-form-urlencoded".as_slice()), "application/x-www-form-urlencoded")]
    #[case::a_json_suffix(Some(b"application/ld+json".as_slice()), "application/ld+json")]
    #[case::nothing_before_the_parameter(Some(b"; charset=utf-8".as_slice()), "; charset=utf-8")]
    #[case::a_blank_inside(Some(b"application /json".as_slice()), "application /json")]
    #[case::two_types(Some(b"application/json, text/plain".as_slice()), "application/json, text/plain")]
    #[case::no_type_at_all(Some(b"json".as_slice()), "json")]
    #[case::not_utf_8(Some(b"text/\xff".as_slice()), "text/\u{fffd}")]
    fn anything_else_is_quoted_back(#[case] content_type: Option<&[u8]>, #[case] quoted: &str) {
        let expected = format!(r#"{{"detail":"Unsupported media type \"{quoted}\" in request."}}"#);
        assert_eq!(refusal(content_type, "{}"), expected);
    }

    #[rstest]
    #[case::once("Bearer abc", Some("abc"))]
    #[case::twice("Bearer abc, Bearer abc", Some("abc"))]
    #[case::two_tokens("Bearer abc, Bearer abd", None)]
    fn two_equal_headers_are_one(#[case] header: &str, #[case] token: Option<&str>) {
        let mut request = request(None, "");
        request.headers.insert(header::AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        assert_eq!(request.bearer_token().ok(), token);
    }

    #[test]
    fn an_empty_body_is_an_empty_object_whatever_its_type() {
        assert_eq!(refusal(Some(b"text/plain"), ""), "taken");
    }

    #[test]
    fn the_length_is_judged_before_the_type() {
        let fits = refusal(Some(b"application/json"), " ".repeat(MAX_BODY_BYTES - 2) + "{}");
        let over = refusal(Some(b"text/plain"), " ".repeat(MAX_BODY_BYTES + 1));
        assert_eq!((fits.as_str(), over.as_str()), ("taken", r#"{"detail":"Request body too large."}"#));
    }

    #[rstest]
    #[case::a_list("[{}]", "list")]
    #[case::a_string("\"{}\"", "str")]
    #[case::an_integer("-1", "int")]
    #[case::an_integer_over_64_bits("100000000000000000000000000000", "int")]
    #[case::a_float("1.0", "float")]
    #[case::an_exponent("1e2", "float")]
    #[case::a_boolean("true", "bool")]
    fn another_kind_of_json_is_named(#[case] body: &str, #[case] kind: &str) {
        let expected = format!(r#"{{"non_field_errors":["Invalid data. Expected a dictionary, but got {kind}."]}}"#);
        assert_eq!(refusal(Some(b"application/json"), body), expected);
    }

    #[test]
    fn nesting_of_127_levels_is_read_and_of_128_is_not() {
        let nested = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert_eq!(refusal(Some(b"application/json"), nested(127)), "taken");
        assert!(refusal(Some(b"application/json"), nested(128)).contains("JSON parse error - recursion limit"));
    }

    proptest! {
        #[test]
        fn statement_20_no_bytes_make_it_panic_and_every_refusal_is_a_4xx(
            content_type in proptest::option::of("[ -~]{0,40}"), body in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            if let Err(error) = request(content_type.as_deref().map(str::as_bytes), body).form() {
                prop_assert!(error.status().is_client_error());
            }
        }
    }
}
