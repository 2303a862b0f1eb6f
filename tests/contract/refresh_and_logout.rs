//! `POST /api/refresh/` and `POST /api/logout/`.

use rstest::rstest;
use serde_json::{Value, json};
use support::{User, allows, log_out, post, refresh, request};

const REFUSED: &str = "Token is invalid or expired.";

#[test]
fn a_refresh_token_yields_a_working_access_token() {
    let mut user = User::new();
    let answer = refresh(&user.refresh);
    assert_eq!(answer.status, 200);
    assert_ne!(answer.text("access"), user.access);
    user.access = answer.text("access");
    user.get().is(200, &user.profile());
}

#[test]
fn a_refresh_token_can_be_reused() {
    let user = User::new();
    let tokens: Vec<_> = (0..3).map(|_| refresh(&user.refresh).text("access")).collect();
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
}

#[test]
fn a_refresh_token_is_opaque_and_fits_a_cookie() {
    let token = User::new().refresh;
    assert!(token.starts_with("psr_") && token.len() <= 128, "{token}");
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
}

#[test]
fn a_logout_ends_the_session() {
    let user = User::new();
    log_out(&user.refresh).is(200, r#"{"success":"User logged out."}"#);
    refresh(&user.refresh).is_detail(401, REFUSED);
}

#[test]
fn a_second_logout_is_refused() {
    let user = User::new();
    log_out(&user.refresh);
    let answer = log_out(&user.refresh);
    answer.is_detail(401, REFUSED);
    answer.is_challenged("Bearer");
}

#[test]
fn an_access_token_outlives_the_logout() {
    let user = User::new();
    log_out(&user.refresh);
    user.get().is(200, &user.profile());
}

#[test]
fn white_space_around_a_token_is_ignored() {
    let user = User::new();
    assert_eq!(refresh(&format!(" {}\n", user.refresh)).status, 200);
}

/// Variants of a token that are no longer valid.
fn altered(token: &str) -> Vec<String> {
    let change = |position: usize| {
        let mut bytes = token.as_bytes().to_vec();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let last = token.len() - 1;
    vec![
        change(0),
        change(4),
        change(20),
        change(40),
        change(50),
        change(last),
        token[..last].into(),
        format!("{token}A"),
        format!("{token}="),
        format!("{token}.{token}"),
        token[4..].into(),
        token.to_uppercase(),
    ]
}

#[rstest]
#[case::refresh("/api/refresh/")]
#[case::logout("/api/logout/")]
fn an_altered_token_is_refused(#[case] path: &str) {
    let user = User::new();
    for token in altered(&user.refresh) {
        post(path, &json!({ "refresh": token })).is_detail(401, REFUSED);
    }
    assert_eq!(refresh(&user.refresh).status, 200);
}

#[rstest]
fn a_string_that_is_not_a_refresh_token_is_refused(
    #[values("/api/refresh/", "/api/logout/")] path: &str,
    #[values(
        "x",
        "psr_",
        "psr_AAAA",
        "0b8f3a2e-7c55-4a58-9a8e-6a3a4b1f2c11",
        "null",
        "\0",
        "psr_\u{e9}",
        "../../etc/passwd",
        "psr_%41",
        "eyJhbGciOiJub25lIn0.e30."
    )]
    token: &str,
) {
    post(path, &json!({ "refresh": token })).is_detail(401, REFUSED);
}

#[rstest]
#[case::refresh("/api/refresh/")]
#[case::logout("/api/logout/")]
fn statement_12_an_access_token_is_refused_as_a_refresh_token(#[case] path: &str) {
    post(path, &json!({ "refresh": User::new().access })).is_detail(401, REFUSED);
}

#[rstest]
#[case::refresh("/api/refresh/")]
#[case::logout("/api/logout/")]
fn a_very_long_token_is_refused(#[case] path: &str) {
    post(path, &json!({ "refresh": format!("psr_{}", "A".repeat(15_000)) })).is_detail(401, REFUSED);
}

#[rstest]
fn a_malformed_body_gets_an_error_message(
    #[values("/api/refresh/", "/api/logout/")] path: &str,
    #[values(
        (json!({}), "This field is required."),
        (json!({"token": "psr_"}), "This field is required."),
        (json!({"refresh": null}), "This field may not be null."),
        (json!({"refresh": ""}), "This field may not be blank."),
        (json!({"refresh": "  "}), "This field may not be blank."),
        (json!({"refresh": 5}), "Not a valid string."),
        (json!({"refresh": ["psr_"]}), "Not a valid string."),
        (json!({"refresh": {}}), "Not a valid string."),
        (json!({"refresh": true}), "Not a valid string."),
    )]
    case: (Value, &str),
) {
    post(path, &case.0).is_field("refresh", &[case.1]);
}

/// Languages disagree about which characters are white space: regular expressions in Python and JavaScript differ from
/// each other, and both differ from Unicode.
#[rstest]
fn openapi_yaml_and_the_service_agree_on_blank_tokens(#[values("/api/refresh/", "/api/logout/")] path: &str) {
    let disputed = ["\u{1c}", "\u{1f}", "\u{180e}", "\u{200b}", "\u{2060}", "\u{feff}"].map(str::to_owned);
    let white_space = (char::MIN..=char::MAX).filter(|c| c.is_whitespace()).map(String::from);
    for text in white_space.chain(disputed) {
        let body = json!({ "refresh": text });
        assert_eq!(post(path, &body).status == 401, allows(path, &body), "{text:?}");
    }
}

#[rstest]
#[case::refresh("/api/refresh/")]
#[case::logout("/api/logout/")]
fn an_authorization_header_is_ignored(#[case] path: &str) {
    let user = User::new();
    let body = json!({ "refresh": user.refresh });
    let answer = request("POST", path).header("authorization", "Bearer nonsense").json(&body).send();
    assert_eq!(answer.status, 200);
}

#[rstest]
#[case::refresh("/api/refresh/")]
#[case::logout("/api/logout/")]
fn a_token_is_read_only_from_the_body(#[case] path: &str) {
    let user = User::new();
    let answer = request("POST", &format!("{path}?refresh={}", user.refresh))
        .header("cookie", format!("refresh={}", user.refresh))
        .bearer(&user.refresh)
        .send();
    answer.is_field("refresh", &["This field is required."]);
}
