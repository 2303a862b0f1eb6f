//! Statements 23 and 24: the responses to clients during and after faults of DynamoDB, which is down, slow, overloaded or
//! cut off.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};
use rstest::rstest;
use serde_json::{Value, json};
use support::PASSWORD;

use crate::{
    aws::Aws,
    endpoints::{event, with_body},
    faults::assert_unavailable,
    in_process::InProcess,
    proxy::{Fault, On, Proxy},
    tables::assert_whole,
};

const FAULTS: [Fault; 12] = [
    Fault::Down,
    Fault::Cut,
    Fault::CutMidway,
    Fault::AnswerLost,
    Fault::Silent,
    Fault::AnswerLate,
    Fault::Refused(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    Fault::Refused(400, "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"),
    Fault::Refused(400, "com.amazon.coral.availability#ThrottlingException"),
    Fault::Refused(500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    Fault::Refused(503, "com.amazon.coral.service#ServiceUnavailableException"),
    CONFLICT,
];

/// The error of a transaction that conflicts with another.
const CONFLICT: Fault = Fault::Refused(400, "com.amazonaws.dynamodb.v20120810#TransactionCanceledException");

impl Fault {
    /// Whether the request takes effect despite the fault.
    fn is_after_the_fact(self) -> bool {
        matches!(self, Self::CutMidway | Self::AnswerLost | Self::AnswerLate)
    }
}

/// A request to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Register,
    LogIn,
    Guess,
    Refresh,
    RefreshWithRotation,
    LogOut,
    ReadProfile,
    ChangeProfile,
}

impl Act {
    fn function(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::LogIn | Self::Guess => "login",
            Self::Refresh | Self::RefreshWithRotation => "refresh",
            Self::LogOut => "logout",
            Self::ReadProfile | Self::ChangeProfile => "me",
        }
    }

    /// The status without faults.
    fn status(self) -> u16 {
        match self {
            Self::Register => 201,
            Self::Guess => 401,
            _ => 200,
        }
    }

    /// The status when a request is repeated whose first attempt took effect without a response.
    fn status_of_the_second(self, on: On) -> u16 {
        match (self, on) {
            // The email address is taken.
            (Self::Register, On::Transactions) => 400,
            // The session is over.
            (Self::LogOut, On::Writes) => 401,
            _ => self.status(),
        }
    }
}

/// The AWS services, and functions without faults that prepare users and sessions.
struct Setting {
    aws: Aws,
    register: InProcess,
    login: InProcess,
    /// Ada's access token.
    access: String,
    events: usize,
}

impl Setting {
    async fn start(rotates: bool) -> Self {
        let aws = Aws::start().await;
        let settings = aws.tables().await.update_item().table_name("SettingsTable");
        let settings = settings.key("id", AttributeValue::S("settings".into()));
        let settings = settings.update_expression("SET ROTATE_REFRESH_TOKENS = :rotates");
        let settings = settings.expression_attribute_values(":rotates", AttributeValue::Bool(rotates));
        settings.send().await.unwrap();
        let register = InProcess::start("register", aws.tables_url()).await;
        let login = InProcess::start("login", aws.tables_url()).await;
        let mut setting = Self { aws, register, login, access: String::new(), events: 0 };
        setting.register.call(with_body("register", &ada(PASSWORD))).await;
        setting.access = setting.session().await["access"].as_str().unwrap().into();
        setting
    }

    /// The tokens of a new session for Ada.
    async fn session(&mut self) -> Value {
        let login = self.login.call(with_body("login", &ada(PASSWORD))).await;
        serde_json::from_str(login["body"].as_str().unwrap()).unwrap()
    }

    /// An event for this request that repeats no earlier one.
    async fn event(&mut self, act: Act) -> Value {
        self.events += 1;
        let name = format!("user{}", self.events);
        match act {
            Act::Register => {
                with_body("register", &json!({ "email": format!("{name}@example.com"), "password": PASSWORD }))
            }
            Act::LogIn => with_body("login", &ada(PASSWORD)),
            Act::Guess => with_body("login", &ada("wrong horse")),
            Act::Refresh | Act::RefreshWithRotation | Act::LogOut => {
                with_body(act.function(), &json!({ "refresh": self.session().await["refresh"] }))
            }
            Act::ReadProfile => self.authorized(event("me")),
            // Only the username changes, since Ada logs in with her email address.
            Act::ChangeProfile => self.authorized(with_body("me-update", &json!({ "username": name }))),
        }
    }

    fn authorized(&self, mut event: Value) -> Value {
        event["headers"]["authorization"] = format!("Bearer {}", self.access).into();
        event
    }
}

fn ada(password: &str) -> Value {
    json!({ "email": "ada@example.com", "password": password })
}

/// The kinds of DynamoDB requests that fail, one at a time. The settings are already read when the functions have started.
#[rstest]
#[case::registration(Act::Register, &[On::Writes, On::Transactions])]
#[case::login(Act::LogIn, &[On::Reads, On::Writes])]
#[case::failed_login(Act::Guess, &[On::Reads, On::Writes])]
#[case::refresh(Act::Refresh, &[On::Reads])]
#[case::refresh_with_rotation(Act::RefreshWithRotation, &[On::Reads, On::Writes])]
#[case::logout(Act::LogOut, &[On::Writes])]
#[case::profile_read(Act::ReadProfile, &[On::Reads])]
#[case::profile_update(Act::ChangeProfile, &[On::Reads, On::Transactions])]
#[tokio::test(flavor = "multi_thread")]
async fn statement_23_and_24_requests_are_denied_during_a_fault_and_work_after_it(
    #[case] act: Act,
    #[case] kinds: &[On],
) {
    let mut setting = Setting::start(act == Act::RefreshWithRotation).await;
    let faults = |on: On| FAULTS.into_iter().filter(move |fault| *fault != CONFLICT || on == On::Transactions);
    let mut runs = Vec::new();
    for (on, fault) in kinds.iter().flat_map(|on| faults(*on).map(|fault| (*on, fault))) {
        // Each has its own proxy and function, so that they wait for their timeouts at the same time.
        let dynamodb = Proxy::start(setting.aws.tables_url()).await;
        let function = InProcess::start(act.function(), dynamodb.url()).await;
        runs.push((on, fault, setting.event(act).await, dynamodb, function));
    }
    let login = &setting.login;
    let run = async |(on, fault, event, dynamodb, function): (On, Fault, Value, Proxy, InProcess)| {
        dynamodb.inject(on, fault, usize::MAX);
        let denied = function.call(event.clone()).await;
        assert!(dynamodb.recover() > 0, "{fault:?} affected no request");
        if fault == CONFLICT && act == Act::ChangeProfile {
            // Repeated conflicts mean that other updates win, not that DynamoDB is down.
            assert_eq!(denied["statusCode"], 409, "{denied}");
        } else {
            assert_unavailable(&denied);
        }

        let again = function.call(event.clone()).await;
        let done = fault.is_after_the_fact();
        let status = if done { act.status_of_the_second(on) } else { act.status() };
        assert_eq!(again["statusCode"], status, "after {fault:?} on {on:?}: {again}");
        if act == Act::Register {
            // After the retry, the user has an account and can log in.
            let login = login.call(with_body("login", &serde_json::from_str(event["body"].as_str().unwrap()).unwrap()));
            assert_eq!(login.await["statusCode"], 200, "after {fault:?} on {on:?}");
        }
    };
    // Updates of the one profile would conflict with each other.
    let at_once = if act == Act::ChangeProfile { 1 } else { runs.len() };
    stream::iter(runs.into_iter().map(run)).buffer_unordered(at_once).collect::<()>().await;
    assert_whole(&setting.aws.tables().await).await;
}

#[rstest]
#[case::registration(Act::Register, On::Transactions)]
#[case::login(Act::LogIn, On::Reads)]
#[case::login_opening_a_session(Act::LogIn, On::Writes)]
#[case::refresh(Act::Refresh, On::Reads)]
#[case::refresh_with_rotation(Act::RefreshWithRotation, On::Writes)]
#[case::logout(Act::LogOut, On::Writes)]
#[case::profile_read(Act::ReadProfile, On::Reads)]
#[case::profile_update(Act::ChangeProfile, On::Transactions)]
#[tokio::test(flavor = "multi_thread")]
async fn statement_24_a_transient_fault_is_not_noticed(#[case] act: Act, #[case] on: On) {
    let mut setting = Setting::start(act == Act::RefreshWithRotation).await;
    let function = InProcess::start(act.function(), setting.aws.dynamodb.url()).await;
    // `Fault::Down` affects every connection, so it does not pass after one request.
    let pass = |fault: &Fault| *fault != Fault::Down && (*fault != CONFLICT || on == On::Transactions);
    for fault in FAULTS.into_iter().filter(pass) {
        let event = setting.event(act).await;
        setting.aws.dynamodb.inject(on, fault, 1);
        let answer = function.call(event).await;
        assert_eq!(setting.aws.dynamodb.recover(), 1, "{fault:?} affected no request");
        // Only a logout cannot distinguish its own retry from a session that was already over.
        let is_second = act == Act::LogOut && fault.is_after_the_fact();
        let status = if is_second { act.status_of_the_second(on) } else { act.status() };
        assert_eq!(answer["statusCode"], status, "{fault:?}: {answer}");
        assert_whole(&setting.aws.tables().await).await;
    }
}
