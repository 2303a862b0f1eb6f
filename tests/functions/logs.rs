//! The log: events with their request id, and no secrets.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::Once,
};

use serde_json::{Value, json};
use shared::{runtime::logging::LogSources, settings::DEFINITIONS, store::AccessChange};
use tracing::level_filters::LevelFilter;

use crate::world::{PASSWORD, World};

thread_local! {
    /// The log of this thread, and so of the current test: each test runs on a separate thread.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records the logs of all tests, at trace level. They share one subscriber, installed before the first event, because
/// `tracing` caches for the whole process whether an event is enabled.
pub(crate) fn keep() {
    static KEPT: Once = Once::new();
    KEPT.call_once(|| {
        let subscriber = shared::runtime::logging::subscriber(LevelFilter::TRACE, || ThisThread);
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
}

/// The log of this test since the last call.
pub(crate) fn take() -> String {
    String::from_utf8(LOG.take()).unwrap()
}

/// The lines of the log of this test since it was last taken.
pub(crate) fn lines() -> Vec<Value> {
    take().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether a log contains a warning with this event name.
pub(crate) fn warns(log: &str, event: &str) -> bool {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.into_iter().any(|line| line["level"] == "WARN" && line["event"] == event)
}

/// The log of the whole life of an account, and the secrets used in it.
async fn logged() -> (String, Vec<String>) {
    let world = World::new().await;
    world.register("ada@example.com").await;
    world.register("ada@example.com").await;
    world.post::<login::Login>(&json!({ "email": "ada@example.com", "password": "wrong horse battery" })).await;
    world.log_in("nobody@example.com").await;
    let login = world.log_in("ada@example.com").await;
    let (access, refresh) = (login.text("access").to_owned(), login.text("refresh").to_owned());
    let second = world.refresh(&refresh).await.text("access").to_owned();
    world.me("PUT", &access, &json!({ "username": "lovelace", "email": "ada@example.org" })).await;
    world.me("GET", "not.a.token", &json!({})).await;
    world.log_out(&refresh).await;
    world.set_settings(&[]).await;
    world.log_in("ada@example.org").await;
    let mut secrets = vec![access, refresh, second];
    let others = [PASSWORD, "wrong horse battery", "ada@example", "nobody@example", "argon2id", "0123456789abcdef"];
    secrets.extend(others.map(Into::into));
    (take(), secrets)
}

#[tokio::test]
async fn no_secret_or_email_address_is_logged_even_at_trace_level() {
    let (log, secrets) = logged().await;
    assert!(log.contains("user_created"));
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn statement_28_each_event_is_logged_once_with_the_request_id() {
    let (log, _) = logged().await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    let mut expected = vec![
        "user_created",
        "authn_login_fail",
        "authn_login_fail",
        "authn_login_success",
        "authn_token_created",
        "user_updated",
        "authn_token_fail",
        "session_expired",
    ];
    expected.extend(DEFINITIONS.iter().map(|_| "setting_missing"));
    expected.push("authn_login_success");
    assert_eq!(events, expected, "{log}");
    for line in lines.iter().filter(|line| !line["event"].is_null()) {
        assert_eq!(line["request_id"], json!("request-1"), "{line}");
        assert_eq!(line["source"], lines[0]["source"], "{line}");
    }
}

/// The type of a refused token, and the logged reason.
fn refusal(log: &str) -> (String, String) {
    let line = log.lines().find(|line| line.contains("authn_token_fail")).unwrap_or_else(|| panic!("{log}"));
    let line: Value = serde_json::from_str(line).unwrap();
    (line["token"].as_str().unwrap().into(), line["reason"].as_str().unwrap().into())
}

#[tokio::test]
async fn a_refused_token_is_logged_with_the_reason() {
    let world = World::new().await;
    world.register("ada@example.com").await;
    let login = world.log_in("ada@example.com").await;
    let (access, refresh) = (login.text("access"), login.text("refresh"));
    let mut found = Vec::new();
    let mut note = || found.push(refusal(&take()));

    take();
    world.me("GET", "a.b.c", &json!({})).await;
    note();
    world.refresh("psr_AAAA").await;
    note();
    world.log_out(refresh).await;
    world.log_out(refresh).await;
    note();
    world.refresh(refresh).await;
    note();
    let second = world.log_in("ada@example.com").await;
    let users = world.service.users();
    let account = world.account("ada@example.com").await;
    let account = users.change_access(account, &AccessChange::Disable).await.unwrap().unwrap();
    world.me("GET", access, &json!({})).await;
    note();
    world.refresh(second.text("refresh")).await;
    note();
    users.change_access(account, &AccessChange::Enable).await.unwrap().unwrap();
    world.me("GET", access, &json!({})).await;
    note();
    world.wait(300);
    world.me("GET", access, &json!({})).await;
    note();
    let expected = [
        ("access", "invalid"),
        ("refresh", "invalid"),
        ("refresh", "over"),
        ("refresh", "over"),
        ("access", "inactive"),
        ("refresh", "void"),
        ("access", "void"),
        ("access", "expired"),
    ];
    assert_eq!(found, expected.map(|(token, reason)| (token.to_owned(), reason.to_owned())));
}

#[tokio::test]
async fn every_line_contains_the_source_hashed_or_plain_as_configured() {
    let mut world = World::new().await;
    world.register("ada@example.com").await;
    let hashed = take();
    assert!(hashed.contains(r#""source":""#) && !hashed.contains("203.0.113.7"), "{hashed}");
    world.configure(|config| config.log_sources = LogSources::Plain);
    world.log_in("ada@example.com").await;
    let plain = take();
    assert!(plain.lines().all(|line| line.contains(r#""source":"203.0.113.7""#)), "{plain}");
}
