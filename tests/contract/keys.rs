//! What other services verify access tokens with: the key set, and the configuration that points to it.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use rstest::rstest;
use serde_json::{Value, json};
use support::{Answer, HandledByGateway, PASSWORD, User, is_skipped, log_in, refresh, request};

const FILES: [&str; 2] = ["/.well-known/jwks.json", "/.well-known/openid-configuration"];

fn get(path: &str) -> Answer {
    request("GET", path).send()
}

fn key_set() -> Value {
    get(FILES[0]).json()
}

fn configuration() -> Value {
    get(FILES[1]).json()
}

/// The claims of a token, if another service accepts it with what is published alone.
fn verified(token: &str) -> Option<Value> {
    let set: JwkSet = serde_json::from_value(key_set()).unwrap();
    let id = jsonwebtoken::decode_header(token).ok()?.kid?;
    let key = DecodingKey::from_jwk(set.find(&id)?).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[configuration()["issuer"].as_str().unwrap()]);
    validation.validate_aud = false;
    jsonwebtoken::decode::<Value>(token, &key, &validation).ok().map(|token| token.claims)
}

#[test]
fn another_service_verifies_tokens_with_the_key_set_alone() {
    let user = User::new();
    for token in [&user.access, &refresh(&user.refresh).text("access")] {
        assert_eq!(verified(token).unwrap()["sub"], user.id.to_string());
    }
}

#[test]
fn statement_29_another_service_refuses_a_token_with_a_changed_claim() {
    let (one, other) = (User::new(), User::new());
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (parts(&one.access), parts(&other.access));
    assert_eq!(verified(&[&*one[0], &*other[1], &*one[2]].join(".")), None);
}

#[test]
fn statement_30_the_key_set_has_public_keys_and_nothing_else() {
    let set = key_set();
    assert_eq!(set.as_object().unwrap().keys().collect::<Vec<_>>(), ["keys"]);
    let keys = set["keys"].as_array().unwrap();
    assert!((1..=3).contains(&keys.len()), "{set}");
    for key in keys {
        let names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("EC"), &json!("ES256"), &json!("sig")));
    }
}

#[test]
fn statement_33_a_session_has_one_name_in_all_its_tokens_and_another_session_another() {
    let user = User::new();
    let name = |token: &str| verified(token).unwrap()["sid"].as_str().unwrap().to_owned();
    let session = name(&user.access);
    assert_eq!(name(&refresh(&user.refresh).text("access")), session);
    assert_ne!(name(&log_in(&user.email, PASSWORD).text("access")), session);
    // It is of no use as a refresh token.
    for text in [session.clone(), format!("psr_{session}")] {
        let answer = request("POST", "/api/refresh/").json(&json!({ "refresh": text })).send();
        answer.is_detail(401, "Token is invalid or expired.");
    }
}

#[test]
fn the_configuration_has_what_the_specification_requires() {
    let configuration = configuration();
    let names: Vec<_> = configuration.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "authorization_endpoint",
        "id_token_signing_alg_values_supported",
        "issuer",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
    ];
    assert_eq!(names, expected);
    assert!(configuration["jwks_uri"].as_str().unwrap().ends_with("/.well-known/jwks.json"), "{configuration}");
}

#[rstest]
fn a_file_has_one_content_with_and_without_a_slash_and_a_query(
    #[values("", "/", "?", "?x=1", "/?v=2&v=3")] end: &str,
    #[values(0, 1)] file: usize,
) {
    let answer = get(&format!("{}{end}", FILES[file]));
    assert_eq!((answer.status, &answer.body), (200, &get(FILES[file]).body));
}

#[rstest]
fn pages_of_any_origin_may_read_and_keep_a_file(#[values(0, 1)] file: usize) {
    let answer = get(FILES[file]);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    // Five minutes, but what a local stack was told.
    assert!(answer.header("cache-control").is_some_and(|value| value.starts_with("public, max-age=")), "{answer:?}");
}

#[rstest]
fn a_client_that_has_a_file_is_not_sent_it_again(#[values(0, 1)] file: usize) {
    let tag = get(FILES[file]).header("etag").unwrap().to_owned();
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\",{tag}"), format!("{tag}, \"x\""), "*".into()] {
        let answer = request("GET", FILES[file]).header("if-none-match", &tags).send();
        assert_eq!((answer.status, &*answer.body), (304, ""), "{tags}");
        assert_eq!(answer.header("etag"), Some(&*tag), "{tags}");
    }
}

#[rstest]
#[case::of_another_content("\"x\"")]
#[case::that_is_no_tag("x")]
#[case::that_is_empty("")]
#[case::that_is_weak_and_empty("W/")]
#[case::of_commas(",,,")]
#[case::that_does_not_end("\"")]
#[case::of_8_kb(&"\"x\",".repeat(1_600))]
fn a_client_with_a_tag_is_sent_the_file(#[case] tags: &str) {
    for path in FILES {
        let answer = request("GET", path).header("if-none-match", tags).send();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[rstest]
fn head_has_the_headers_of_get_and_no_body(#[values(0, 1)] file: usize) {
    let (head, get) = (request("HEAD", FILES[file]).send(), get(FILES[file]));
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(head.header("etag"), get.header("etag"));
}

#[rstest]
fn another_method_is_not_allowed(
    #[values("POST", "PUT", "PATCH", "DELETE", "OPTIONS")] method: &str,
    #[values(0, 1)] file: usize,
) {
    if method == "OPTIONS" && is_skipped(HandledByGateway::Options) {
        return;
    }
    let answer = request(method, FILES[file]).send();
    answer.is_detail(405, &format!("Method \"{method}\" not allowed."));
    assert_eq!((answer.header("allow"), answer.header("cache-control")), (Some("GET, HEAD"), Some("no-store")));
}

#[rstest]
fn nothing_is_below_or_beside_the_files(
    #[values("/.well-known/jwks.json/x", "/.well-known/openid-configuration/x", "/.well-known/jwks.json/jwks.json")]
    path: &str,
) {
    get(path).is_detail(404, "Not found.");
}
