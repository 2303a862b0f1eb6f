//! The list of breached passwords: what it is asked, and that nobody needs it to register.

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

/// What is sent of the SHA-1 of [`PASSWORD`], and the rest.
const SENT: &str = "ABF7A";
const KEPT: &str = "AD6438836DBE526AA231ABDE2D0EEF74D42";

/// Somebody else's password.
const OTHER: &str = "003D68EB55068C33ACE09247EE4C639306B:12";

/// A list on this machine.
struct List {
    url: String,
    asked: Arc<Mutex<Vec<(Uri, HeaderMap)>>>,
}

impl List {
    /// One that answers so, whatever it is asked.
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

    /// What it was asked since this was called last.
    fn asked(&self) -> Vec<(Uri, HeaderMap)> {
        mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// A service that asks there.
async fn asking(url: &str) -> World {
    let mut world = World::new().await;
    world.configure(|config| config.breached_passwords_url = Some(url.into()));
    logs::take();
    world
}

/// The lines of the log that tell that a list did not answer as it should.
fn warnings() -> Vec<Value> {
    let lines = logs::take();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "breached_passwords_unavailable").collect()
}

#[tokio::test]
async fn a_breached_password_is_refused_as_a_common_one() {
    let list = List::answering(StatusCode::OK, format!("{OTHER}\r\n{KEPT}:216\r\n")).await;
    let mut world = asking(&list.url).await;
    let answer = world.register("ada@example.com").await;
    assert_eq!((answer.status, answer.body), (400, json!({ "password": ["This password is too common."] })));
    assert!(warnings().is_empty());
    // Nothing was written, so the address is free.
    world.configure(|config| config.breached_passwords_url = None);
    assert_eq!(world.register("ada@example.com").await.status, 201);
    assert_eq!(list.asked().len(), 1);
}

#[tokio::test]
async fn five_digits_of_a_hash_leave_the_service_and_nothing_else() {
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
#[case::a_limit(StatusCode::TOO_MANY_REQUESTS, String::new())]
#[case::another_place(StatusCode::FOUND, String::new())]
#[case::nothing(StatusCode::OK, String::new())]
#[case::a_page(StatusCode::OK, "<!doctype html>\n<title>Sign in</title>".into())]
#[case::half_a_line(StatusCode::OK, format!("{KEPT}:3\r\n{}", &OTHER[..20]))]
#[case::more_than_a_mebibyte(StatusCode::OK, format!("{KEPT}:3\r\n").repeat(30_000))]
#[tokio::test]
async fn a_list_that_answers_something_else_stops_nobody_and_is_told_in_the_log(
    #[case] status: StatusCode,
    #[case] body: String,
) {
    let list = List::answering(status, body).await;
    let world = asking(&list.url).await;
    assert_eq!(world.register("ada@example.com").await.status, 201);
    assert_eq!(list.asked().len(), 1);
    is_told_once();
}

#[tokio::test]
async fn a_list_that_is_gone_stops_nobody_and_is_told_in_the_log() {
    let nowhere = Nowhere::new();
    let world = asking(&format!("{}/", nowhere.url())).await;
    assert_eq!(world.register("ada@example.com").await.status, 201);
    is_told_once();
}

/// That the log has one line of it, with a reason and without what was asked.
#[track_caller]
fn is_told_once() {
    let lines = warnings();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["level"], "WARN", "{line}");
    assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
    for secret in [SENT, KEPT, PASSWORD] {
        assert!(!line.to_string().contains(secret), "{line}");
    }
}

#[tokio::test]
async fn a_list_that_never_answers_is_waited_for_one_second() {
    logs::keep();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let list = BreachedPasswords::new(Some(format!("http://{}/", silent.local_addr().unwrap())));
    let email = Email::parse("ada@example.com").unwrap();
    let password = PasswordRules::new("").judge(Password::parse(PASSWORD).unwrap(), None, &email).unwrap();
    tokio::time::pause();
    let start = Instant::now();
    assert!(list.judge(password).await.is_ok());
    assert_eq!(start.elapsed().as_secs(), 1);
    is_told_once();
}

#[tokio::test]
async fn nobody_is_asked_about_a_password_that_is_refused_anyway() {
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
