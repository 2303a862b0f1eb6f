//! `POST /api/register/`.

use rstest::rstest;
use serde_json::{Value, json};
use support::{PASSWORD, User, log_in, post, profile, unique};

const INVALID_EMAIL: &str = "Enter a valid email address.";
const INVALID_USERNAME: &str =
    "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";
const NUL: &str = "Null characters are not allowed.";

/// A body that registers, but for one field.
fn body_with(name: &str, value: Value) -> Value {
    let mut body = json!({ "email": format!("{}@example.com", unique()), "password": PASSWORD, "username": unique() });
    body[name] = value;
    body
}

fn id(answer: &support::Answer) -> u64 {
    answer.json()["id"].as_u64().unwrap()
}

#[test]
fn a_user_is_created_and_answered() {
    let name = unique();
    let email = format!("{name}@example.com");
    let answer = post("/api/register/", &json!({ "email": email, "password": PASSWORD, "username": name }));
    answer.is(201, &profile(id(&answer), &name, &email));
}

#[test]
fn a_user_without_a_name_is_called_after_the_id() {
    let email = format!("{}@example.com", unique());
    let answer = post("/api/register/", &json!({ "email": email, "password": PASSWORD }));
    answer.is(201, &profile(id(&answer), &format!("user{}", id(&answer)), &email));
}

#[test]
fn an_id_is_a_number_that_javascript_holds() {
    assert!((1..=9_007_199_254_740_991).contains(&User::new().id));
}

#[test]
fn the_password_is_never_answered() {
    let answer = post("/api/register/", &body_with("email", format!("{}@example.com", unique()).into()));
    assert!(!answer.body.contains("password") && !answer.body.contains("horse") && !answer.body.contains("argon2"));
}

#[test]
fn all_wrong_fields_are_told_at_once_in_order() {
    let answer = post("/api/register/", &json!({ "password": null, "email": "", "username": 5 }));
    answer.is(
        400,
        r#"{"username":["Not a valid string."],"email":["This field may not be blank."],"password":["This field may not be null."]}"#,
    );
}

#[test]
fn an_empty_body_lacks_what_is_required() {
    let answer = support::request("POST", "/api/register/").send();
    answer.is(400, r#"{"email":["This field is required."],"password":["This field is required."]}"#);
}

#[rstest]
#[case::null(json!(null), "This field may not be null.")]
#[case::empty(json!(""), "This field may not be blank.")]
#[case::blank(json!("  \t"), "This field may not be blank.")]
#[case::of_unicode_white_space(json!("\u{3000}\u{2028}"), "This field may not be blank.")]
#[case::a_number(json!(1), INVALID_EMAIL)]
#[case::a_float(json!(1.5), INVALID_EMAIL)]
#[case::a_boolean(json!(true), INVALID_EMAIL)]
#[case::a_list(json!(["a@example.com"]), INVALID_EMAIL)]
#[case::an_object(json!({"a": "a@example.com"}), INVALID_EMAIL)]
#[case::without_an_at("example.com".into(), INVALID_EMAIL)]
#[case::without_a_local_part("@example.com".into(), INVALID_EMAIL)]
#[case::without_a_domain("ada@".into(), INVALID_EMAIL)]
#[case::with_two_ats("a@b@example.com".into(), INVALID_EMAIL)]
#[case::with_a_blank("a b@example.com".into(), INVALID_EMAIL)]
#[case::with_a_leading_dot(".ada@example.com".into(), INVALID_EMAIL)]
#[case::with_a_trailing_dot("ada.@example.com".into(), INVALID_EMAIL)]
#[case::with_two_dots("a..b@example.com".into(), INVALID_EMAIL)]
#[case::with_a_local_part_not_in_ascii("adä@example.com".into(), INVALID_EMAIL)]
#[case::of_a_domain_of_one_label("ada@example".into(), INVALID_EMAIL)]
#[case::of_a_domain_with_a_leading_hyphen("ada@-example.com".into(), INVALID_EMAIL)]
#[case::of_a_domain_with_a_trailing_hyphen("ada@example-.com".into(), INVALID_EMAIL)]
#[case::of_a_domain_with_an_empty_label("ada@example..com".into(), INVALID_EMAIL)]
#[case::of_a_domain_with_an_underscore("ada@exam_ple.com".into(), INVALID_EMAIL)]
#[case::of_a_domain_with_a_port("ada@example.com:25".into(), INVALID_EMAIL)]
#[case::of_a_domain_with_a_dot_at_the_end("ada@example.com.".into(), INVALID_EMAIL)]
#[case::of_a_top_level_domain_of_one_letter("ada@example.c".into(), INVALID_EMAIL)]
#[case::of_a_top_level_domain_of_digits("ada@example.123".into(), INVALID_EMAIL)]
#[case::of_a_label_of_64_characters(format!("ada@{}.com", "a".repeat(64)).into(), INVALID_EMAIL)]
#[case::of_a_bare_ip_address("ada@127.0.0.1".into(), INVALID_EMAIL)]
#[case::of_an_impossible_ip_literal("ada@[127.0.0.256]".into(), INVALID_EMAIL)]
#[case::of_255_characters(format!("{}@example.com", "a".repeat(243)).into(), "Ensure this field has no more than 254 characters.")]
fn an_email_is_refused(#[case] email: Value, #[case] message: &str) {
    post("/api/register/", &body_with("email", email)).is_field("email", &[message]);
}

#[test]
fn an_email_with_nul_is_told_so_before_its_form() {
    post("/api/register/", &body_with("email", "a\0da@example.com".into())).is_field("email", &[NUL, INVALID_EMAIL]);
}

#[rstest]
#[case::with_signs("!#$%&'*+/=?^_`{|}~-@example.com")]
#[case::with_a_plus("ada+news@example.com")]
#[case::of_an_idn_domain("ada@bücher.example")]
#[case::of_a_punycode_domain("ada@example.xn--p1ai")]
#[case::of_localhost("ada@localhost")]
#[case::of_an_ipv4_literal("ada@[127.0.0.1]")]
#[case::of_an_ipv6_literal("ada@[2001:db8::1]")]
#[case::of_a_label_of_63_characters(&format!("ada@{}.com", "a".repeat(63)))]
#[case::of_many_labels("ada@mail.eu.example.co.uk")]
fn an_email_is_taken_as_it_is(#[case] email: &str) {
    let email = format!("{}{email}", unique());
    let answer = post("/api/register/", &json!({ "email": email, "password": PASSWORD }));
    assert_eq!((answer.status, answer.text("email")), (201, email));
}

#[test]
fn an_email_of_254_characters_is_taken() {
    let email = format!("{}{}@example.com", unique(), "a".repeat(242 - 16));
    assert_eq!(email.len(), 254);
    assert_eq!(post("/api/register/", &body_with("email", email.into())).status, 201);
}

#[test]
fn an_email_keeps_the_case_of_its_local_part_and_loses_that_of_its_domain() {
    let name = unique();
    let answer = post("/api/register/", &body_with("email", format!("  Ada.{name}@EXAMPLE.Com\n").into()));
    assert_eq!(answer.text("email"), format!("Ada.{name}@example.com"));
}

#[rstest]
#[case::the_same(|email: &str| email.to_owned())]
#[case::in_upper_case(|email: &str| email.to_uppercase())]
#[case::among_blanks(|email: &str| format!(" {email} "))]
fn an_email_is_unique(#[case] vary: fn(&str) -> String) {
    let other = User::new();
    let answer = post("/api/register/", &body_with("email", vary(&other.email).into()));
    answer.is_field("email", &["A user with that email already exists."]);
}

#[test]
fn an_email_is_unique_whichever_way_its_letters_are_composed() {
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
#[case::with_a_blank("a b".into(), &[INVALID_USERNAME])]
#[case::with_a_sign("a!b".into(), &[INVALID_USERNAME])]
#[case::with_a_slash("a/b".into(), &[INVALID_USERNAME])]
#[case::with_an_emoji("a😀".into(), &[INVALID_USERNAME])]
#[case::with_a_zero_width_joiner("a\u{200d}b".into(), &[INVALID_USERNAME])]
#[case::with_nul("a\0b".into(), &[NUL, INVALID_USERNAME])]
#[case::of_151_characters("x".repeat(151).into(), &["Ensure this field has no more than 150 characters."])]
#[case::wrong_and_too_long("!".repeat(151).into(), &["Ensure this field has no more than 150 characters.", INVALID_USERNAME])]
fn a_username_is_refused(#[case] username: Value, #[case] messages: &[&str]) {
    post("/api/register/", &body_with("username", username)).is_field("username", messages);
}

#[rstest]
#[case::with_all_signs("a@b.c+d-e_f")]
#[case::with_letters_of_other_scripts("Дмитрий用户")]
#[case::with_digits_of_other_scripts("٣३")]
#[case::in_capitals("ADA")]
fn a_username_is_taken_as_it_is(#[case] username: &str) {
    let username = format!("{username}{}", unique());
    let answer = post("/api/register/", &body_with("username", username.clone().into()));
    assert_eq!((answer.status, answer.text("username")), (201, username));
}

#[test]
fn a_username_of_150_characters_is_taken() {
    let username = format!("{}{}", unique(), "é".repeat(134));
    assert_eq!(post("/api/register/", &body_with("username", username.into())).status, 201);
}

#[test]
fn a_username_is_normalised_before_it_is_kept() {
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
fn a_username_in_another_case_is_another_one() {
    let other = User::new();
    let username = format!("A{}", other.username);
    assert_eq!(post("/api/register/", &body_with("username", username.clone().into())).status, 201);
    assert_eq!(post("/api/register/", &body_with("username", username.to_lowercase().into())).status, 201);
}

#[test]
fn both_a_username_and_an_email_that_are_taken_are_told() {
    let other = User::new();
    let body = json!({ "email": other.email, "username": other.username, "password": PASSWORD });
    post("/api/register/", &body).is(
        400,
        r#"{"username":["A user with that username already exists."],"email":["A user with that email already exists."]}"#,
    );
}

#[test]
fn a_refused_registration_leaves_name_and_address_free() {
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
#[case::of_129_characters("x".repeat(129).into(), &["Ensure this field has no more than 128 characters."])]
#[case::with_nul("correct\0horse battery".into(), &[NUL])]
#[case::with_nul_and_too_long("\0".repeat(129).into(), &["Ensure this field has no more than 128 characters.", NUL])]
#[case::of_7_characters("k7#pQ2x".into(), &["This password is too short. It must contain at least 8 characters."])]
#[case::that_is_common("iloveyou1".into(), &["This password is too common."])]
#[case::that_is_common_in_another_case("ILoveYou1".into(), &["This password is too common."])]
#[case::that_is_common_with_a_year("Summer2026!".into(), &["This password is too common."])]
#[case::that_is_common_in_leet("$umm3r_26".into(), &["This password is too common."])]
#[case::that_is_the_services_name("PyShop-Auth".into(), &["This password is too common."])]
#[case::of_digits("8302751946".into(), &["This password is entirely numeric."])]
#[case::of_blanks("       ".into(), &["This password is too short. It must contain at least 8 characters."])]
#[case::short_common_and_of_digits("12345".into(), &[
    "This password is too short. It must contain at least 8 characters.",
    "This password is too common.",
    "This password is entirely numeric.",
])]
fn statement_4_a_password_is_refused(#[case] password: Value, #[case] messages: &[&str]) {
    post("/api/register/", &body_with("password", password)).is_field("password", messages);
}

#[test]
fn statement_4_a_password_like_the_username_is_refused() {
    let name = format!("lovelace{}", unique());
    let body = json!({ "email": "someone@example.com", "username": name, "password": name });
    post("/api/register/", &body).is_field("password", &["The password is too similar to the username."]);
}

#[test]
fn statement_4_a_password_like_the_email_is_refused() {
    let name = format!("lovelace{}", unique());
    let body = json!({ "email": format!("{name}@example.com"), "password": format!("{name}1") });
    post("/api/register/", &body).is_field("password", &["The password is too similar to the email address."]);
}

#[test]
fn a_password_like_both_is_told_of_the_first() {
    let name = format!("lovelace{}", unique());
    let body = json!({ "email": format!("{name}@example.com"), "username": name, "password": name });
    post("/api/register/", &body).is_field("password", &["The password is too similar to the username."]);
}

#[test]
fn a_password_is_judged_only_once_all_fields_are_well_formed() {
    let answer = post("/api/register/", &json!({ "email": "nowhere", "password": "12345" }));
    answer.is_field("email", &[INVALID_EMAIL]);
}

#[rstest]
#[case::of_8_characters("k7#pQ2x!")]
#[case::of_128_characters(&"correct horse! ".repeat(9)[..128])]
#[case::with_blanks_around("  correct horse  ")]
#[case::with_a_line_break("correct\nhorse")]
#[case::of_another_script("правильная лошадь")]
#[case::of_emoji("🐎🔋📎🐎🔋📎🐎🔋")]
#[case::decomposed("ko\u{308}nig der berge")]
fn a_password_is_taken_and_logs_in(#[case] password: &str) {
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
fn an_authorization_header_is_not_looked_at() {
    let answer = support::request("POST", "/api/register/")
        .header("authorization", "Bearer nonsense")
        .json(&body_with("username", unique().into()))
        .send();
    assert_eq!(answer.status, 201);
}
