use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;

const SECRET: &str = "9b41c7de02fa4f6c8d15e3706ab2c4f8";

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
#[case::an_id(json!("a1b2c3d4e5"), "a1b2c3d4e5")]
#[case::null(Value::Null, "")]
fn the_gateway_may_name_the_api(#[case] sent: Value, #[case] expected: &str) {
    let event = event(|event| event["requestContext"]["apiId"] = sent);
    assert_eq!(event.into_request("/api/login".into(), Method::POST).unwrap().api_id, expected);
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
    assert_eq!(event.path(&["/api/login"]).is_some(), matches);
}

#[rstest]
#[case::left_away("ANY /api/login/{proxy+}", "/api/login/", true)]
#[case::of_one_segment("ANY /api/login/{proxy+}", "/auth/api/login/", true)]
#[case::of_one_segment_without_a_slash("ANY /api/login", "/auth/api/login", true)]
#[case::of_two_segments("ANY /api/login/{proxy+}", "/v1/auth/api/login/", true)]
#[case::of_two_segments_without_a_slash("ANY /api/login", "/v1/auth/api/login", true)]
#[case::like_the_path_and_longer("ANY /api/login", "/api/logins/api/login", true)]
#[case::of_a_route_for_one_method("POST /api/login/{proxy+}", "/auth/api/login/", true)]
#[case::with_two_slashes("ANY /api/login/{proxy+}", "/auth/api/login//", false)]
#[case::with_more_behind_it("ANY /api/login/{proxy+}", "/auth/api/login/x", false)]
#[case::with_the_path_behind_it("ANY /api/login/{proxy+}", "/auth/api/login/x/api/login", false)]
#[case::that_is_none("ANY /api/login/{proxy+}", "/api/login/x/api/login", false)]
#[case::that_is_the_path_itself("ANY /api/login/{proxy+}", "/api/login/api/login/", false)]
#[case::of_a_part_of_a_segment("ANY /api/login", "/auth/api/login-now", false)]
#[case::before_another_route("ANY /api/logout", "/auth/api/login", false)]
#[case::before_a_route_for_everything("ANY /{proxy+}", "/auth/api/login", false)]
#[case::before_the_default_route("$default", "/auth/api/login", false)]
fn a_base_path_is_what_stands_before_the_route(#[case] key: &str, #[case] path: &str, #[case] matches: bool) {
    let event = event(|event| {
        event["rawPath"] = path.into();
        event["routeKey"] = key.into();
    });
    assert_eq!(event.path(&["/api/login"]).is_some(), matches);
}

#[test]
fn without_a_route_nothing_stands_before_a_path_but_the_stage() {
    for key in [Value::Null, "".into(), "ANY".into(), "ANY api/login".into()] {
        let event = event(|event| {
            event["rawPath"] = "/auth/api/login".into();
            event["routeKey"] = key;
        });
        assert_eq!(event.path(&["/api/login"]), None);
    }
}

#[rstest]
#[case::with_one("/auth/api/docs/", true)]
#[case::without_one("/auth/api/docs", false)]
fn a_request_tells_whether_a_slash_ended_its_path(#[case] path: &str, #[case] expected: bool) {
    let event = event(|event| event["rawPath"] = path.into());
    assert_eq!(event.into_request("/api/docs".into(), Method::GET).unwrap().ends_with_slash, expected);
}

#[test]
fn a_body_in_base64_is_decoded() {
    let event = event(|event| {
        event["body"] = "eyJhIjoxfQ==".into();
        event["isBase64Encoded"] = true.into();
    });
    assert_eq!(event.into_request(String::new(), Method::POST).unwrap().body, br#"{"a":1}"#);
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
    assert_eq!(event.into_request(String::new(), Method::POST).unwrap_err().status().as_u16(), 400);
}

#[test]
fn the_source_is_the_gateways_whatever_headers_say() {
    let event = event(|event| {
        event["requestContext"]["http"]["sourceIp"] = "203.0.113.7".into();
        event["headers"] = json!({"x-forwarded-for": "198.51.100.1", "forwarded": "for=198.51.100.1"});
    });
    assert_eq!(event.into_request(String::new(), Method::POST).unwrap().source.to_string(), "203.0.113.7");
}

/// CloudFront, where it sends this secret.
fn cloudfront(secret: &str) -> Proxy {
    Proxy::new(&secret.into(), Proxy::address_header("cloudfront-viewer-address").unwrap()).unwrap()
}

/// Where a request with these headers comes from, that the gateway sees come from 203.0.113.7.
fn source(proxy: Option<&Proxy>, headers: Value) -> String {
    let event = event(|event| {
        event["requestContext"]["http"]["sourceIp"] = "203.0.113.7".into();
        event["headers"] = headers;
    });
    event.behind(proxy).into_request(String::new(), Method::POST).unwrap().source.to_string()
}

#[test]
fn statement_9_the_source_is_what_a_proxy_says_that_is_set_up_and_proves_itself() {
    let proxy = cloudfront(SECRET);
    let headers = |secret: &str| json!({"x-proxy-secret": secret, "cloudfront-viewer-address": "198.51.100.1:4711"});
    assert_eq!(source(Some(&proxy), headers(SECRET)), "198.51.100.1");
    assert_eq!(source(Some(&proxy), headers("9b41c7de02fa4f6c8d15e3706ab2c4f9")), "203.0.113.7");
    assert_eq!(source(Some(&proxy), json!({"cloudfront-viewer-address": "198.51.100.1:4711"})), "203.0.113.7");
    assert_eq!(source(None, headers(SECRET)), "203.0.113.7");
    assert_eq!(source(None, headers("")), "203.0.113.7");
}

#[test]
fn where_the_proxy_names_no_one_address_the_source_is_the_gateways() {
    let headers = json!({"x-proxy-secret": SECRET, "cloudfront-viewer-address": "198.51.100.1:1,198.51.100.2:1"});
    assert_eq!(source(Some(&cloudfront(SECRET)), headers), "203.0.113.7");
}

#[test]
fn a_proxys_secret_reaches_no_handler() {
    let event = event(|event| event["headers"] = json!({"X-Proxy-Secret": SECRET, "accept": "*/*"}));
    let request = event.behind(Some(&cloudfront(SECRET))).into_request(String::new(), Method::POST).unwrap();
    assert_eq!(request.headers.len(), 1);
    assert!(!format!("{request:?}").contains(SECRET));
}

#[test]
fn no_body_and_no_headers_are_fine() {
    let event = event(|event| {
        event["body"] = Value::Null;
        event.as_object_mut().unwrap().remove("headers");
    });
    let request = event.into_request(String::new(), Method::POST).unwrap();
    assert!(request.body.is_empty() && request.headers.is_empty());
}

#[test]
fn a_header_is_found_in_any_case_and_may_hold_any_script() {
    let event = event(|event| event["headers"] = json!({"Authorization": "Bearer é", "bad name": "x", "x": "a\nb"}));
    let request = event.into_request(String::new(), Method::POST).unwrap();
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
            event["routeKey"] = format!("ANY {path}").into();
            event["rawPath"] = path.into();
            event["requestContext"]["http"]["method"] = method.into();
            event["headers"] = json!({name: body});
            event["body"] = body.into();
            event["isBase64Encoded"] = base64.into();
        });
        event.path(&["/api/login"]);
        let _ = event.into_request(String::new(), Method::POST);
    }

    #[test]
    fn statement_20_no_json_makes_the_reader_of_events_panic(part in json(), place in 0..PLACES.len()) {
        let context = json!({"http": {"method": "POST"}});
        let mut event = json!({"rawPath": "/", "routeKey": "ANY /", "headers": {}, "requestContext": context});
        match event.pointer_mut(PLACES[place]) {
            Some(here) => *here = part,
            None => event = part,
        }
        if let Ok(event) = HttpApiEvent::read(event) {
            event.path(&["/api/login"]);
            let _ = event.into_request(String::new(), Method::POST);
        }
    }
}

/// Where something else may stand in an event; the last is the event itself.
const PLACES: [&str; 8] = [
    "/rawPath",
    "/routeKey",
    "/headers",
    "/requestContext",
    "/requestContext/http",
    "/requestContext/http/method",
    "",
    "/none",
];

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
