//! The list of breached passwords: what is sent to it, and that registration works without it.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri},
};
use harness::stand_in::Nowhere;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    domain::{Email, Field},
    passwords::{BreachedPasswords, Password, PasswordRules},
};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    logs,
    world::{PASSWORD, World},
};

/// The part of the SHA-1 of [`PASSWORD`] that is sent, and the rest.
const SENT: &str = "ABF7A";
const KEPT: &str = "AD6438836DBE526AA231ABDE2D0EEF74D42";

/// The entry of another password.
const OTHER: &str = "003D68EB55068C33ACE09247EE4C639306B:12";

/// A list served on this machine.
struct List {
    url: String,
    asked: Arc<Mutex<Vec<(Uri, HeaderMap)>>>,
}

impl List {
    /// A list that gives the same response to every request.
    async fn answering(status: StatusCode, body: String) -> Self {
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let answer = {
            let asked = asked.clone();
            move |uri: Uri, headers: HeaderMap| {
                asked.lock().unwrap().push((uri, headers));
                let answer = (status, body.clone());
                async move { answer }
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/range/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        Self { url, asked }
    }

    /// The requests since the last call.
    fn asked(&self) -> Vec<(Uri, HeaderMap)> {
        mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// A service that uses the list at this URL.
async fn asking(url: &str) -> World {
    let mut world = World::new().await;
    world.configure(|config| config.breached_passwords_url = Some(url.into()));
    logs::take();
    world
}

/// The warnings in the log that a list is unavailable.
fn warnings() -> Vec<Value> {
    let lines = logs::take();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "breached_passwords_unavailable").collect()
}

#[tokio::test]
async fn a_breached_password_is_refused_as_too_common() {
    let list = List::answering(StatusCode::OK, format!("{OTHER}\r\n{KEPT}:216\r\n")).await;
    let mut world = asking(&list.url).await;
    let answer = world.register("ada@example.com").await;
    assert_eq!((answer.status, answer.body), (400, json!({ "password": ["This password is too common."] })));
    assert!(warnings().is_empty());
    // Nothing was written, so the address is still free.
    world.configure(|config| config.breached_passwords_url = None);
    assert_eq!(world.register("ada@example.com").await.status, 201);
    assert_eq!(list.asked().len(), 1);
}

#[tokio::test]
async fn only_five_digits_of_the_hash_are_sent() {
    let list = List::answering(StatusCode::OK, format!("{OTHER}\r\n{KEPT}:0\r\n")).await;
    let world = asking(&list.url).await;
    assert_eq!(world.register("ada@example.com").await.status, 201);
    let asked = list.asked();
    let [(uri, headers)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(uri.to_string(), format!("/range/{SENT}"));
    let mut names: Vec<_> = headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    assert_eq!(names, ["add-padding", "host", "user-agent"]);
    assert_eq!(headers["add-padding"], "true");
    assert!(warnings().is_empty());
}

#[rstest]
#[case::an_error(StatusCode::SERVICE_UNAVAILABLE, format!("{KEPT}:3"))]
#[case::a_rate_limit(StatusCode::TOO_MANY_REQUESTS, String::new())]
#[case::a_redirect(StatusCode::FOUND, String::new())]
#[case::an_empty_body(StatusCode::OK, String::new())]
#[case::an_html_page(StatusCode::OK, "<!doctype html>\n<title>Sign in</title>".into())]
#[case::a_truncated_line(StatusCode::OK, format!("{KEPT}:3\r\n{}", &OTHER[..20]))]
#[case::more_than_a_mebibyte(StatusCode::OK, format!("{KEPT}:3\r\n").repeat(30_000))]
#[tokio::test]
async fn an_unexpected_response_does_not_block_registration_and_is_logged(
    #[case] status: StatusCode,
    #[case] body: String,
) {
    let list = List::answering(status, body).await;
    let world = asking(&list.url).await;
    assert_eq!(world.register("ada@example.com").await.status, 201);
    assert_eq!(list.asked().len(), 1);
    assert_one_warning();
}

#[tokio::test]
async fn an_unreachable_list_does_not_block_registration_and_is_logged() {
    let nowhere = Nowhere::new();
    let world = asking(&format!("{}/", nowhere.url())).await;
    assert_eq!(world.register("ada@example.com").await.status, 201);
    assert_one_warning();
}

/// Asserts that the log contains one warning, with a reason and without any part of the password or its hash.
#[track_caller]
fn assert_one_warning() {
    let lines = warnings();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["level"], "WARN", "{line}");
    assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
    for secret in [SENT, KEPT, PASSWORD] {
        assert!(!line.to_string().contains(secret), "{line}");
    }
}

#[tokio::test]
async fn a_list_that_never_answers_times_out_after_one_second() {
    logs::keep();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let list = BreachedPasswords::new(Some(format!("http://{}/", silent.local_addr().unwrap())));
    let email = Email::parse("ada@example.com").unwrap();
    let password = PasswordRules::new("").judge(Password::parse(PASSWORD).unwrap(), None, &email).unwrap();
    tokio::time::pause();
    let start = Instant::now();
    assert!(list.judge(password).await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 1);
    assert_one_warning();
}

#[tokio::test]
async fn the_list_is_not_queried_for_registrations_that_are_refused_anyway() {
    let list = List::answering(StatusCode::OK, OTHER.into()).await;
    let world = asking(&list.url).await;
    world.set_settings(&[("REGISTER_MAX_PER_SOURCE", AttributeValue::N("1".into()))]).await;
    let common = json!({ "email": "ada@example.com", "password": "Summer2026!" });
    assert_eq!(world.post::<register::Register>(&common).await.status, 400);
    assert!(list.asked().is_empty());
    assert_eq!(world.register("ada@example.com").await.status, 201);
    assert_eq!(list.asked().len(), 1);
    assert_eq!(world.register("grace@example.com").await.status, 429);
    assert!(list.asked().is_empty());
}
