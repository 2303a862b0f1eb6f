use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::hmac;
use futures_util::FutureExt;
use proptest::prelude::*;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::*;
use crate::{
    domain::Source,
    http::{ApiUrl, Method},
    keys::{Keys, expand},
    settings::{Definition, Stored, Value as Setting},
};

pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(super) const NOW: UnixSeconds = 1_800_000_000;
pub(super) const INVALID: &str = "Invalid token.";

pub(super) fn keys() -> Keys {
    Keys::derive(&SecretString::from(SECRET)).unwrap()
}

fn tokens_at(clock: Clock) -> AccessTokens {
    let keys = Arc::new(KeyStore::Fixed(Arc::new(keys())));
    AccessTokens::new(keys, issuer(Some("issuer")), "audience", clock, Random::system())
}

pub(super) fn tokens() -> AccessTokens {
    tokens_at(Clock::new(|| NOW))
}

fn issuer(chosen: Option<&str>) -> Issuer {
    Issuer::new(chosen.map(Into::into), ApiUrl::new("https://{api}.example"))
}

/// A request through the API with this id.
fn request_through(api_id: &str) -> Request {
    Request {
        path: "/api/me".into(),
        ends_with_slash: true,
        method: Method::GET,
        source: Source::read("203.0.113.7"),
        api_id: api_id.into(),
        headers: Default::default(),
        body: Vec::new(),
    }
}

/// The default settings, with this algorithm.
pub(super) fn settings(algorithm: SigningAlgorithm) -> Settings {
    let stored = |setting: &Definition| {
        let is_algorithm = setting.name() == "ACCESS_TOKEN_ALGORITHM";
        Stored::Valid(if is_algorithm { Setting::Choice(algorithm.name()) } else { setting.default() })
    };
    Settings::read(stored, &Settings::default()).0
}

pub(super) const SESSION: SessionId = SessionId([7; 16]);

/// Fixed keys are there at once.
pub(super) fn issue(tokens: &AccessTokens) -> String {
    issue_with(tokens, SigningAlgorithm::Hs256)
}

pub(super) fn issue_with(tokens: &AccessTokens, algorithm: SigningAlgorithm) -> String {
    issue_for(tokens, &request_through("abc123"), algorithm).unwrap()
}

fn issue_for(tokens: &AccessTokens, request: &Request, algorithm: SigningAlgorithm) -> Result<String, Error> {
    tokens.issue(request, holder(3), SESSION, &settings(algorithm)).now_or_never().unwrap()
}

pub(super) fn verify(tokens: &AccessTokens, token: &str) -> Result<Holder, Error> {
    tokens.verify_token(token, "issuer").now_or_never().unwrap().map(|token| token.holder)
}

fn holder(generation: u32) -> Holder {
    Holder { user: UserId::new(42).unwrap(), generation: generation.to_string().parse().unwrap() }
}

pub(super) fn refusal(token: &str) -> &'static str {
    match verify(&tokens(), token) {
        Err(Error::AccessToken(fault)) => fault.detail(),
        other => panic!("{other:?}"),
    }
}

/// A token signed with our key, whatever it says.
pub(super) fn signed(header: &Value, claims: &Value) -> String {
    sign(&header.to_string(), &claims.to_string(), key())
}

/// Our key.
pub(super) fn key() -> &'static [u8] {
    static KEY: LazyLock<[u8; 32]> =
        LazyLock::new(|| expand(&SecretString::from(SECRET), &[b"access token, HS256"]).unwrap());
    KEY.as_slice()
}

/// These texts, signed with this key.
pub(super) fn sign(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

pub(super) fn header_with(name: &str, value: Value) -> Value {
    let mut header = json!({"typ": "at+jwt", "alg": "HS256", "kid": key_id(SigningAlgorithm::Hs256)});
    header[name] = value;
    header
}

pub(super) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = json!({"iss": "issuer", "aud": "audience", "sub": "42", "iat": NOW, "exp": NOW + 300, "jti": "x"});
    claims[name] = value;
    claims
}

pub(super) fn key_id(algorithm: SigningAlgorithm) -> String {
    keys().access_key(algorithm).id.clone()
}

#[rstest]
fn a_token_names_its_holder_its_session_and_its_end(
    #[values(SigningAlgorithm::Es256, SigningAlgorithm::Hs256)] algorithm: SigningAlgorithm,
) {
    let token = issue_with(&tokens(), algorithm);
    let verified = tokens().verify_token(&token, "issuer").now_or_never().unwrap().unwrap();
    let session_id = Some(SESSION.public().to_string());
    assert_eq!(verified, AccessToken { holder: holder(3), session_id, expires_at: NOW + 300 });
}

#[test]
fn a_token_without_a_session_as_earlier_versions_issued_them_is_accepted() {
    let token = signed(&header_with("typ", "at+jwt".into()), &claims_with("iat", NOW.into()));
    let verified = tokens().verify_token(&token, "issuer").now_or_never().unwrap().unwrap();
    assert_eq!(verified.session_id, None);
}

#[rstest]
#[case::chosen(Some("issuer"), "abc123", Some("issuer"))]
#[case::chosen_whatever_the_gateway_says(Some("issuer"), "", Some("issuer"))]
#[case::not_chosen(None, "abc123", Some("https://abc123.example"))]
#[case::not_chosen_and_the_api_unknown(None, "", None)]
fn the_issuer_is_what_was_chosen_or_else_the_api_s_url(
    #[case] chosen: Option<&str>,
    #[case] api_id: &str,
    #[case] expected: Option<&str>,
) {
    let keys = Arc::new(KeyStore::Fixed(Arc::new(keys())));
    let tokens = AccessTokens::new(keys, issuer(chosen), "audience", Clock::new(|| NOW), Random::system());
    let token = issue_for(&tokens, &request_through(api_id), SigningAlgorithm::Es256);
    let Some(expected) = expected else {
        assert!(matches!(token, Err(Error::Internal(_))), "{token:?}");
        return;
    };
    let verified = |issuer| tokens.verify_token(token.as_ref().unwrap(), issuer).now_or_never().unwrap().is_ok();
    assert!(verified(expected));
    assert!(!verified("https://other.example"));
}

#[rstest]
#[case::of_the_first_without_a_dot("x", Some(0))]
#[case::of_another("7.x", Some(7))]
#[case::of_none("x.7", None)]
#[case::of_a_negative_one("-1.x", None)]
fn a_token_is_of_the_generation_that_its_id_begins_with(#[case] id: &str, #[case] generation: Option<u32>) {
    let token = signed(&header_with("alg", "HS256".into()), &claims_with("jti", id.into()));
    assert_eq!(verify(&tokens(), &token).ok(), generation.map(holder));
}

#[rstest]
fn a_token_says_what_the_contract_says_and_no_more(
    #[values(SigningAlgorithm::Es256, SigningAlgorithm::Hs256)] algorithm: SigningAlgorithm,
) {
    let token = issue_with(&tokens(), algorithm);
    let mut parts = token.split('.').map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    let header: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    assert_eq!(header, json!({"typ": "at+jwt", "alg": algorithm.name(), "kid": key_id(algorithm)}));
    let mut claims: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
    assert_eq!(claims["jti"].take().as_str().unwrap().len(), "3.".len() + 22);
    let expected = json!({
        "iss": "issuer", "aud": "audience", "sub": "42", "iat": NOW, "exp": NOW + 300, "jti": null,
        "sid": SESSION.public().to_string(),
    });
    assert_eq!(claims, expected);
}

#[rstest]
#[case::a_second_before_it_expires(299, None)]
#[case::the_second_it_expires(300, Some("Token has expired."))]
#[case::a_second_after_it_expired(301, Some("Token has expired."))]
fn statement_11_a_token_lives_for_its_lifetime_to_the_second(#[case] age: u64, #[case] refused: Option<&str>) {
    let time = Arc::new(AtomicU64::new(NOW));
    let clock = {
        let time = time.clone();
        Clock::new(move || time.load(Ordering::Relaxed))
    };
    let tokens = tokens_at(clock);
    let token = issue(&tokens);
    time.store(NOW + age, Ordering::Relaxed);
    let detail = verify(&tokens, &token).err().map(|error| match error {
        Error::AccessToken(fault) => fault.detail(),
        other => panic!("{other:?}"),
    });
    assert_eq!(detail, refused);
}

#[test]
fn statement_11_a_token_from_the_future_is_taken_since_clocks_differ() {
    let token = signed(&header_with("typ", "at+jwt".into()), &claims_with("iat", (NOW + 60).into()));
    assert_eq!(verify(&tokens(), &token).unwrap(), holder(0));
}

#[rstest]
fn statement_11_every_bit_flipped_is_refused(
    #[values(SigningAlgorithm::Es256, SigningAlgorithm::Hs256)] algorithm: SigningAlgorithm,
) {
    let token = issue_with(&tokens(), algorithm);
    for (position, bit) in (0..token.len()).flat_map(|position| (0..7).map(move |bit| (position, bit))) {
        let mut bytes = token.clone().into_bytes();
        bytes[position] ^= 1 << bit;
        let flipped = String::from_utf8(bytes).unwrap();
        assert_eq!(refusal(&flipped), INVALID, "bit {bit} of byte {position}");
    }
}

proptest! {
    #[test]
    fn statement_20_no_text_makes_it_panic(token in "\\PC{0,200}") {
        prop_assert!(verify(&tokens(), &token).is_err());
    }
}
