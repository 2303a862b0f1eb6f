//! `GET`, `HEAD`, `PUT` and `PATCH /api/me/`.

use rstest::rstest;
use serde_json::{Value, json};
use support::{Answer, PASSWORD, User, log_in, profile, refresh, request, unique};

#[test]
fn get_returns_the_profile() {
    let user = User::new();
    user.get().is(200, &user.profile());
}

#[test]
fn head_returns_the_headers_of_get_without_a_body() {
    let user = User::new();
    let (get, head) = (user.get(), request("HEAD", "/api/me/").bearer(&user.access).send());
    head.is(200, "");
    for name in ["content-type", "cache-control", "x-content-type-options"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[test]
fn head_without_a_token_is_refused() {
    let answer = request("HEAD", "/api/me/").send();
    answer.is(401, "");
    answer.is_challenged("Bearer");
}

fn change(method: &str, user: &User, body: &Value) -> Answer {
    request(method, "/api/me/").bearer(&user.access).json(body).send()
}

#[rstest]
fn both_fields_can_change_together(#[values("PUT", "PATCH")] method: &str) {
    let (user, name) = (User::new(), unique());
    let email = format!("{name}@example.org");
    let changed = profile(user.id, &name, &email);
    change(method, &user, &json!({ "username": name, "email": email })).is(200, &changed);
    user.get().is(200, &changed);
}

#[rstest]
fn an_omitted_field_keeps_its_value(#[values("PUT", "PATCH")] method: &str) {
    let (user, name) = (User::new(), unique());
    change(method, &user, &json!({ "username": name })).is(200, &profile(user.id, &name, &user.email));
    let email = format!("{name}@example.org");
    change(method, &user, &json!({ "email": email })).is(200, &profile(user.id, &name, &email));
}

#[rstest]
fn an_update_without_changes_has_no_effect(#[values("PUT", "PATCH")] method: &str) {
    let user = User::new();
    change(method, &user, &json!({})).is(200, &user.profile());
    request(method, "/api/me/").bearer(&user.access).send().is(200, &user.profile());
    change(method, &user, &json!({ "username": user.username, "email": user.email })).is(200, &user.profile());
}

#[test]
fn id_and_password_cannot_be_changed_through_the_profile() {
    let user = User::new();
    user.put(&json!({ "id": 1, "password": "another horse battery" })).is(200, &user.profile());
    assert_eq!(log_in(&user.email, PASSWORD).status, 200);
}

#[test]
fn only_the_new_email_logs_in_after_a_change() {
    let (user, email) = (User::new(), format!("{}@example.org", unique()));
    assert_eq!(user.put(&json!({ "email": email })).status, 200);
    assert_eq!(log_in(&email, PASSWORD).status, 200);
    assert_eq!(log_in(&user.email, PASSWORD).status, 401);
}

#[test]
fn sessions_survive_a_change_of_email() {
    let user = User::new();
    assert_eq!(user.put(&json!({ "email": format!("{}@example.org", unique()) })).status, 200);
    assert_eq!((user.get().status, refresh(&user.refresh).status), (200, 200));
}

#[test]
fn a_released_username_can_be_reused_and_a_former_email_stays_reserved() {
    let (user, other, name) = (User::new(), User::new(), unique());
    assert_eq!(user.put(&json!({ "username": name, "email": format!("{name}@example.org") })).status, 200);
    other.put(&json!({ "email": user.email })).is(400, r#"{"email":["A user with that email already exists."]}"#);
    other.put(&json!({ "username": user.username })).is(200, &profile(other.id, &user.username, &other.email));
    user.put(&json!({ "email": user.email })).is(200, &profile(user.id, &name, &user.email));
}

#[test]
fn an_email_can_change_only_in_case() {
    let user = User::new();
    let upper = user.email.to_uppercase();
    let kept = upper.replace("EXAMPLE.COM", "example.com");
    user.put(&json!({ "email": upper })).is(200, &profile(user.id, &user.username, &kept));
    assert_eq!(log_in(&user.email, PASSWORD).status, 200);
}

#[test]
fn a_profile_can_be_changed_back() {
    let (user, name) = (User::new(), unique());
    let email = format!("{name}@example.org");
    for _ in 0..2 {
        assert_eq!(user.put(&json!({ "username": name, "email": email })).status, 200);
        user.put(&json!({ "username": user.username, "email": user.email })).is(200, &user.profile());
    }
    assert_eq!(log_in(&user.email, PASSWORD).status, 200);
}

#[rstest]
#[case::the_email(|other: &User| json!({ "email": other.email }), r#"{"email":["A user with that email already exists."]}"#)]
#[case::the_email_in_another_case(|other: &User| json!({ "email": other.email.to_uppercase() }), r#"{"email":["A user with that email already exists."]}"#)]
#[case::the_username(|other: &User| json!({ "username": other.username }), r#"{"username":["A user with that username already exists."]}"#)]
#[case::both_fields(|other: &User| json!({ "email": other.email, "username": other.username }), r#"{"username":["A user with that username already exists."],"email":["A user with that email already exists."]}"#)]
fn the_username_and_email_of_another_user_are_refused(#[case] body: fn(&User) -> Value, #[case] expected: &str) {
    let (user, other) = (User::new(), User::new());
    user.put(&body(&other)).is(400, expected);
    user.get().is(200, &user.profile());
}

#[test]
fn an_update_with_one_taken_value_changes_nothing() {
    let (user, other, name) = (User::new(), User::new(), unique());
    user.put(&json!({ "username": name, "email": other.email }))
        .is_field("email", &["A user with that email already exists."]);
    user.get().is(200, &user.profile());
    // The username is still free.
    assert_eq!(other.put(&json!({ "username": name })).status, 200);
}

#[rstest]
#[case::nulls(json!({"username": null, "email": null}), r#"{"username":["This field may not be null."],"email":["This field may not be null."]}"#)]
#[case::blanks(json!({"username": " ", "email": " "}), r#"{"username":["This field may not be blank."],"email":["This field may not be blank."]}"#)]
#[case::numbers(json!({"username": 1, "email": 1}), r#"{"username":["Not a valid string."],"email":["Enter a valid email address."]}"#)]
#[case::a_malformed_email(json!({"email": "ada"}), r#"{"email":["Enter a valid email address."]}"#)]
#[case::a_malformed_username(json!({"username": "a b"}), r#"{"username":["Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."]}"#)]
fn a_malformed_update_gets_error_messages(#[case] body: Value, #[case] expected: &str) {
    let user = User::new();
    for method in ["PUT", "PATCH"] {
        change(method, &user, &body).is(400, expected);
    }
    user.get().is(200, &user.profile());
}

#[test]
fn a_username_and_an_email_of_maximum_length_are_accepted() {
    let user = User::new();
    let username = format!("{}{}", unique(), "x".repeat(134));
    let email = format!("{}{}@example.com", unique(), "a".repeat(226));
    user.put(&json!({ "username": username, "email": email })).is(200, &profile(user.id, &username, &email));
}

#[test]
fn a_username_is_normalised() {
    let (user, name) = (User::new(), unique());
    let answer = user.put(&json!({ "username": format!(" Ａ{name} ") }));
    answer.is(200, &profile(user.id, &format!("A{name}"), &user.email));
}
