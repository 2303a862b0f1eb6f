//! Statement 11: what is no access token, however much it looks like one. Most have a good signature, so that nothing but the
//! check that each is about refuses them.

use rstest::rstest;
use serde_json::{Value, json};

use super::{
    tests::{self, INVALID, NOW, SECRET, claims_with, header_with, issue, key_id, keys, refusal, sign, signed, tokens},
    *,
};
use crate::{
    domain::{SessionHandle, SessionId},
    tokens::RefreshTokens,
};

mod es256;

fn good_header() -> Value {
    header_with("typ", "at+jwt".into())
}

fn good_claims() -> Value {
    claims_with("iat", NOW.into())
}

#[test]
fn the_forge_makes_good_tokens_where_it_changes_nothing() {
    let token = signed(&good_header(), &good_claims());
    assert_eq!(tests::verify(&tokens(), &token).unwrap().user, UserId::new(42).unwrap());
}

#[rstest]
#[case::the_algorithm_none("alg", json!("none"))]
#[case::the_algorithm_none_in_capitals("alg", json!("NONE"))]
#[case::no_algorithm("alg", Value::Null)]
#[case::an_empty_algorithm("alg", json!(""))]
#[case::an_algorithm_that_is_a_number("alg", json!(256))]
#[case::a_list_of_algorithms("alg", json!(["HS256"]))]
#[case::hs384("alg", json!("HS384"))]
#[case::hs512("alg", json!("HS512"))]
#[case::rs256("alg", json!("RS256"))]
#[case::ps256("alg", json!("PS256"))]
#[case::es256("alg", json!("ES256"))]
#[case::es384("alg", json!("ES384"))]
#[case::eddsa("alg", json!("EdDSA"))]
#[case::an_algorithm_in_lower_case("alg", json!("hs256"))]
#[case::an_algorithm_behind_a_blank("alg", json!(" HS256"))]
#[case::the_type_of_any_jwt("typ", json!("JWT"))]
#[case::the_type_of_a_refresh_token("typ", json!("rt+jwt"))]
#[case::the_type_in_capitals("typ", json!("AT+JWT"))]
#[case::no_type("typ", Value::Null)]
#[case::a_type_that_is_a_list("typ", json!(["at+jwt"]))]
#[case::an_unknown_key("kid", json!("other"))]
#[case::no_key("kid", Value::Null)]
#[case::an_empty_key("kid", json!(""))]
#[case::a_key_that_is_a_number("kid", json!(0))]
#[case::a_key_that_is_a_file("kid", json!("../../../dev/null"))]
#[case::a_key_that_is_a_query("kid", json!("x' UNION SELECT 'x"))]
#[case::something_critical("crit", json!(["exp"]))]
#[case::nothing_critical("crit", json!([]))]
#[case::something_critical_that_is_no_list("crit", json!("exp"))]
fn statement_11_a_header_with(#[case] name: &str, #[case] value: Value) {
    assert_eq!(refusal(&signed(&header_with(name, value), &good_claims())), INVALID);
}

#[rstest]
#[case::the_key_itself("jwk", json!({"kty": "oct", "alg": "HS256", "k": BASE64_URL_SAFE_NO_PAD.encode(FOREIGN)}))]
#[case::an_address_of_keys("jku", json!("https://evil.example/jwks.json"))]
#[case::an_address_of_a_certificate("x5u", json!("https://evil.example/certificate.pem"))]
#[case::a_certificate("x5c", json!(["MIIBszCCAVmgAwIBAgIUQ"]))]
fn statement_11_a_foreign_signature_whose_header_brings(#[case] name: &str, #[case] value: Value) {
    let header = header_with(name, value).to_string();
    assert_eq!(refusal(&sign(&header, &good_claims().to_string(), FOREIGN)), INVALID);
}

const FOREIGN: &[u8] = b"a key of somebody else, of 32 bytes or more";

#[rstest]
#[case::another_issuer("iss", json!("other"))]
#[case::no_issuer("iss", Value::Null)]
#[case::a_list_of_issuers("iss", json!(["issuer"]))]
#[case::the_issuer_in_another_case("iss", json!("Issuer"))]
#[case::the_issuer_with_more_behind_it("iss", json!("issuer.evil.example"))]
#[case::another_audience("aud", json!("other"))]
#[case::a_list_of_audiences("aud", json!(["audience"]))]
#[case::a_list_of_other_audiences("aud", json!(["other", "another"]))]
#[case::an_empty_audience("aud", json!(""))]
#[case::no_audience("aud", Value::Null)]
#[case::no_expiry("exp", Value::Null)]
#[case::an_expiry_in_a_string("exp", json!("1900000000"))]
#[case::an_expiry_with_a_fraction("exp", json!(1_900_000_000.5))]
#[case::an_expiry_below_zero("exp", json!(-1))]
#[case::an_expiry_that_is_true("exp", json!(true))]
#[case::an_expiry_beyond_all_numbers("exp", json!(1e300))]
#[case::no_subject("sub", Value::Null)]
#[case::a_subject_that_is_a_number("sub", json!(42))]
#[case::a_subject_that_is_a_list("sub", json!(["42"]))]
#[case::a_subject_that_is_no_id("sub", json!("ada"))]
#[case::an_empty_subject("sub", json!(""))]
#[case::a_subject_of_zero("sub", json!("0"))]
#[case::a_subject_over_53_bits("sub", json!("9007199254740992"))]
#[case::a_subject_below_zero("sub", json!("-42"))]
#[case::a_subject_with_a_sign("sub", json!("+42"))]
#[case::a_subject_with_a_leading_zero("sub", json!("042"))]
#[case::a_subject_behind_a_blank("sub", json!(" 42"))]
#[case::a_subject_with_a_fraction("sub", json!("42.0"))]
#[case::a_subject_in_other_digits("sub", json!("٤٢"))]
fn statement_11_claims_with(#[case] name: &str, #[case] value: Value) {
    assert_eq!(refusal(&signed(&good_header(), &claims_with(name, value))), INVALID);
}

#[rstest]
#[case::a_header_that_is_no_json("{", "")]
#[case::a_header_that_is_a_list("[]", "")]
#[case::a_header_that_is_null("null", "")]
#[case::an_empty_header("{}", "")]
#[case::no_header("", "-")]
#[case::claims_that_are_a_list("", "[]")]
#[case::claims_that_are_a_string("", "\"sub\"")]
#[case::claims_that_are_null("", "null")]
#[case::empty_claims("", "{}")]
#[case::claims_behind_a_byte_order_mark("", "\u{feff}{}")]
#[case::claims_that_are_nested_deeply("", &"[".repeat(2_000))]
#[case::the_subject_twice(
    "",
    r#"{"iss":"issuer","aud":"audience","sub":"41","sub":"42","iat":1,"exp":1900000000,"jti":"x"}"#
)]
#[case::the_expiry_twice(
    "",
    r#"{"iss":"issuer","aud":"audience","sub":"42","iat":1,"exp":1,"exp":1900000000,"jti":"x"}"#
)]
fn statement_11_signed_text_with(#[case] header: &str, #[case] claims: &str) {
    let (good_header, good_claims) = (good_header().to_string(), good_claims().to_string());
    let header = if header.is_empty() && claims != "-" { &good_header } else { header };
    let claims = if claims.len() < 2 { &good_claims } else { claims };
    assert_eq!(refusal(&sign(header, claims, tests::key())), INVALID);
}

#[rstest]
#[case::of_another_key(FOREIGN)]
#[case::of_no_key(b"")]
#[case::of_the_secret_that_the_key_is_derived_from(SECRET.as_bytes())]
#[case::of_the_key_id(key_id(SigningAlgorithm::Hs256).leak().as_bytes())]
fn statement_11_a_signature(#[case] key: &[u8]) {
    assert_eq!(refusal(&sign(&good_header().to_string(), &good_claims().to_string(), key)), INVALID);
}

#[rstest]
#[case::empty(|token: &str| String::new() + &token[..0])]
#[case::dots_alone(|_: &str| "..".into())]
#[case::one_part(|token: &str| token.split('.').next().unwrap().into())]
#[case::two_parts(|token: &str| token.rsplit_once('.').unwrap().0.into())]
#[case::an_empty_signature(|token: &str| format!("{}.", token.rsplit_once('.').unwrap().0))]
#[case::a_fourth_part(|token: &str| format!("{token}.e30"))]
#[case::an_empty_fourth_part(|token: &str| format!("{token}."))]
#[case::five_parts_as_of_an_encrypted_token(|token: &str| format!("{token}.e30.e30"))]
#[case::padding(|token: &str| format!("{token}="))]
#[case::padding_of_each_part(|token: &str| token.replace('.', "=.") + "=")]
#[case::foreign_base64(|token: &str| format!("{}+/", &token[..token.len() - 2]))]
#[case::a_blank_before_it(|token: &str| format!(" {token}"))]
#[case::a_line_break_behind_it(|token: &str| format!("{token}\n"))]
#[case::a_nul_behind_it(|token: &str| format!("{token}\0"))]
#[case::escaped_dots(|token: &str| token.replace('.', "%2E"))]
#[case::dots_of_another_script(|token: &str| token.replace('.', "\u{ff0e}"))]
#[case::quotes_around_it(|token: &str| format!("\"{token}\""))]
#[case::its_scheme_once_more(|token: &str| format!("Bearer {token}"))]
#[case::itself_twice(|token: &str| format!("{token},{token}"))]
#[case::a_signature_cut_by_a_byte(|token: &str| token[..token.len() - 2].into())]
#[case::a_signature_of_zeros(|token: &str| format!("{}.{}", token.rsplit_once('.').unwrap().0, "A".repeat(43)))]
#[case::the_signature_of_another_token(|token: &str| {
    let other = signed(&good_header(), &claims_with("sub", "43".into()));
    format!("{}.{}", token.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1)
})]
#[case::its_parts_in_another_order(|token: &str| token.split('.').rev().collect::<Vec<_>>().join("."))]
#[case::itself_in_json(|token: &str| {
    let parts: Vec<_> = token.split('.').collect();
    json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string()
})]
#[case::over_4096_bytes(|token: &str| format!("{token}{}", "A".repeat(4096)))]
fn statement_11_a_token_made_to_be(#[case] deform: fn(&str) -> String) {
    assert_eq!(refusal(&deform(&issue(&tokens()))), INVALID);
}

#[test]
fn statement_11_a_token_over_4096_bytes_is_refused_whoever_signed_it() {
    let long = |length: usize| signed(&good_header(), &claims_with("jti", "x".repeat(length).into()));
    assert!(long(2_800).len() < 4_096 && long(3_000).len() > 4_096);
    assert!(tests::verify(&tokens(), &long(2_800)).is_ok());
    assert_eq!(refusal(&long(3_000)), INVALID);
}

#[test]
fn statement_11_an_expired_token_that_is_not_ours_is_invalid_rather_than_expired() {
    let mut claims = claims_with("exp", (NOW - 1).into());
    assert_eq!(refusal(&sign(&good_header().to_string(), &claims.to_string(), FOREIGN)), INVALID);
    claims["iss"] = "other".into();
    assert_eq!(refusal(&signed(&good_header(), &claims)), INVALID);
}

#[tokio::test]
async fn statement_12_a_refresh_token_is_no_access_token() {
    let refresh = SessionHandle { user: UserId::new(42).unwrap(), session: SessionId([7; 16]), counter: 0 };
    let refresh = RefreshTokens::new(Arc::new(KeyStore::Fixed(Arc::new(keys())))).write(&refresh).await.unwrap();
    assert_eq!(refusal(&refresh), INVALID);
}
