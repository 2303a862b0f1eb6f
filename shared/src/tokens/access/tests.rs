use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures_util::FutureExt;
use jsonwebtoken::EncodingKey;
use proptest::prelude::*;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;

const NOW: UnixSeconds = 1_800_000_000;
const INVALID: &str = "Invalid token.";

fn keys() -> Keys {
    Keys::derive(&SecretString::from("0123456789abcdef0123456789abcdef")).unwrap()
}

fn tokens_at(clock: Clock) -> AccessTokens {
    let keys = Arc::new(KeyStore::Fixed(Arc::new(keys())));
    AccessTokens::new(keys, "issuer", "audience", clock, Random::system())
}

fn tokens() -> AccessTokens {
    tokens_at(Clock::new(|| NOW))
}

/// Fixed keys are there at once.
fn issue(tokens: &AccessTokens) -> String {
    tokens.issue(user(), 300).now_or_never().unwrap().unwrap()
}

fn verify(tokens: &AccessTokens, token: &str) -> Result<UserId, Error> {
    tokens.verify(token).now_or_never().unwrap()
}

fn user() -> UserId {
    UserId::new(42).unwrap()
}

fn refusal(token: &str) -> &'static str {
    match verify(&tokens(), token) {
        Err(Error::TokenRefused(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// A token signed with our key, whatever it says.
fn signed(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &keys().signing, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn header_with(name: &str, value: Value) -> Value {
    let mut header = json!({"typ": "at+jwt", "alg": "HS256", "kid": keys().id});
    header[name] = value;
    header
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = json!({"iss": "issuer", "aud": "audience", "sub": "42", "iat": NOW, "exp": NOW + 300, "jti": "x"});
    claims[name] = value;
    claims
}

#[test]
fn a_token_names_its_user() {
    let token = issue(&tokens());
    assert_eq!(verify(&tokens(), &token).unwrap(), user());
}

#[test]
fn a_token_says_what_the_contract_says_and_no_more() {
    let token = issue(&tokens());
    let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    let header: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    assert_eq!(header, json!({"typ": "at+jwt", "alg": "HS256", "kid": keys().id}));
    let mut claims: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    assert_eq!(claims["jti"].take().as_str().unwrap().len(), 22);
    let expected = json!({
        "iss": "issuer", "aud": "audience", "sub": "42", "iat": NOW, "exp": NOW + 300, "jti": null,
    });
    assert_eq!(claims, expected);
}

#[rstest]
#[case::a_second_before_it_expires(299, None)]
#[case::the_second_it_expires(300, Some("Token has expired."))]
#[case::a_second_after_it_expired(301, Some("Token has expired."))]
fn a_token_lives_for_its_lifetime_to_the_second(#[case] age: u64, #[case] refused: Option<&str>) {
    let time = Arc::new(AtomicU64::new(NOW));
    let clock = {
        let time = time.clone();
        Clock::new(move || time.load(Ordering::Relaxed))
    };
    let tokens = tokens_at(clock);
    let token = issue(&tokens);
    time.store(NOW + age, Ordering::Relaxed);
    let detail = verify(&tokens, &token).err().map(|error| match error {
        Error::TokenRefused(text) => text,
        other => panic!("{other:?}"),
    });
    assert_eq!(detail, refused);
}

#[test]
fn a_token_from_the_future_is_taken_since_clocks_differ() {
    let token = signed(&header_with("typ", "at+jwt".into()), &claims_with("iat", (NOW + 60).into()));
    assert_eq!(verify(&tokens(), &token).unwrap(), user());
}

#[rstest]
#[case::another_type("typ", json!("JWT"))]
#[case::no_type("typ", Value::Null)]
#[case::no_algorithm("alg", json!("none"))]
#[case::another_hmac("alg", json!("HS512"))]
#[case::an_asymmetric_algorithm("alg", json!("RS256"))]
#[case::an_algorithm_in_lower_case("alg", json!("hs256"))]
#[case::an_unknown_key("kid", json!("other"))]
#[case::no_key("kid", Value::Null)]
#[case::something_critical("crit", json!(["exp"]))]
fn a_header_is_refused_even_with_a_good_signature(#[case] name: &str, #[case] value: Value) {
    let token = signed(&header_with(name, value), &claims_with("iat", NOW.into()));
    assert_eq!(refusal(&token), INVALID);
}

#[rstest]
#[case::another_issuer("iss", json!("other"))]
#[case::no_issuer("iss", Value::Null)]
#[case::another_audience("aud", json!("other"))]
#[case::a_list_of_audiences("aud", json!(["audience"]))]
#[case::no_audience("aud", Value::Null)]
#[case::no_expiry("exp", Value::Null)]
#[case::an_expiry_in_a_string("exp", json!("1900000000"))]
#[case::no_subject("sub", Value::Null)]
#[case::a_subject_that_is_a_number("sub", json!(42))]
#[case::a_subject_that_is_no_id("sub", json!("ada"))]
#[case::a_subject_out_of_range("sub", json!("0"))]
fn a_claim_is_refused_even_with_a_good_signature(#[case] name: &str, #[case] value: Value) {
    let token = signed(&header_with("typ", "at+jwt".into()), &claims_with(name, value));
    assert_eq!(refusal(&token), INVALID);
}

#[test]
fn an_expired_token_of_another_issuer_is_invalid_rather_than_expired() {
    let mut claims = claims_with("exp", (NOW - 1).into());
    claims["iss"] = "other".into();
    assert_eq!(refusal(&signed(&header_with("typ", "at+jwt".into()), &claims)), INVALID);
}

#[test]
fn a_token_signed_with_another_key_is_refused() {
    let header = Header { typ: Some(TYPE.into()), kid: Some(keys().id), ..Header::new(Algorithm::HS256) };
    let key = EncodingKey::from_secret(b"another secret of at least 32 bytes");
    let token = jsonwebtoken::encode(&header, &claims_with("iat", NOW.into()), &key).unwrap();
    assert_eq!(refusal(&token), INVALID);
}

#[test]
fn every_bit_flipped_is_refused() {
    let token = issue(&tokens());
    for (position, bit) in (0..token.len()).flat_map(|position| (0..7).map(move |bit| (position, bit))) {
        let mut bytes = token.clone().into_bytes();
        bytes[position] ^= 1 << bit;
        let flipped = String::from_utf8(bytes).unwrap();
        assert_eq!(refusal(&flipped), INVALID, "bit {bit} of byte {position}");
    }
}

#[rstest]
#[case::padding(|token: &str| format!("{token}="))]
#[case::a_fourth_part(|token: &str| format!("{token}.e30"))]
#[case::two_parts(|token: &str| token.rsplit_once('.').unwrap().0.into())]
#[case::no_signature(|token: &str| format!("{}.", token.rsplit_once('.').unwrap().0))]
#[case::over_4096_bytes(|token: &str| format!("{token}{}", "A".repeat(4096)))]
#[case::empty(|_: &str| String::new())]
fn a_malformed_token_is_refused(#[case] deform: fn(&str) -> String) {
    let token = issue(&tokens());
    assert_eq!(refusal(&deform(&token)), INVALID);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(token in "\\PC{0,200}") {
        prop_assert!(verify(&tokens(), &token).is_err());
    }
}
