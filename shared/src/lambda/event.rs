//! The events of an API Gateway HTTP API, payload format 2.0.

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::Value;

use crate::{Error, domain::Source, http::Request};

/// An event, as far as it is read here.
///
/// `lambda_http` has a type and a conversion of its own. They are not used, since the conversion panics on a body whose
/// base64 is broken and on a header `Host` that no URL can hold, and since the type refuses the whole event for a header
/// with a control character. What a client can send must be answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpApiEvent {
    raw_path: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    stage: String,
    http: Http,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: String,
}

impl HttpApiEvent {
    /// Reads an event.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is of another shape. What it holds is told to nobody, since it may be a password.
    pub(super) fn read(event: Value) -> Result<Self, Error> {
        Self::deserialize(event).map_err(|_| {
            Error::internal(
                "the event is none of an HTTP API with payload format 2.0: call this function through such an API, \
                 not a REST API, a load balancer, a schedule or a queue",
            )
        })
    }

    /// The path that an endpoint takes, without a slash at its end, if it takes this one. The stage's name comes first where
    /// the API is called under it.
    pub(super) fn path(&self, takes: impl Fn(&str) -> bool) -> Option<&str> {
        let sent = self.raw_path.strip_suffix('/').unwrap_or(&self.raw_path);
        let below_stage = sent.strip_prefix('/').and_then(|sent| sent.strip_prefix(&self.request_context.stage));
        [Some(sent), below_stage].into_iter().flatten().find(|path| takes(path))
    }

    /// The method, which is case-sensitive (RFC 9110, section 9.1).
    pub(super) fn method(&self) -> Method {
        // Every token is a method; what is no token comes from no HTTP server, and no endpoint takes it.
        Method::from_bytes(self.request_context.http.method.as_bytes()).unwrap_or(Method::CONNECT)
    }

    /// The gateway's name for this request.
    pub(super) fn request_id(&self) -> &str {
        &self.request_context.request_id
    }

    /// Where the request comes from.
    pub(super) fn source(&self) -> Source {
        Source::read(&self.request_context.http.source_ip)
    }

    /// The request for this path, with its body decoded.
    ///
    /// # Errors
    /// [`Error::Json`] when the body says to be base64 and is not.
    pub(super) fn into_request(self, path: String) -> Result<Request, Error> {
        let method = if self.method() == Method::HEAD { Method::GET } else { self.method() };
        let source = self.source();
        let body = self.body.unwrap_or_default();
        let body = if self.is_base64_encoded {
            BASE64_STANDARD.decode(body).map_err(|error| Error::Json(format!("the body is not base64: {error}")))?
        } else {
            body.into_bytes()
        };
        Ok(Request { path, method, source, headers: header_map(self.headers), body })
    }
}

/// Gateways differ in the case of headers' names. What can not be a header is left out.
fn header_map(headers: HashMap<String, String>) -> HeaderMap {
    let parse = |(name, value): (String, String)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    headers.into_iter().filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn event(change: impl FnOnce(&mut Value)) -> HttpApiEvent {
        let mut event = json!({
            "version": "2.0",
            "rawPath": "/api/login",
            "headers": {"content-type": "application/json"},
            "requestContext": {"requestId": "r1", "stage": "$default", "http": {"method": "POST"}},
            "body": "{}",
            "isBase64Encoded": false,
        });
        change(&mut event);
        HttpApiEvent::read(event).unwrap()
    }

    #[rstest]
    #[case::without_a_slash("$default", "/api/login", true)]
    #[case::with_a_slash("$default", "/api/login/", true)]
    #[case::under_a_stage("prod", "/prod/api/login/", true)]
    #[case::under_a_domain_that_hides_the_stage("prod", "/api/login", true)]
    #[case::with_two_slashes("$default", "/api/login//", false)]
    #[case::with_more_behind_it("$default", "/api/login/x", false)]
    #[case::with_an_escaped_slash("$default", "/api/login%2F", false)]
    #[case::in_another_case("$default", "/api/Login", false)]
    #[case::under_another_stage("prod", "/test/api/login", false)]
    #[case::of_another_endpoint("$default", "/api/logout", false)]
    #[case::empty("$default", "", false)]
    fn a_path_is_compared_whole(#[case] stage: &str, #[case] path: &str, #[case] matches: bool) {
        let event = event(|event| {
            event["rawPath"] = path.into();
            event["requestContext"]["stage"] = stage.into();
        });
        assert_eq!(event.path(|path| path == "/api/login").is_some(), matches);
    }

    #[test]
    fn a_body_in_base64_is_decoded() {
        let event = event(|event| {
            event["body"] = "eyJhIjoxfQ==".into();
            event["isBase64Encoded"] = true.into();
        });
        assert_eq!(event.into_request(String::new()).unwrap().body, br#"{"a":1}"#);
    }

    #[rstest]
    #[case::of_foreign_letters("!!!")]
    #[case::cut_off("eyJhIjoxfQ=")]
    #[case::url_safe("_-_-")]
    fn a_body_in_broken_base64_is_the_clients_fault(#[case] body: &str) {
        let event = event(|event| {
            event["body"] = body.into();
            event["isBase64Encoded"] = true.into();
        });
        assert_eq!(event.into_request(String::new()).unwrap_err().status().as_u16(), 400);
    }

    #[test]
    fn the_source_is_the_gateways_whatever_headers_say() {
        let event = event(|event| {
            event["requestContext"]["http"]["sourceIp"] = "203.0.113.7".into();
            event["headers"] = json!({"x-forwarded-for": "198.51.100.1", "forwarded": "for=198.51.100.1"});
        });
        assert_eq!(event.into_request(String::new()).unwrap().source.to_string(), "203.0.113.7");
    }

    #[test]
    fn no_body_and_no_headers_are_fine() {
        let event = event(|event| {
            event["body"] = Value::Null;
            event.as_object_mut().unwrap().remove("headers");
        });
        let request = event.into_request(String::new()).unwrap();
        assert!(request.body.is_empty() && request.headers.is_empty());
    }

    #[test]
    fn a_header_is_found_in_any_case_and_may_hold_any_script() {
        let event =
            event(|event| event["headers"] = json!({"Authorization": "Bearer é", "bad name": "x", "x": "a\nb"}));
        let request = event.into_request(String::new()).unwrap();
        assert_eq!(request.bearer_token().unwrap(), "é");
        assert_eq!(request.headers.len(), 1);
    }

    #[rstest]
    #[case::nothing(json!({}))]
    #[case::no_object(json!("swordfish"))]
    #[case::without_a_context(json!({"rawPath": "/api/login"}))]
    #[case::without_http(json!({"rawPath": "/api/login", "requestContext": {"requestId": "r1"}}))]
    #[case::of_a_rest_api(json!({"httpMethod": "GET", "path": "/api/login", "requestContext": {"httpMethod": "GET"}}))]
    #[case::with_a_secret_for_a_path(json!({"rawPath": {"password": "swordfish"}, "requestContext": {"http": {"method": "GET"}}}))]
    fn an_event_of_another_shape_is_refused_and_not_shown(#[case] event: Value) {
        let error = HttpApiEvent::read(event).err().unwrap();
        assert_eq!(error.status().as_u16(), 500);
        assert!(error.to_string().contains("HTTP API") && !error.to_string().contains("swordfish"), "{error}");
    }

    proptest! {
        #[test]
        fn statement_20_no_event_makes_it_panic(path in "\\PC{0,20}", method in "\\PC{0,8}", body in "\\PC{0,20}", name in "\\PC{0,8}", base64: bool) {
            let event = event(|event| {
                event["rawPath"] = path.into();
                event["requestContext"]["http"]["method"] = method.into();
                event["headers"] = json!({name: body});
                event["body"] = body.into();
                event["isBase64Encoded"] = base64.into();
            });
            event.path(|path| path == "/api/login");
            let _ = event.into_request(String::new());
        }

        #[test]
        fn statement_20_no_json_makes_the_reader_of_events_panic(part in json(), place in 0..PLACES.len()) {
            let mut event = json!({"rawPath": "/", "headers": {}, "requestContext": {"http": {"method": "POST"}}});
            match event.pointer_mut(PLACES[place]) {
                Some(here) => *here = part,
                None => event = part,
            }
            if let Ok(event) = HttpApiEvent::read(event) {
                event.path(|path| path == "/api/login");
                let _ = event.into_request(String::new());
            }
        }
    }

    /// Where something else may stand in an event; the last is the event itself.
    const PLACES: [&str; 7] =
        ["/rawPath", "/headers", "/requestContext", "/requestContext/http", "/requestContext/http/method", "", "/none"];

    /// Any JSON, in which names of an event's own are frequent.
    fn json() -> impl Strategy<Value = Value> {
        let name = prop_oneof![
            Just("headers".to_owned()),
            Just("body".to_owned()),
            Just("isBase64Encoded".to_owned()),
            Just("http".to_owned()),
            Just("sourceIp".to_owned()),
            "\\PC{0,8}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(name.clone(), inner, 0..5).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }
}
