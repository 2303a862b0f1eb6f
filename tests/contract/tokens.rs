//! The parts of an access token that clients and gateways may read, and the refusal of altered tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rstest::rstest;
use serde_json::{Value, json};
use support::{Answer, User, refresh, request};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn get_with(token: &str) -> Answer {
    request("GET", "/api/me/").bearer(token).send()
}

#[test]
fn the_header_contains_algorithm_type_and_key_id() {
    let header = part(&User::new().access, 0);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("at+jwt")));
    assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
    assert_eq!(header.as_object().unwrap().len(), 3);
}

#[test]
fn the_claims_contain_the_user_id_and_no_personal_data() {
    let user = User::new();
    let claims = part(&user.access, 1);
    let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "sid", "sub"]);
    assert_eq!(claims["sub"], json!(user.id.to_string()));
    assert!(!claims.to_string().contains(&user.username));
}

#[test]
fn the_lifetime_is_within_the_allowed_range() {
    let claims = part(&User::new().access, 1);
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert!((1..=86_400).contains(&lifetime), "{lifetime}");
}

#[test]
fn every_token_has_a_unique_id() {
    let user = User::new();
    let name = |token: &str| part(token, 1)["jti"].as_str().unwrap().to_owned();
    assert_ne!(name(&user.access), name(&refresh(&user.refresh).text("access")));
}

#[test]
fn a_token_with_one_changed_character_is_refused() {
    let token = User::new().access;
    for position in (0..token.len()).step_by(7) {
        let mut bytes = token.clone().into_bytes();
        bytes[position] = match bytes[position] {
            b'A' => b'B',
            b'.' => b'-',
            _ => b'A',
        };
        let changed = String::from_utf8(bytes).unwrap();
        if changed != token {
            get_with(&changed).is_detail(401, "Invalid token.");
        }
    }
}

#[rstest]
#[case::another_user(|claims: &mut Value| claims["sub"] = "1".into())]
#[case::a_later_expiry(|claims: &mut Value| claims["exp"] = 4_000_000_000_u64.into())]
#[case::another_audience(|claims: &mut Value| claims["aud"] = "other".into())]
#[case::an_expiry_in_the_past(|claims: &mut Value| claims["exp"] = 1.into())]
fn altered_claims_are_refused(#[case] change: fn(&mut Value)) {
    let token = User::new().access;
    let mut claims = part(&token, 1);
    change(&mut claims);
    let parts: Vec<_> = token.split('.').collect();
    get_with(&format!("{}.{}.{}", parts[0], encoded(&claims), parts[2])).is_detail(401, "Invalid token.");
}

#[rstest]
#[case::none("none")]
#[case::none_in_capitals("NONE")]
#[case::another_size("HS512")]
#[case::rsa("RS256")]
#[case::ecdsa("ES256")]
#[case::eddsa("EdDSA")]
#[case::lower_case("hs256")]
fn another_algorithm_is_refused_with_or_without_a_signature(#[case] algorithm: &str) {
    let token = User::new().access;
    let mut header = part(&token, 0);
    header["alg"] = algorithm.into();
    let parts: Vec<_> = token.split('.').collect();
    for signature in ["", parts[2]] {
        get_with(&format!("{}.{}.{signature}", encoded(&header), parts[1])).is_detail(401, "Invalid token.");
    }
}

#[rstest]
#[case::two_parts(|token: &str| token.rsplit_once('.').unwrap().0.to_owned())]
#[case::four_parts(|token: &str| format!("{token}.e30"))]
#[case::no_signature(|token: &str| format!("{}.", token.rsplit_once('.').unwrap().0))]
#[case::padding(|token: &str| format!("{token}="))]
#[case::a_signature_twice(|token: &str| format!("{token}{}", token.rsplit_once('.').unwrap().1))]
#[case::upper_case(|token: &str| token.to_uppercase())]
fn a_malformed_token_is_refused(#[case] deform: fn(&str) -> String) {
    get_with(&deform(&User::new().access)).is_detail(401, "Invalid token.");
}
