//! `POST /api/register/`.

use rstest::rstest;
use serde_json::{Value, json};
use support::{PASSWORD, User, log_in, post, profile, unique};

const INVALID_EMAIL: &str = "Enter a valid email address.";
const INVALID_USERNAME: &str =
    "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
const NUL: &str = "Null characters are not allowed.";

/// A valid registration, except for this field.
fn body_with(name: &str, value: Value) -> Value {
    let mut body = json!({ "email": format!("{}@example.com", unique()), "password": PASSWORD, "username": unique() });
    body[name] = value;
    body
}

fn id(answer: &support::Answer) -> u64 {
    answer.json()["id"].as_u64().unwrap()
}

#[test]
fn a_new_user_is_created_and_returned() {
    let name = unique();
    let email = format!("{name}@example.com");
    let answer = post("/api/register/", &json!({ "email": email, "password": PASSWORD, "username": name }));
    answer.is(201, &profile(id(&answer), &name, &email));
}

#[test]
fn a_default_username_is_made_from_the_id() {
    let email = format!("{}@example.com", unique());
    let answer = post("/api/register/", &json!({ "email": email, "password": PASSWORD }));
    answer.is(201, &profile(id(&answer), &format!("user{}", id(&answer)), &email));
}

#[test]
fn an_id_is_a_safe_integer_in_javascript() {
    assert!((1..=9_007_199_254_740_991).contains(&User::new().id));
}

#[test]
fn the_response_never_contains_the_password() {
    let answer = post("/api/register/", &body_with("email", format!("{}@example.com", unique()).into()));
    assert!(!answer.body.contains("password") && !answer.body.contains("horse") && !answer.body.contains("argon2"));
}

#[test]
fn all_invalid_fields_are_reported_together_in_order() {
    let answer = post("/api/register/", &json!({ "password": null, "email": "", "username": 5 }));
    answer.is(
        400,
        r#"{"username":["Not a valid string."],"email":["This field may not be blank."],"password":["This field may not be null."]}"#,
    );
}

#[test]
fn an_empty_body_lacks_the_required_fields() {
    let answer = support::request("POST", "/api/register/").send();
    answer.is(400, r#"{"email":["This field is required."],"password":["This field is required."]}"#);
}

#[rstest]
#[case::null(json!(null), "This field may not be null.")]
#[case::empty(json!(""), "This field may not be blank.")]
#[case::blank(json!("  \t"), "This field may not be blank.")]
#[case::unicode_white_space(json!("\u{3000}\u{2028}"), "This field may not be blank.")]
#[case::a_number(json!(1), INVALID_EMAIL)]
#[case::a_float(json!(1.5), INVALID_EMAIL)]
#[case::a_boolean(json!(true), INVALID_EMAIL)]
#[case::a_list(json!(["a@example.com"]), INVALID_EMAIL)]
#[case::an_object(json!({"a": "a@example.com"}), INVALID_EMAIL)]
#[case::no_at_sign("example.com".into(), INVALID_EMAIL)]
#[case::no_local_part("@example.com".into(), INVALID_EMAIL)]
#[case::no_domain("ada@".into(), INVALID_EMAIL)]
#[case::two_at_signs("a@b@example.com".into(), INVALID_EMAIL)]
#[case::a_space("a b@example.com".into(), INVALID_EMAIL)]
#[case::a_leading_dot(".ada@example.com".into(), INVALID_EMAIL)]
#[case::a_trailing_dot("ada.@example.com".into(), INVALID_EMAIL)]
#[case::consecutive_dots("a..b@example.com".into(), INVALID_EMAIL)]
#[case::a_non_ascii_local_part("adä@example.com".into(), INVALID_EMAIL)]
#[case::a_domain_with_one_label("ada@example".into(), INVALID_EMAIL)]
#[case::a_domain_with_a_leading_hyphen("ada@-example.com".into(), INVALID_EMAIL)]
#[case::a_domain_with_a_trailing_hyphen("ada@example-.com".into(), INVALID_EMAIL)]
#[case::a_domain_with_an_empty_label("ada@example..com".into(), INVALID_EMAIL)]
#[case::a_domain_with_an_underscore("ada@exam_ple.com".into(), INVALID_EMAIL)]
#[case::a_domain_with_a_port("ada@example.com:25".into(), INVALID_EMAIL)]
#[case::a_domain_with_a_trailing_dot("ada@example.com.".into(), INVALID_EMAIL)]
#[case::a_top_level_domain_of_one_letter("ada@example.c".into(), INVALID_EMAIL)]
#[case::a_top_level_domain_of_digits("ada@example.123".into(), INVALID_EMAIL)]
#[case::a_label_of_64_characters(format!("ada@{}.com", "a".repeat(64)).into(), INVALID_EMAIL)]
#[case::a_bare_ip_address("ada@127.0.0.1".into(), INVALID_EMAIL)]
#[case::an_invalid_ip_literal("ada@[127.0.0.256]".into(), INVALID_EMAIL)]
#[case::a_length_of_255_characters(format!("{}@example.com", "a".repeat(243)).into(), "Ensure this field has no more than 254 characters.")]
fn an_invalid_email_is_refused(#[case] email: Value, #[case] message: &str) {
    post("/api/register/", &body_with("email", email)).is_field("email", &[message]);
}

#[test]
fn a_nul_in_an_email_is_reported_before_its_format() {
    post("/api/register/", &body_with("email", "a\0da@example.com".into())).is_field("email", &[NUL, INVALID_EMAIL]);
}

#[rstest]
#[case::special_characters("!#$%&'*+/=?^_`{|}~-@example.com")]
#[case::a_plus_sign("ada+news@example.com")]
#[case::an_idn_domain("ada@bücher.example")]
#[case::a_punycode_domain("ada@example.xn--p1ai")]
#[case::localhost("ada@localhost")]
#[case::an_ipv4_literal("ada@[127.0.0.1]")]
#[case::an_ipv6_literal("ada@[2001:db8::1]")]
#[case::a_label_of_63_characters(&format!("ada@{}.com", "a".repeat(63)))]
#[case::many_labels("ada@mail.eu.example.co.uk")]
fn a_valid_email_is_accepted_unchanged(#[case] email: &str) {
    let email = format!("{}{email}", unique());
    let answer = post("/api/register/", &json!({ "email": email, "password": PASSWORD }));
    assert_eq!((answer.status, answer.text("email")), (201, email));
}

#[test]
fn an_email_of_254_characters_is_accepted() {
    let email = format!("{}{}@example.com", unique(), "a".repeat(242 - 16));
    assert_eq!(email.len(), 254);
    assert_eq!(post("/api/register/", &body_with("email", email.into())).status, 201);
}

#[test]
fn only_the_domain_of_an_email_is_lowercased() {
    let name = unique();
    let answer = post("/api/register/", &body_with("email", format!("  Ada.{name}@EXAMPLE.Com\n").into()));
    assert_eq!(answer.text("email"), format!("Ada.{name}@example.com"));
}

#[rstest]
#[case::the_same(|email: &str| email.to_owned())]
#[case::upper_case(|email: &str| email.to_uppercase())]
#[case::surrounding_spaces(|email: &str| format!(" {email} "))]
fn an_email_is_unique(#[case] vary: fn(&str) -> String) {
    let other = User::new();
    let answer = post("/api/register/", &body_with("email", vary(&other.email).into()));
    answer.is_field("email", &["A user with that email already exists."]);
}

#[test]
fn email_uniqueness_ignores_unicode_composition() {
    let name = unique();
    assert_eq!(post("/api/register/", &body_with("email", format!("{name}@b\u{fc}cher.de").into())).status, 201);
    let answer = post("/api/register/", &body_with("email", format!("{name}@bu\u{308}cher.de").into()));
    answer.is_field("email", &["A user with that email already exists."]);
}

#[rstest]
#[case::null(json!(null), &["This field may not be null."])]
#[case::empty(json!(""), &["This field may not be blank."])]
#[case::blank(json!("   "), &["This field may not be blank."])]
#[case::a_number(json!(1), &["Not a valid string."])]
#[case::a_boolean(json!(false), &["Not a valid string."])]
#[case::a_list(json!([]), &["Not a valid string."])]
#[case::an_object(json!({}), &["Not a valid string."])]
#[case::a_space("a b".into(), &[INVALID_USERNAME])]
#[case::an_exclamation_mark("a!b".into(), &[INVALID_USERNAME])]
#[case::a_slash("a/b".into(), &[INVALID_USERNAME])]
#[case::an_emoji("a😀".into(), &[INVALID_USERNAME])]
#[case::a_zero_width_joiner("a\u{200d}b".into(), &[INVALID_USERNAME])]
#[case::a_nul("a\0b".into(), &[NUL, INVALID_USERNAME])]
#[case::a_length_of_151_characters("x".repeat(151).into(), &["Ensure this field has no more than 150 characters."])]
#[case::invalid_characters_and_151_of_them("!".repeat(151).into(), &["Ensure this field has no more than 150 characters.", INVALID_USERNAME])]
fn an_invalid_username_is_refused(#[case] username: Value, #[case] messages: &[&str]) {
    post("/api/register/", &body_with("username", username)).is_field("username", messages);
}

#[rstest]
#[case::all_allowed_punctuation("a@b.c+d-e_f")]
#[case::letters_of_other_scripts("Дмитрий用户")]
#[case::digits_of_other_scripts("٣३")]
#[case::capitals("ADA")]
fn a_valid_username_is_accepted_unchanged(#[case] username: &str) {
    let username = format!("{username}{}", unique());
    let answer = post("/api/register/", &body_with("username", username.clone().into()));
    assert_eq!((answer.status, answer.text("username")), (201, username));
}

#[test]
fn a_username_of_150_characters_is_accepted() {
    let username = format!("{}{}", unique(), "é".repeat(134));
    assert_eq!(post("/api/register/", &body_with("username", username.into())).status, 201);
}

#[test]
fn a_username_is_normalised_before_it_is_stored() {
    let name = unique();
    let answer = post("/api/register/", &body_with("username", format!(" Ａda\u{fb01}{name} ").into()));
    assert_eq!(answer.text("username"), format!("Adafi{name}"));
}

#[test]
fn a_username_is_unique() {
    let other = User::new();
    let answer = post("/api/register/", &body_with("username", other.username.into()));
    answer.is_field("username", &["A user with that username already exists."]);
}

#[test]
fn usernames_are_case_sensitive() {
    let other = User::new();
    let username = format!("A{}", other.username);
    assert_eq!(post("/api/register/", &body_with("username", username.clone().into())).status, 201);
    assert_eq!(post("/api/register/", &body_with("username", username.to_lowercase().into())).status, 201);
}

#[test]
fn a_taken_username_and_a_taken_email_are_both_reported() {
    let other = User::new();
    let body = json!({ "email": other.email, "username": other.username, "password": PASSWORD });
    post("/api/register/", &body).is(
        400,
        r#"{"username":["A user with that username already exists."],"email":["A user with that email already exists."]}"#,
    );
}

#[test]
fn a_refused_registration_reserves_neither_username_nor_email() {
    let (taken, name) = (User::new(), unique());
    let email = format!("{name}@example.com");
    let taken_email = json!({ "email": taken.email, "username": name, "password": PASSWORD });
    let taken_name = json!({ "email": email, "username": taken.username, "password": PASSWORD });
    assert_eq!((post("/api/register/", &taken_email).status, post("/api/register/", &taken_name).status), (400, 400));
    let free = json!({ "email": email, "username": name, "password": PASSWORD });
    assert_eq!(post("/api/register/", &free).status, 201);
}

#[rstest]
#[case::null(json!(null), &["This field may not be null."])]
#[case::empty(json!(""), &["This field may not be blank."])]
#[case::a_number(json!(12_345_678), &["Not a valid string."])]
#[case::a_list(json!(["correct horse battery staple"]), &["Not a valid string."])]
#[case::a_length_of_129_characters("x".repeat(129).into(), &["Ensure this field has no more than 128 characters."])]
#[case::a_nul("correct\0horse battery".into(), &[NUL])]
#[case::nuls_and_129_of_them("\0".repeat(129).into(), &["Ensure this field has no more than 128 characters.", NUL])]
#[case::a_length_of_7_characters("k7#pQ2x".into(), &["This password is too short. It must contain at least 8 characters."])]
#[case::a_common_password("iloveyou1".into(), &["This password is too common."])]
#[case::a_common_password_in_another_case("ILoveYou1".into(), &["This password is too common."])]
#[case::a_common_password_with_a_year("Summer2026!".into(), &["This password is too common."])]
#[case::a_common_password_in_leetspeak("$umm3r_26".into(), &["This password is too common."])]
#[case::the_name_of_the_service("PyShop-Auth".into(), &["This password is too common."])]
#[case::only_digits("8302751946".into(), &["This password is entirely numeric."])]
#[case::only_spaces("       ".into(), &["This password is too short. It must contain at least 8 characters."])]
#[case::a_short_common_number("12345".into(), &[
    "This password is too short. It must contain at least 8 characters.",
    "This password is too common.",
    "This password is entirely numeric.",
])]
fn statement_4_a_weak_or_malformed_password_is_refused(#[case] password: Value, #[case] messages: &[&str]) {
    post("/api/register/", &body_with("password", password)).is_field("password", messages);
}

#[test]
fn statement_4_a_password_similar_to_the_username_is_refused() {
    let name = format!("lovelace{}", unique());
    let body = json!({ "email": "someone@example.com", "username": name, "password": name });
    post("/api/register/", &body).is_field("password", &["The password is too similar to the username."]);
}

#[test]
fn statement_4_a_password_similar_to_the_email_is_refused() {
    let name = format!("lovelace{}", unique());
    let body = json!({ "email": format!("{name}@example.com"), "password": format!("{name}1") });
    post("/api/register/", &body).is_field("password", &["The password is too similar to the email address."]);
}

#[test]
fn a_password_similar_to_username_and_email_reports_only_the_username() {
    let name = format!("lovelace{}", unique());
    let body = json!({ "email": format!("{name}@example.com"), "username": name, "password": name });
    post("/api/register/", &body).is_field("password", &["The password is too similar to the username."]);
}

#[test]
fn password_strength_is_checked_only_if_all_fields_are_well_formed() {
    let answer = post("/api/register/", &json!({ "email": "nowhere", "password": "12345" }));
    answer.is_field("email", &[INVALID_EMAIL]);
}

#[rstest]
#[case::a_length_of_8_characters("k7#pQ2x!")]
#[case::a_length_of_128_characters(&"correct horse! ".repeat(9)[..128])]
#[case::surrounding_spaces("  correct horse  ")]
#[case::a_line_break("correct\nhorse")]
#[case::another_script("правильная лошадь")]
#[case::emoji("🐎🔋📎🐎🔋📎🐎🔋")]
#[case::decomposed_characters("ko\u{308}nig der berge")]
fn a_registered_password_logs_in(#[case] password: &str) {
    let email = format!("{}@example.com", unique());
    assert_eq!(post("/api/register/", &json!({ "email": email, "password": password })).status, 201);
    assert_eq!(log_in(&email, password).status, 200);
}

#[test]
fn unknown_fields_are_ignored() {
    let mut body = body_with("is_staff", true.into());
    body["id"] = 1.into();
    let answer = post("/api/register/", &body);
    assert_eq!(answer.status, 201);
    assert_ne!(id(&answer), 1);
}

#[test]
fn an_authorization_header_is_ignored() {
    let answer = support::request("POST", "/api/register/")
        .header("authorization", "Bearer nonsense")
        .json(&body_with("username", unique().into()))
        .send();
    assert_eq!(answer.status, 201);
}
