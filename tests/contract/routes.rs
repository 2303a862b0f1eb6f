//! Paths, methods, and the headers common to all responses.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;
use support::{HandledByGateway, PASSWORD, User, is_skipped, log_in, operations, public_posts, request, unique};

#[rstest]
fn a_trailing_slash_is_optional(#[values("", "/")] end: &str) {
    for path in public_posts() {
        let answer = request("POST", &format!("{path}{end}")).json(&json!({})).send();
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("This field is required."), "{answer:?}");
    }
}

#[rstest]
fn a_trailing_slash_is_optional_for_the_profile(#[values("/api/me", "/api/me/")] path: &str) {
    let user = User::new();
    request("GET", path).bearer(&user.access).send().is(200, &user.profile());
}

#[rstest]
fn query_strings_are_ignored(#[values("/api/me?x=1", "/api/me/?x=1")] path: &str) {
    let user = User::new();
    request("GET", path).bearer(&user.access).send().is(200, &user.profile());
}

#[rstest]
fn paths_below_an_endpoint_are_not_found(#[values("/x", "/x/", "//", "/1", "/%2F", "/.json", "/login")] below: &str
) {
    if ["//", "/%2F"].contains(&below) && is_skipped(HandledByGateway::UnusualPath) {
        return;
    }
    let paths: BTreeSet<_> = operations().map(|operation| operation.path).collect();
    assert!(paths.len() > 4, "{paths:?}");
    for path in paths {
        request("POST", &format!("{path}{below}")).json(&json!({})).send().is_detail(404, "Not found.");
    }
}

#[rstest]
fn a_wrong_method_is_refused_and_allow_lists_the_right_one(
    #[values("GET", "PUT", "PATCH", "DELETE", "OPTIONS")] method: &str,
) {
    if method == "OPTIONS" && is_skipped(HandledByGateway::Options) {
        return;
    }
    for path in public_posts() {
        let answer = request(method, &format!("{path}/")).send();
        answer.is_detail(405, &format!("Method \"{method}\" not allowed."));
        assert_eq!(answer.header("allow"), Some("POST"), "{answer:?}");
    }
}

#[rstest]
fn a_wrong_method_for_the_profile_is_refused_before_the_token_is_checked(
    #[values("POST", "DELETE", "OPTIONS")] method: &str,
) {
    if method == "OPTIONS" && is_skipped(HandledByGateway::Options) {
        return;
    }
    let answer = request(method, "/api/me/").send();
    answer.is_detail(405, &format!("Method \"{method}\" not allowed."));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, PATCH"));
}

#[test]
fn a_wrong_method_is_refused_before_the_body_is_read() {
    let answer = request("PUT", "/api/login/").header("content-type", "text/plain").body("{").send();
    assert_eq!(answer.status, 405);
}

#[test]
fn head_at_an_endpoint_without_get_is_not_allowed() {
    let answer = request("HEAD", "/api/login/").send();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
}

#[test]
fn every_response_forbids_caching_and_sniffing() {
    let user = User::new();
    let answers = [
        user.get(),
        user.put(&json!({})),
        user.put(&json!({ "email": "nowhere" })),
        log_in(&user.email, PASSWORD),
        log_in(&user.email, "wrong horse"),
        request("GET", "/api/me/").send(),
        request("GET", "/api/login/").send(),
        request("POST", "/api/login/x").send(),
        request("POST", "/api/login/").body("x").send(),
        request("POST", "/api/login/").body("x".repeat(20_000)).send(),
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    }
}

#[test]
fn statement_21_every_response_of_a_function_has_a_request_id() {
    let id = |path: String| request("POST", &path).send().header("x-request-id").unwrap().to_owned();
    let ids: Vec<_> = public_posts().into_iter().map(id).collect();
    assert!(ids.iter().all(|id| !id.is_empty()), "{ids:?}");
}

#[test]
fn json_responses_are_compact_and_in_utf_8() {
    let username = format!("用户{}", unique());
    let user = User::new();
    let answer = user.put(&json!({ "username": username }));
    assert_eq!(answer.body, format!(r#"{{"id":{},"username":"{username}","email":"{}"}}"#, user.id, user.email));
}
