//! Statement 29: a key verifies tokens of its own algorithm only, and nothing that is public signs any.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm},
};
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    super::*,
    tests::{self, INVALID, NOW, SECRET, claims_with, key, key_id, refusal, sign, tokens},
};
use crate::keys::Keys;

const OTHER_SECRET: &str = "the secret of another version, of 32 bytes or more";

/// The order of the curve's group (SEC 2, section 2.4.2).
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// What comes before the point in the DER form of a P-256 public key (RFC 5480, section 2.2).
const SPKI_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

fn header(algorithm: &str, key_id: &str) -> Value {
    json!({ "typ": "at+jwt", "alg": algorithm, "kid": key_id })
}

fn es256_id() -> String {
    key_id(SigningAlgorithm::Es256)
}

fn hs256_id() -> String {
    key_id(SigningAlgorithm::Hs256)
}

fn good_claims() -> Value {
    claims_with("iat", NOW.into())
}

/// The first two parts of a token.
fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn with_signature(message: &str, signature: &[u8]) -> String {
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// The signature of the key that is derived from this secret, in this form.
fn signature(secret: &str, form: &'static EcdsaSigningAlgorithm, message: &str) -> Vec<u8> {
    let keys = Keys::derive(&SecretString::from(secret)).unwrap();
    let pkcs8 = keys.access_key(SigningAlgorithm::Es256).signing.as_bytes();
    let pair = EcdsaKeyPair::from_pkcs8(form, pkcs8).unwrap();
    pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
}

/// A token with these parts and a good ES256 signature of the key that is derived from this secret.
fn signed_by(secret: &str, header: &Value, claims: &Value) -> String {
    let message = message(header, claims);
    let signature = signature(secret, &ECDSA_P256_SHA256_FIXED_SIGNING, &message);
    with_signature(&message, &signature)
}

fn public() -> Jwk {
    public_key_of(SECRET)
}

fn public_key_of(secret: &str) -> Jwk {
    let keys = KeyStore::Fixed(Arc::new(Keys::derive(&SecretString::from(secret)).unwrap()));
    keys.public().now_or_never().unwrap().unwrap().keys.remove(0)
}

/// The public key as a point of the curve, uncompressed: 4, x, y.
fn point() -> Vec<u8> {
    let AlgorithmParameters::EllipticCurve(curve) = public().algorithm else { panic!() };
    let [x, y] = [curve.x, curve.y].map(|number| BASE64_URL_SAFE_NO_PAD.decode(number).unwrap());
    [vec![4], x, y].concat()
}

fn der() -> Vec<u8> {
    [SPKI_PREFIX, &point()].concat()
}

fn pem() -> String {
    let text = BASE64_STANDARD.encode(der());
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn jwk() -> String {
    serde_json::to_string(&public()).unwrap()
}

#[test]
fn the_forge_makes_good_tokens_where_it_changes_nothing() {
    let token = signed_by(SECRET, &header("ES256", &es256_id()), &good_claims());
    assert_eq!(tests::verify(&tokens(), &token).unwrap().user, UserId::new(42).unwrap());
}

#[rstest]
#[case::pem(pem().into())]
#[case::pem_without_a_line_break_at_its_end(pem().trim_end().into())]
#[case::pem_on_one_line(pem().replace('\n', "").into())]
#[case::pem_with_escaped_line_breaks(pem().replace('\n', "\\n").into())]
#[case::the_base64_of_pem(BASE64_STANDARD.encode(der()).into())]
#[case::der(der())]
#[case::the_point(point())]
#[case::the_point_without_its_first_byte(point().split_off(1))]
#[case::x(point()[1..33].into())]
#[case::y(point()[33..].into())]
#[case::jwk(jwk().into())]
#[case::jwk_as_the_thumbprint_hashes_it(json!({"crv": "P-256", "kty": "EC", "x": BASE64_URL_SAFE_NO_PAD.encode(&point()[1..33]), "y": BASE64_URL_SAFE_NO_PAD.encode(&point()[33..])}).to_string().into())]
#[case::the_key_set(json!({ "keys": [public()] }).to_string().into())]
#[case::the_thumbprint(es256_id().into())]
#[case::the_bytes_of_the_thumbprint(BASE64_URL_SAFE_NO_PAD.decode(es256_id()).unwrap())]
#[case::the_id_of_the_other_key(hs256_id().into())]
#[case::nothing(Vec::new())]
fn statement_29_an_hmac_under_the_public_key_as(
    #[case] hmac_key: Vec<u8>,
    #[values(("HS256", es256_id()), ("HS256", hs256_id()), ("ES256", es256_id()), ("HS512", es256_id()))] named: (
        &str,
        String,
    ),
) {
    let header = header(named.0, &named.1);
    assert_eq!(refusal(&sign(&header.to_string(), &good_claims().to_string(), &hmac_key)), INVALID);
}

#[rstest]
#[case::hs256_for_the_key_of_es256("HS256", es256_id())]
#[case::es256_for_the_key_of_hs256("ES256", hs256_id())]
#[case::es384("ES384", es256_id())]
#[case::es512("ES512", es256_id())]
#[case::es256k("ES256K", es256_id())]
#[case::es256_in_lower_case("es256", es256_id())]
#[case::es256_behind_a_blank(" ES256", es256_id())]
#[case::rs256("RS256", es256_id())]
#[case::ps256("PS256", es256_id())]
#[case::eddsa("EdDSA", es256_id())]
#[case::none("none", es256_id())]
#[case::no_algorithm("", es256_id())]
#[case::an_unknown_key("ES256", "other".into())]
#[case::an_empty_key("ES256", String::new())]
fn statement_29_our_signature_under_the_name(#[case] algorithm: &str, #[case] key_id: String) {
    let header = header(algorithm, &key_id);
    assert_eq!(refusal(&signed_by(SECRET, &header, &good_claims())), INVALID);
    // With our HMAC instead, no other than the one good name is accepted either.
    assert_eq!(refusal(&sign(&header.to_string(), &good_claims().to_string(), key())), INVALID);
}

#[rstest]
#[case::under_our_key_id(header("ES256", &es256_id()))]
#[case::under_its_own(header("ES256", &public_key_of(OTHER_SECRET).common.key_id.unwrap()))]
#[case::under_that_of_hs256(header("ES256", &hs256_id()))]
#[case::with_the_key_in_the_header(json!({"typ": "at+jwt", "alg": "ES256", "kid": es256_id(), "jwk": public_key_of(OTHER_SECRET)}))]
#[case::with_the_key_in_the_header_alone(json!({"typ": "at+jwt", "alg": "ES256", "jwk": public_key_of(OTHER_SECRET)}))]
#[case::with_an_address_of_keys(json!({"typ": "at+jwt", "alg": "ES256", "kid": es256_id(), "jku": "https://evil.example/jwks.json"}))]
#[case::with_a_certificate(json!({"typ": "at+jwt", "alg": "ES256", "kid": es256_id(), "x5c": [BASE64_STANDARD.encode(der())]}))]
#[case::with_an_address_of_a_certificate(json!({"typ": "at+jwt", "alg": "ES256", "kid": es256_id(), "x5u": "https://evil.example/"}))]
fn statement_29_a_signature_of_another_version_of_the_secret(#[case] header: Value) {
    assert_eq!(refusal(&signed_by(OTHER_SECRET, &header, &good_claims())), INVALID);
}

fn number(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[rstest]
#[case::of_zeros(|_: Vec<u8>| vec![0; 64])]
#[case::whose_r_is_zero(|good: Vec<u8>| [vec![0; 32], good[32..].into()].concat())]
#[case::whose_s_is_zero(|good: Vec<u8>| [good[..32].into(), vec![0; 32]].concat())]
#[case::of_ones(|_: Vec<u8>| [number(&format!("{:064x}", 1)), number(&format!("{:064x}", 1))].concat())]
#[case::whose_r_is_the_order(|good: Vec<u8>| [number(ORDER), good[32..].into()].concat())]
#[case::whose_s_is_the_order(|good: Vec<u8>| [good[..32].into(), number(ORDER)].concat())]
#[case::whose_both_are_the_order(|_: Vec<u8>| [number(ORDER), number(ORDER)].concat())]
#[case::whose_r_is_the_highest(|good: Vec<u8>| [vec![0xff; 32], good[32..].into()].concat())]
#[case::whose_s_is_the_highest(|good: Vec<u8>| [good[..32].into(), vec![0xff; 32]].concat())]
#[case::whose_halves_are_exchanged(|good: Vec<u8>| [&good[32..], &good[..32]].concat())]
#[case::without_its_last_byte(|good: Vec<u8>| good[..63].into())]
#[case::without_its_first_byte(|good: Vec<u8>| good[1..].into())]
#[case::with_a_byte_behind_it(|good: Vec<u8>| [good, vec![0]].concat())]
#[case::with_a_zero_before_each_half(|good: Vec<u8>| [&[0], &good[..32], &[0], &good[32..]].concat())]
#[case::twice(|good: Vec<u8>| [good.clone(), good].concat())]
#[case::of_r_alone(|good: Vec<u8>| good[..32].into())]
#[case::of_nothing(|_: Vec<u8>| Vec::new())]
fn statement_29_a_signature(#[case] deform: fn(Vec<u8>) -> Vec<u8>) {
    let message = message(&header("ES256", &es256_id()), &good_claims());
    let good = signature(SECRET, &ECDSA_P256_SHA256_FIXED_SIGNING, &message);
    assert_eq!(refusal(&with_signature(&message, &deform(good))), INVALID);
}

#[test]
fn statement_29_a_signature_in_der_is_refused() {
    let message = message(&header("ES256", &es256_id()), &good_claims());
    let der = signature(SECRET, &ECDSA_P256_SHA256_ASN1_SIGNING, &message);
    assert_eq!(der[0], 0x30);
    assert_eq!(refusal(&with_signature(&message, &der)), INVALID);
}

#[test]
fn statement_29_a_signature_of_other_claims_is_refused() {
    let header = header("ES256", &es256_id());
    let signature = signature(SECRET, &ECDSA_P256_SHA256_FIXED_SIGNING, &message(&header, &good_claims()));
    let forged = message(&header, &claims_with("sub", "43".into()));
    assert_eq!(refusal(&with_signature(&forged, &signature)), INVALID);
}

#[rstest]
#[case::another_issuer("iss", json!("other"))]
#[case::another_audience("aud", json!("other"))]
#[case::a_list_of_audiences("aud", json!(["audience"]))]
#[case::no_expiry("exp", Value::Null)]
#[case::no_subject("sub", Value::Null)]
#[case::a_session_that_is_a_number("sid", json!(7))]
fn statement_11_claims_under_es256_with(#[case] name: &str, #[case] value: Value) {
    let token = signed_by(SECRET, &header("ES256", &es256_id()), &claims_with(name, value));
    assert_eq!(refusal(&token), INVALID);
}
