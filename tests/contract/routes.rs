//! Paths, methods, and the headers that every answer has.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;
use support::{GatewaysOwn, PASSWORD, User, is_left_out, log_in, operations, public_posts, request, unique};

#[rstest]
fn a_path_answers_with_and_without_its_slash(#[values("", "/")] end: &str) {
    for path in public_posts() {
        let answer = request("POST", &format!("{path}{end}")).json(&json!({})).send();
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("This field is required."), "{answer:?}");
    }
}

#[rstest]
fn the_profile_answers_with_and_without_its_slash(#[values("/api/me", "/api/me/")] path: &str) {
    let user = User::new();
    request("GET", path).bearer(&user.access).send().is(200, &user.profile());
}

#[rstest]
fn a_query_changes_nothing(#[values("/api/me?x=1", "/api/me/?x=1")] path: &str) {
    let user = User::new();
    request("GET", path).bearer(&user.access).send().is(200, &user.profile());
}

#[rstest]
fn what_is_below_a_path_is_not_found(#[values("/x", "/x/", "//", "/1", "/%2F", "/.json", "/login")] below: &str
) {
    if ["//", "/%2F"].contains(&below) && is_left_out(GatewaysOwn::OddPaths) {
        return;
    }
    let paths: BTreeSet<_> = operations().map(|operation| operation.path).collect();
    assert!(paths.len() > 4, "{paths:?}");
    for path in paths {
        request("POST", &format!("{path}{below}")).json(&json!({})).send().is_detail(404, "Not found.");
    }
}

#[rstest]
fn a_wrong_method_is_refused_with_the_right_one(#[values("GET", "PUT", "PATCH", "DELETE", "OPTIONS")] method: &str) {
    if method == "OPTIONS" && is_left_out(GatewaysOwn::Options) {
        return;
    }
    for path in public_posts() {
        let answer = request(method, &format!("{path}/")).send();
        answer.is_detail(405, &format!("Method \"{method}\" not allowed."));
        assert_eq!(answer.header("allow"), Some("POST"), "{answer:?}");
    }
}

#[rstest]
fn a_wrong_method_at_me_is_told_the_right_ones_before_the_token_is_looked_at(
    #[values("POST", "DELETE", "OPTIONS")] method: &str,
) {
    if method == "OPTIONS" && is_left_out(GatewaysOwn::Options) {
        return;
    }
    let answer = request(method, "/api/me/").send();
    answer.is_detail(405, &format!("Method \"{method}\" not allowed."));
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, PATCH"));
}

#[test]
fn a_wrong_method_is_told_before_the_body_is_looked_at() {
    let answer = request("PUT", "/api/login/").header("content-type", "text/plain").body("{").send();
    assert_eq!(answer.status, 405);
}

#[test]
fn head_at_an_endpoint_without_get_is_not_allowed() {
    let answer = request("HEAD", "/api/login/").send();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
}

#[test]
fn every_answer_says_not_to_keep_and_not_to_guess_it() {
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
fn statement_21_every_answer_of_a_function_names_the_request() {
    let id = |path: String| request("POST", &path).send().header("x-request-id").unwrap().to_owned();
    let ids: Vec<_> = public_posts().into_iter().map(id).collect();
    assert!(ids.iter().all(|id| !id.is_empty()), "{ids:?}");
}

#[test]
fn json_is_answered_compactly_and_in_utf_8() {
    let username = format!("用户{}", unique());
    let user = User::new();
    let answer = user.put(&json!({ "username": username }));
    assert_eq!(answer.body, format!(r#"{{"id":{},"username":"{username}","email":"{}"}}"#, user.id, user.email));
}
