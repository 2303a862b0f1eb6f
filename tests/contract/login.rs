//! `POST /api/login/`.

use rstest::rstest;
use serde_json::{Value, json};
use support::{PASSWORD, User, log_in, post, request, unique};

const REFUSED: &str = "Incorrect authentication credentials.";

#[test]
fn the_right_password_opens_a_session() {
    let user = User::new();
    let answer = log_in(&user.email, PASSWORD);
    assert_eq!(answer.status, 200);
    let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["access", "refresh"]);
}

#[test]
fn each_login_opens_a_separate_session() {
    let user = User::new();
    let (first, second) = (log_in(&user.email, PASSWORD), log_in(&user.email, PASSWORD));
    assert_ne!(first.text("refresh"), second.text("refresh"));
    assert_ne!(first.text("access"), second.text("access"));
    assert_eq!(support::log_out(&first.text("refresh")).status, 200);
    assert_eq!(support::refresh(&second.text("refresh")).status, 200);
}

#[rstest]
#[case::upper_case(|email: &str| email.to_uppercase())]
#[case::surrounding_spaces(|email: &str| format!("\t {email}\u{a0}"))]
fn case_and_surrounding_spaces_of_the_email_are_ignored(#[case] vary: fn(&str) -> String) {
    let user = User::new();
    assert_eq!(log_in(&vary(&user.email), PASSWORD).status, 200);
}

#[rstest]
#[case::another_case("Correct horse battery staple")]
#[case::a_trailing_space("correct horse battery staple ")]
#[case::a_leading_space(" correct horse battery staple")]
#[case::a_missing_character("correct horse battery stapl")]
#[case::an_extra_character("correct horse battery staples")]
#[case::one_character("x")]
#[case::a_space(" ")]
#[case::a_length_of_128_characters(&"x".repeat(128))]
#[case::a_length_of_129_characters(&"x".repeat(129))]
#[case::a_length_of_10_000_characters(&"x".repeat(10_000))]
fn a_wrong_password_is_refused(#[case] password: &str) {
    log_in(&User::new().email, password).is_detail(401, REFUSED);
}

#[test]
fn the_username_is_refused_as_an_email() {
    let user = User::new();
    log_in(&user.username, PASSWORD).is_field("email", &["Enter a valid email address."]);
}

#[test]
fn statement_6_an_unknown_email_and_a_wrong_password_get_identical_responses() {
    let unknown = log_in(&format!("{}@example.com", unique()), PASSWORD);
    let wrong = log_in(&User::new().email, "wrong horse battery staple");
    assert_eq!((unknown.status, &unknown.body), (wrong.status, &wrong.body));
    for name in ["content-type", "content-length", "www-authenticate", "cache-control", "x-content-type-options"] {
        assert_eq!(unknown.header(name), wrong.header(name), "{name}");
    }
    unknown.is_detail(401, REFUSED);
}

#[test]
fn the_challenge_of_a_failed_login_contains_no_error() {
    let answer = log_in(&format!("{}@example.com", unique()), PASSWORD);
    answer.is_challenged("Bearer");
}

#[test]
fn statement_3_a_password_in_another_unicode_composition_is_accepted() {
    let email = format!("{}@example.com", unique());
    let body = json!({ "email": email, "password": "k\u{f6}nig der berge" });
    assert_eq!(post("/api/register/", &body).status, 201);
    assert_eq!(log_in(&email, "ko\u{308}nig der berge").status, 200);
}

#[test]
fn compatibility_characters_make_a_different_password() {
    let email = format!("{}@example.com", unique());
    assert_eq!(post("/api/register/", &json!({ "email": email, "password": "ﬁne horse battery" })).status, 201);
    assert_eq!(log_in(&email, "fine horse battery").status, 401);
}

#[rstest]
#[case::no_fields(json!({}), r#"{"email":["This field is required."],"password":["This field is required."]}"#)]
#[case::nulls(json!({"email": null, "password": null}), r#"{"email":["This field may not be null."],"password":["This field may not be null."]}"#)]
#[case::empty_strings(json!({"email": "", "password": ""}), r#"{"email":["This field may not be blank."],"password":["This field may not be blank."]}"#)]
#[case::no_password(json!({"email": "ada@example.com"}), r#"{"password":["This field is required."]}"#)]
#[case::no_email(json!({"password": "x"}), r#"{"email":["This field is required."]}"#)]
#[case::numbers(json!({"email": 1, "password": 1}), r#"{"email":["Enter a valid email address."],"password":["Not a valid string."]}"#)]
#[case::a_malformed_email(json!({"email": "ada", "password": "x"}), r#"{"email":["Enter a valid email address."]}"#)]
#[case::a_password_with_nul(json!({"email": "ada@example.com", "password": "a\u{0}b"}), r#"{"password":["Null characters are not allowed."]}"#)]
fn a_malformed_login_gets_error_messages(#[case] body: Value, #[case] expected: &str) {
    post("/api/login/", &body).is(400, expected);
}

#[test]
fn an_email_that_is_too_long_is_refused() {
    let email = format!("{}@example.com", "a".repeat(243));
    log_in(&email, PASSWORD).is_field("email", &["Ensure this field has no more than 254 characters."]);
}

#[test]
fn an_authorization_header_is_ignored() {
    let user = User::new();
    let login = json!({ "email": user.email, "password": PASSWORD });
    let answer = request("POST", "/api/login/").header("authorization", "Bearer nonsense").json(&login).send();
    assert_eq!(answer.status, 200);
}

#[test]
fn the_last_value_of_a_repeated_key_counts() {
    let user = User::new();
    let body = format!(r#"{{"email":"x","password":"wrong","password":"{PASSWORD}","email":"{}"}}"#, user.email);
    let answer = request("POST", "/api/login/").header("content-type", "application/json").body(body).send();
    assert_eq!(answer.status, 200);
}
