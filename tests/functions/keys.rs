//! The keys of access tokens: both algorithms, and what other services verify tokens with.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use jwks::Jwks;
use rstest::rstest;
use serde_json::{Value, json};
use shared::runtime::lambda::{Endpoint, Function};

use crate::world::{Answer, ISSUER, World, event};

const ADA: &str = "ada@example.com";

async fn world_with_ada() -> World {
    let world = World::new().await;
    world.register(ADA).await;
    world
}

async fn use_algorithm(world: &World, name: &str) {
    world.set_settings(&[("ACCESS_TOKEN_ALGORITHM", AttributeValue::S(name.into()))]).await;
}

/// Asks for a file that other services verify tokens with, by its name.
async fn well_known(world: &World, name: &str, if_none_match: Option<&str>) -> Answer {
    let mut event = event::<Jwks>("GET", None, &Value::Null);
    event["rawPath"] = format!("/.well-known/{name}").into();
    if let Some(tags) = if_none_match {
        event["headers"]["if-none-match"] = tags.into();
    }
    world.send(&Function::new(Jwks::new(&world.service), &world.service), event).await
}

/// A part of a login's access token: 0 for the header, 1 for the claims.
fn part(login: &Answer, position: usize) -> Value {
    let part = login.text("access").split('.').nth(position).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The claims of a token, if another service accepts it with this key set alone.
fn verified(token: &str, set: &Value) -> Option<Value> {
    let set: JwkSet = serde_json::from_value(set.clone()).unwrap();
    let id = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(set.find(&id)?).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&["pyshop-api"]);
    // The clock of a test is not that of the library.
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(token, &key, &validation).ok().map(|token| token.claims)
}

#[tokio::test]
async fn another_service_verifies_a_token_with_the_key_set_alone() {
    let world = world_with_ada().await;
    let login = world.log_in(ADA).await;
    let set = well_known(&world, "jwks.json", None).await;
    let claims = verified(login.text("access"), &set.body).unwrap();
    assert_eq!(claims["sub"], world.account(ADA).await.user.id.to_string());
    let (header, rest) = login.text("access").split_once('.').unwrap();
    let other = BASE64_URL_SAFE_NO_PAD.encode(json!({ "sub": "1" }).to_string());
    let forged = format!("{header}.{other}.{}", rest.split_once('.').unwrap().1);
    assert_eq!(verified(&forged, &set.body), None);
}

#[tokio::test]
async fn the_algorithm_changes_while_the_service_runs_and_tokens_of_both_are_valid() {
    let world = world_with_ada().await;
    let mut logins = Vec::new();
    for algorithm in ["ES256", "HS256", "ES256"] {
        use_algorithm(&world, algorithm).await;
        let login = world.log_in(ADA).await;
        assert_eq!(part(&login, 0)["alg"], algorithm);
        let refreshed = world.refresh(login.text("refresh")).await;
        assert_eq!(part(&refreshed, 0)["alg"], algorithm);
        logins.extend([login, refreshed]);
    }
    for login in &logins {
        assert_eq!(world.me("GET", login.text("access"), &json!({})).await.status, 200);
    }
}

#[rstest]
#[case::es256("ES256")]
#[case::hs256("HS256")]
#[tokio::test]
async fn statement_30_the_key_set_has_one_public_key_whatever_signs(#[case] algorithm: &str) {
    let world = world_with_ada().await;
    use_algorithm(&world, algorithm).await;
    let set = well_known(&world, "jwks.json", None).await;
    let [key] = set.body["keys"].as_array().unwrap().as_slice() else { panic!("{set:?}") };
    let members: BTreeSet<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"]));
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("ES256")));
    let login = world.log_in(ADA).await;
    assert_eq!(part(&login, 0)["kid"] == key["kid"], algorithm == "ES256");
}

#[tokio::test]
async fn the_configuration_names_the_issuer_of_tokens_and_the_key_set() {
    let world = world_with_ada().await;
    let configuration = well_known(&world, "openid-configuration", None).await.body;
    let expected = json!({
        "issuer": ISSUER,
        "jwks_uri": format!("{ISSUER}/.well-known/jwks.json"),
        "authorization_endpoint": format!("{ISSUER}/api/login/"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    assert_eq!(configuration, expected);
    assert_eq!(part(&world.log_in(ADA).await, 1)["iss"], configuration["issuer"]);
}

#[tokio::test]
async fn a_chosen_issuer_is_in_tokens_and_in_the_configuration() {
    let mut world = world_with_ada().await;
    let former = world.log_in(ADA).await;
    world.configure(|config| config.token_issuer = Some("pyshop-auth".into()));
    let configuration = well_known(&world, "openid-configuration", None).await.body;
    assert_eq!(
        (&configuration["issuer"], part(&world.log_in(ADA).await, 1)["iss"].take()),
        (&json!("pyshop-auth"), json!("pyshop-auth"))
    );
    assert_eq!(configuration["jwks_uri"], format!("{ISSUER}/.well-known/jwks.json"));
    // Access tokens of the former issuer are void, and a refresh brings one of the new issuer.
    world.me("GET", former.text("access"), &json!({})).await.is_detail(401, "Invalid token.");
    let refreshed = world.refresh(former.text("refresh")).await;
    assert_eq!(world.me("GET", refreshed.text("access"), &json!({})).await.status, 200);
}

#[rstest]
#[case::the_key_set("jwks.json")]
#[case::the_configuration("openid-configuration")]
#[tokio::test]
async fn a_file_may_be_cached_and_asked_for_again(#[case] name: &str) {
    let world = World::new().await;
    let first = well_known(&world, name, None).await;
    let header = |answer: &Answer, name: &str| answer.headers.get(name).cloned();
    assert_eq!(header(&first, "cache-control").as_deref(), Some("public, max-age=300"));
    assert_eq!(header(&first, "access-control-allow-origin").as_deref(), Some("*"));
    let tag = header(&first, "etag").unwrap();
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
        let again = well_known(&world, name, Some(&tags)).await;
        assert_eq!((again.status, &again.body), (304, &Value::Null), "{tags}");
        for name in ["cache-control", "etag", "access-control-allow-origin"] {
            assert_eq!(header(&again, name), header(&first, name), "{tags}");
        }
    }
    for tags in ["", "\"other\"", "W/", ",,,", "\u{7f}", tag.trim_matches('"')] {
        assert_eq!(well_known(&world, name, Some(tags)).await.body, first.body, "{tags:?}");
    }
}

#[tokio::test]
async fn the_key_set_and_the_configuration_ask_dynamodb_for_nothing() {
    let world = World::new().await;
    for name in ["jwks.json", "openid-configuration"] {
        assert_eq!(well_known(&world, name, None).await.status, 200);
        assert_eq!(world.requests.rounds_and_all(), (0, 0), "{name}");
    }
}

#[tokio::test]
async fn statement_30_without_the_secret_there_is_no_key_set_and_nothing_to_cache() {
    let mut world = World::new().await;
    world.lose_secret().await;
    let answer = well_known(&world, "jwks.json", None).await;
    answer.is_detail(503, "Service temporarily unavailable.");
    assert_eq!((answer.headers["cache-control"].as_str(), answer.headers.get("etag")), ("no-store", None));
}

#[tokio::test]
async fn statement_33_a_token_names_its_session_by_an_id_that_is_not_in_the_table() {
    let world = world_with_ada().await;
    let login = world.log_in(ADA).await;
    let named = part(&login, 1)["sid"].as_str().unwrap().to_owned();
    assert_eq!(part(&world.refresh(login.text("refresh")).await, 1)["sid"], named);
    assert_ne!(part(&world.log_in(ADA).await, 1)["sid"], named);
    let items = world.client.scan().table_name("RefreshTokensTable").send().await.unwrap().items.unwrap();
    let ids: Vec<_> = items.iter().map(|item| item["session_id"].as_b().unwrap().as_ref().to_vec()).collect();
    assert_eq!(ids.len(), 2);
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(&named).unwrap();
    // Not a part of an id either, in any order.
    for id in ids {
        assert!(!id.windows(4).any(|part| decoded.windows(4).any(|other| other == part)));
    }
}
