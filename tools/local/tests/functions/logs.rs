//! The log: what happened, under the request's id, and no secret.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;

use crate::world::{PASSWORD, World};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What a whole life of an account logs, and the secrets in it.
async fn logged() -> (String, Vec<String>) {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = shared::logging::subscriber(tracing::level_filters::LevelFilter::TRACE, move || writer.clone());
    let life = async {
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
        vec![access, refresh, second]
    };
    let mut secrets = life.with_subscriber(subscriber).await;
    secrets.extend(
        [PASSWORD, "wrong horse battery", "ada@example", "nobody@example", "argon2id", "0123456789abcdef"]
            .map(Into::into),
    );
    (lines.text(), secrets)
}

#[tokio::test]
async fn no_secret_and_no_address_is_logged_even_at_the_finest_level() {
    let (log, secrets) = logged().await;
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn each_thing_that_happens_is_logged_once_under_the_requests_id() {
    let (log, _) = logged().await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    let expected = [
        "user_created",
        "authn_login_fail",
        "authn_login_fail",
        "authn_login_success",
        "authn_token_created",
        "user_updated",
        "session_expired",
        "setting_invalid",
        "setting_invalid",
        "authn_login_success",
    ];
    assert_eq!(events, expected, "{log}");
    for line in lines.iter().filter(|line| !line["event"].is_null()) {
        assert_eq!(line["span"]["request_id"], json!("request-1"), "{line}");
    }
}
