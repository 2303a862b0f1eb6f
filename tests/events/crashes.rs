//! Statement 25: a function killed at any moment leaves either the complete result of its request, or nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::PASSWORD;

use crate::{
    aws::Aws,
    endpoints::{event, with_body},
    function::Function,
    proxy::{Fault, On},
    tables::assert_whole,
};

/// The number of functions killed in each test.
const KILLED: u32 = 40;

/// When a function is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kill {
    /// Its transaction has arrived, and nothing of it is written.
    BeforeTheWrite,
    /// Its transaction is being written.
    DuringTheWrite,
    /// Its transaction is written, and not answered.
    AfterTheWrite,
    /// This long after its start, whatever it is doing then.
    After(Duration),
}

/// Sends an event to a new function, kills the function at this point, and returns the response if it arrived before.
async fn kill(name: &str, aws: &Aws, event: Value, kill: Kill) -> Option<Value> {
    let mut function = Function::start(name, &aws.variables()).await;
    let fault = match kill {
        Kill::BeforeTheWrite => Fault::Silent,
        Kill::DuringTheWrite => Fault::AnswerNever,
        Kill::AfterTheWrite => Fault::AnswerLate,
        Kill::After(moment) => return tokio::time::timeout(moment, function.call(event)).await.ok(),
    };
    aws.dynamodb.inject(On::Transactions, fault, 1);
    tokio::select! {
        answer = function.call(event) => panic!("answered before it was killed: {answer}"),
        () = aws.dynamodb.met() => None,
    }
}

/// The shortest time that a function takes on this machine from its start to the response, over three events.
async fn whole_time(name: &str, aws: &Aws, events: [Value; 3]) -> Duration {
    let mut whole = Duration::MAX;
    for event in events {
        let start = Instant::now();
        Function::start(name, &aws.variables()).await.call(event).await;
        whole = whole.min(start.elapsed());
    }
    whole
}

/// When each function is killed: in turn before, during and after its write, and at a moment of the second half of its whole time
/// or a little after its end, spread evenly in an order that looks random.
fn kills(whole: Duration) -> impl Iterator<Item = Kill> {
    (0..KILLED).map(move |number| match number % 4 {
        0 => Kill::BeforeTheWrite,
        1 => Kill::DuringTheWrite,
        2 => Kill::AfterTheWrite,
        _ => Kill::After(whole.mul_f64(0.5 + 0.7 * (f64::from(number) * 0.618_033_988_75).fract())),
    })
}

/// Asserts that what was killed then was done, or was not, where that is certain.
#[track_caller]
fn assert_done(is_done: bool, kill: Kill) {
    match kill {
        Kill::BeforeTheWrite => assert!(!is_done, "done, though it was killed before the write"),
        Kill::AfterTheWrite => assert!(is_done, "not done, though it was killed after the write"),
        Kill::DuringTheWrite | Kill::After(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_25_killing_a_registration_leaves_no_partial_user() {
    let aws = Aws::start().await;
    let tables = aws.tables().await;
    let registration = |number: u32| {
        let account = json!({ "email": format!("user{number}@example.com"), "password": PASSWORD });
        with_body("register", &account)
    };
    let whole = whole_time("register", &aws, [KILLED, KILLED + 1, KILLED + 2].map(registration)).await;
    let (mut users, mut answered) = (assert_whole(&tables).await, 0);
    for (moment, number) in kills(whole).zip(0..) {
        let answer = kill("register", &aws, registration(number), moment).await;
        let before = users;
        users = assert_whole(&tables).await;
        assert_done(users > before, moment);
        if let Some(answer) = answer {
            answered += 1;
            assert_eq!((&answer["statusCode"], users), (&json!(201), before + 1));
        }
    }
    println!("{KILLED} registrations killed: {} had taken effect, {answered} had responded", users - 3);
    // After a retry, every user has an account, whenever the first attempt was killed.
    let mut register = Function::start("register", &aws.variables()).await;
    for number in 0..KILLED {
        register.call(registration(number)).await;
    }
    assert_eq!(assert_whole(&tables).await, usize::try_from(KILLED).unwrap() + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_25_killing_a_profile_update_leaves_no_partial_profile() {
    let aws = Aws::start().await;
    let tables = aws.tables().await;
    let account = json!({ "email": "ada@example.com", "password": PASSWORD });
    Function::start("register", &aws.variables()).await.call(with_body("register", &account)).await;
    let login = Function::start("login", &aws.variables()).await.call(with_body("login", &account)).await;
    let tokens: Value = serde_json::from_str(login["body"].as_str().unwrap()).unwrap();
    let bearer = format!("Bearer {}", tokens["access"].as_str().unwrap());
    let change = |number: u32| {
        let name = format!("ada{number}");
        let mut event = with_body("me-update", &json!({ "username": name, "email": format!("{name}@example.com") }));
        event["headers"]["authorization"] = bearer.clone().into();
        event
    };
    let mut profile = event("me");
    profile["headers"]["authorization"] = bearer.clone().into();
    let whole = whole_time("me", &aws, [KILLED, KILLED + 1, KILLED + 2].map(change)).await;
    let mut me = Function::start("me", &aws.variables()).await;
    let (mut done, mut answered) = (0, 0);
    for (moment, number) in kills(whole).zip(0..) {
        let answer = kill("me", &aws, change(number), moment).await;
        assert_eq!(assert_whole(&tables).await, 1);
        let now: Value = serde_json::from_str(me.call(profile.clone()).await["body"].as_str().unwrap()).unwrap();
        let is_done = now["username"] == format!("ada{number}");
        assert_done(is_done, moment);
        done += u32::from(is_done);
        if let Some(answer) = answer {
            answered += 1;
            assert_eq!((&answer["statusCode"], is_done), (&json!(200), true));
        }
    }
    println!("{KILLED} updates killed: {done} had taken effect, {answered} had responded");
}
