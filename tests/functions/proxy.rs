//! Statement 9 behind a proxy: the client address reported by the operator's proxy is counted, and the headers of other
//! senders are ignored.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use local::{Database, Options, Stack};
use login::Login;
use register::Register;
use reqwest::Client;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    http::Proxy,
    runtime::{
        config::Config,
        lambda::{Endpoint, Function},
        logging::LogSources,
    },
};

use crate::{
    logs,
    world::{Answer, PASSWORD, TEMPLATE, World, event},
};

const ADA: &str = "ada@example.com";
const SECRET: &str = "c2a94be86f1d40b7a3d55e0917f2c86b";
const NEXT: &str = "7be1f0329d6c4a08b5e4c19f6da23087";

/// The source address of every request through the proxy, as the gateway sees it.
const PROXY: &str = "192.0.2.80";

/// Clients of the proxy, in the format of CloudFront.
const GUESSER: &str = "198.51.100.66:40001";
const OWNER: &str = "203.0.113.7:40002";

/// The headers that the proxy sends for this client.
fn by_proxy(client: &str) -> Vec<(&str, &str)> {
    vec![("x-proxy-secret", SECRET), ("cloudfront-viewer-address", client)]
}

/// The proxy that functions are configured for by these environment variables.
fn proxy(variables: &[(&str, &str)]) -> Option<Proxy> {
    let given = |name: &str| variables.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
    let config = Config::from_variables(|name| match name {
        "SECRET_KEY" => Some("0123456789abcdef0123456789abcdef".into()),
        "API_URL" => Some("https://auth.example.com".into()),
        _ => given(name).or_else(|| TEMPLATE.variable(name)),
    });
    config.unwrap().proxy
}

/// A service with Ada, configured with these environment variables.
async fn world_with(variables: &[(&str, &str)]) -> World {
    let mut world = World::new().await;
    world.configure(|config| config.proxy = proxy(variables));
    assert_eq!(world.register(ADA).await.status, 201);
    world
}

/// Posts with these headers, from the source address of the proxy.
async fn post<E: Endpoint>(world: &World, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut event = event::<E>("POST", None, body);
    event["requestContext"]["http"]["sourceIp"] = PROXY.into();
    for (name, value) in headers {
        event["headers"][*name] = (*value).into();
    }
    world.send(&Function::new(E::new(&world.service), &world.service), event).await
}

async fn guess(world: &World, headers: &[(&str, &str)]) -> i64 {
    post::<Login>(world, headers, &json!({ "email": ADA, "password": "wrong horse" })).await.status
}

async fn log_in(world: &World, headers: &[(&str, &str)]) -> i64 {
    post::<Login>(world, headers, &json!({ "email": ADA, "password": PASSWORD })).await.status
}

#[tokio::test]
async fn statement_9_behind_a_proxy_guesses_block_only_the_client_that_made_them() {
    let world = world_with(&[("PROXY_SECRET", SECRET)]).await;
    for port in 40_001..40_011 {
        assert_eq!(guess(&world, &by_proxy(&format!("198.51.100.66:{port}"))).await, 401);
    }
    assert_eq!(log_in(&world, &by_proxy(GUESSER)).await, 429);
    assert_eq!(log_in(&world, &by_proxy(OWNER)).await, 200);
    // Nothing was counted for the address of the proxy.
    assert_eq!(log_in(&world, &[]).await, 200);
}

#[tokio::test]
async fn statement_9_behind_a_proxy_an_ipv6_64_counts_as_one_source() {
    let world = world_with(&[("PROXY_SECRET", SECRET)]).await;
    for host in 1..11 {
        assert_eq!(guess(&world, &by_proxy(&format!("2001:db8:0:7:{host}::{host}:443{host}"))).await, 401);
    }
    assert_eq!(log_in(&world, &by_proxy("2001:db8:0:7:ffff::1:51000")).await, 429);
    assert_eq!(log_in(&world, &by_proxy("2001:db8:0:8::1:51000")).await, 200);
}

#[rstest]
#[case::no_secret(&[])]
#[case::a_wrong_secret(&[("x-proxy-secret", "c2a94be86f1d40b7a3d55e0917f2c86a")])]
#[case::an_empty_secret(&[("x-proxy-secret", "")])]
#[case::the_right_secret_twice(&[("x-proxy-secret", "c2a94be86f1d40b7a3d55e0917f2c86b,c2a94be86f1d40b7a3d55e0917f2c86b")])]
#[tokio::test]
async fn statement_9_headers_without_the_proxy_secret_are_ignored(#[case] secrets: &[(&str, &str)]) {
    let world = world_with(&[("PROXY_SECRET", SECRET)]).await;
    for host in 1..11 {
        let forged = format!("198.51.100.{host}:443");
        assert_eq!(guess(&world, &[secrets, &[("cloudfront-viewer-address", forged.as_str())]].concat()).await, 401);
    }
    assert_eq!(guess(&world, &[secrets, &[("cloudfront-viewer-address", OWNER)]].concat()).await, 429);
    // Clients of the proxy are not locked out by these guesses.
    assert_eq!(log_in(&world, &by_proxy(OWNER)).await, 200);
}

#[rstest]
#[case::no_variable(&[])]
#[case::an_empty_variable(&[("PROXY_SECRET", "")])]
#[case::an_empty_variable_with_a_header(&[("PROXY_SECRET", ""), ("PROXY_ADDRESS_HEADER", "x-real-ip")])]
#[tokio::test]
async fn statement_9_proxy_headers_are_ignored_if_no_secret_is_configured(#[case] variables: &[(&str, &str)]) {
    let world = world_with(variables).await;
    for host in 1..11 {
        let forged = format!("198.51.100.{host}");
        let headers = [("x-proxy-secret", ""), ("cloudfront-viewer-address", &*forged), ("x-real-ip", &*forged)];
        assert_eq!(guess(&world, &headers).await, 401);
    }
    assert_eq!(log_in(&world, &by_proxy(OWNER)).await, 429);
}

#[tokio::test]
async fn both_secrets_are_accepted_during_a_rotation_and_no_others() {
    let secrets = format!("{NEXT},{SECRET}");
    let world = world_with(&[("PROXY_SECRET", secrets.as_str())]).await;
    for _ in 0..10 {
        assert_eq!(guess(&world, &by_proxy(GUESSER)).await, 401);
    }
    let with = |secret| [("x-proxy-secret", secret), ("cloudfront-viewer-address", GUESSER)];
    assert_eq!(log_in(&world, &with(NEXT)).await, 429);
    assert_eq!(log_in(&world, &with(SECRET)).await, 429);
    assert_eq!(log_in(&world, &with("d2a94be86f1d40b7a3d55e0917f2c86b")).await, 200);
}

#[tokio::test]
async fn only_the_configured_header_is_read_for_the_address() {
    let world = world_with(&[("PROXY_SECRET", SECRET), ("PROXY_ADDRESS_HEADER", "cf-connecting-ip")]).await;
    let from =
        |address| [("x-proxy-secret", SECRET), ("cf-connecting-ip", address), ("cloudfront-viewer-address", OWNER)];
    for _ in 0..10 {
        assert_eq!(guess(&world, &from("198.51.100.66")).await, 401);
    }
    assert_eq!(log_in(&world, &from("198.51.100.66")).await, 429);
    assert_eq!(log_in(&world, &from("203.0.113.7")).await, 200);
}

#[tokio::test]
async fn behind_a_proxy_registrations_are_counted_for_each_client() {
    let world = world_with(&[("PROXY_SECRET", SECRET)]).await;
    world.set_settings(&[("REGISTER_MAX_PER_SOURCE", AttributeValue::N("2".into()))]).await;
    let register = async |client: &str, name: &str| {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        post::<Register>(&world, &by_proxy(client), &body).await.status
    };
    assert_eq!(register(GUESSER, "one").await, 201);
    assert_eq!(register(GUESSER, "two").await, 201);
    assert_eq!(register(GUESSER, "three").await, 429);
    assert_eq!(register(OWNER, "three").await, 201);
}

/// The warnings in the log about a client address that could not be read.
fn warnings(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "proxy_address_invalid").collect()
}

#[rstest]
#[case::several_addresses(Some("198.51.100.66:1,203.0.113.99:1"), "several")]
#[case::a_malformed_address(Some("no-address-at-all"), "malformed")]
#[case::no_address(None, "missing")]
#[tokio::test]
async fn a_missing_or_invalid_client_address_counts_for_the_proxy_and_logs_a_warning(
    #[case] address: Option<&str>,
    #[case] reason: &str,
    #[values(false, true)] is_plain: bool,
) {
    let mut world = world_with(&[("PROXY_SECRET", SECRET)]).await;
    if is_plain {
        world.configure(|config| config.log_sources = LogSources::Plain);
    }
    let address = address.map(|address| ("cloudfront-viewer-address", address));
    let headers: Vec<_> = [("x-proxy-secret", SECRET)].into_iter().chain(address).collect();
    logs::take();
    assert_eq!(guess(&world, &headers).await, 401);
    let log = logs::take();
    let warnings = warnings(&log);
    let [warning] = warnings.as_slice() else { panic!("{log}") };
    assert_eq!((&warning["level"], &warning["reason"]), (&json!("WARN"), &json!(reason)));
    assert_eq!(warning["request_id"], "request-1");
    assert_eq!(warning["source"] == PROXY, is_plain, "{log}");
    for part in [SECRET, "198.51.100.66", "203.0.113.99", "no-address"] {
        assert!(!log.contains(part), "{part} in {log}");
    }

    for _ in 0..9 {
        assert_eq!(guess(&world, &headers).await, 401);
    }
    // These failures were counted for the proxy, whose address the gateway sees.
    assert_eq!(log_in(&world, &[]).await, 429);
    assert_eq!(log_in(&world, &by_proxy(OWNER)).await, 200);
}

#[tokio::test]
async fn a_request_that_bypasses_the_proxy_logs_no_warning() {
    let world = world_with(&[("PROXY_SECRET", SECRET)]).await;
    logs::take();
    log_in(&world, &[("cloudfront-viewer-address", "rubbish"), ("x-proxy-secret", NEXT)]).await;
    log_in(&world, &by_proxy(OWNER)).await;
    let log = logs::take();
    assert!(warnings(&log).is_empty(), "{log}");
    assert!(!log.contains(SECRET) && !log.contains(NEXT), "{log}");
}

#[tokio::test]
async fn the_log_contains_the_address_that_is_counted() {
    let mut world = world_with(&[("PROXY_SECRET", SECRET)]).await;
    let mut sources = BTreeSet::new();
    for headers in [by_proxy(OWNER), by_proxy(GUESSER), Vec::new()] {
        logs::take();
        log_in(&world, &headers).await;
        let line = logs::take().lines().find(|line| line.contains("authn_login_success")).unwrap().to_owned();
        let line: Value = serde_json::from_str(&line).unwrap();
        sources.insert(line["source"].as_str().unwrap().to_owned());
    }
    assert_eq!(sources.len(), 3, "{sources:?}");
    world.configure(|config| config.log_sources = LogSources::Plain);
    log_in(&world, &by_proxy(OWNER)).await;
    let log = logs::take();
    assert!(log.contains(r#""source":"203.0.113.7""#) && !log.contains(PROXY), "{log}");
}

#[tokio::test]
async fn statement_9_repeated_proxy_headers_over_http_are_not_trusted() {
    let variable = |name: &str| (name == "PROXY_SECRET").then(|| SECRET.to_owned());
    let stack = Stack::start(&Options::for_tests(), variable).await.unwrap();
    let settings = Database::at(&stack.dynamodb_url).client().await.put_item().table_name("SettingsTable");
    let settings = settings.item("id", AttributeValue::S("settings".into()));
    settings.item("LOGIN_MAX_FAILURES_PER_SOURCE", AttributeValue::N("10".into())).send().await.unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let post = async |path: &str, headers: &[(&str, &str)], password: &str| {
        let request = client.post(format!("{}/api/{path}/", stack.url)).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = json!({ "email": ADA, "password": password }).to_string();
        request.body(body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(post("register", &by_proxy(OWNER), PASSWORD).await, 201);
    for host in 1..11 {
        // The attack of a client whose proxy appends to a header instead of replacing it.
        let forged = format!("198.51.100.{host}:443");
        let twice = [by_proxy(&forged), vec![("cloudfront-viewer-address", GUESSER)]].concat();
        assert_eq!(post("login", &twice, "wrong horse").await, 401);
    }
    assert_eq!(post("login", &[], PASSWORD).await, 429);
    assert_eq!(post("login", &by_proxy(OWNER), PASSWORD).await, 200);
    let secret_twice = [by_proxy(OWNER), vec![("x-proxy-secret", SECRET)]].concat();
    assert_eq!(post("login", &secret_twice, PASSWORD).await, 429);
    stack.stop().await;
}
