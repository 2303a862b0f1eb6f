//! Statements 23 and 24: a DynamoDB that is down, slow, overwhelmed or cut off, and what clients are told meanwhile and after.

use aws_sdk_dynamodb::types::AttributeValue;
use rstest::rstest;
use serde_json::{Value, json};
use support::PASSWORD;

use crate::{
    aws::Aws,
    endpoints::{event, with_body},
    faults::assert_unavailable,
    in_process::InProcess,
    proxy::{Fault, On},
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

/// What a transaction is refused with that collides with another.
const CONFLICT: Fault = Fault::Refused(400, "com.amazonaws.dynamodb.v20120810#TransactionCanceledException");

impl Fault {
    /// Whether what was asked for is done all the same.
    fn is_after_the_fact(self) -> bool {
        matches!(self, Self::CutMidway | Self::AnswerLost | Self::AnswerLate)
    }
}

/// What is asked of a function.
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

    /// Its status where nothing goes wrong.
    fn status(self) -> u16 {
        match self {
            Self::Register => 201,
            Self::Guess => 401,
            _ => 200,
        }
    }

    /// Its status where it was done before, and nobody was told.
    fn status_of_the_second(self, on: On) -> u16 {
        match (self, on) {
            // The address exists.
            (Self::Register, On::Transactions) => 400,
            // The session is over.
            (Self::LogOut, On::Writes) => 401,
            _ => self.status(),
        }
    }
}

/// Functions that nothing lets down make what the others need.
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

    /// The tokens of a new session of Ada's.
    async fn session(&mut self) -> Value {
        let login = self.login.call(with_body("login", &ada(PASSWORD))).await;
        serde_json::from_str(login["body"].as_str().unwrap()).unwrap()
    }

    /// An event that asks for this, and for nothing that was asked for before.
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
            // Names alone, since Ada logs in with her address.
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

/// Which of an act's requests fail, each kind by itself: reads of the settings are behind the functions when they start.
#[rstest]
#[case::registering(Act::Register, &[On::Writes, On::Transactions])]
#[case::logging_in(Act::LogIn, &[On::Reads, On::Writes])]
#[case::guessing(Act::Guess, &[On::Reads, On::Writes])]
#[case::refreshing(Act::Refresh, &[On::Reads])]
#[case::refreshing_with_rotation(Act::RefreshWithRotation, &[On::Reads, On::Writes])]
#[case::logging_out(Act::LogOut, &[On::Writes])]
#[case::reading_a_profile(Act::ReadProfile, &[On::Reads])]
#[case::changing_a_profile(Act::ChangeProfile, &[On::Reads, On::Transactions])]
#[tokio::test(flavor = "multi_thread")]
async fn statement_23_and_24_a_fault_of_dynamodb_denies_and_the_first_request_after_it_is_right(
    #[case] act: Act,
    #[case] kinds: &[On],
) {
    let mut setting = Setting::start(act == Act::RefreshWithRotation).await;
    let function = InProcess::start(act.function(), setting.aws.dynamodb.url()).await;
    let faults = |on: On| FAULTS.into_iter().filter(move |fault| *fault != CONFLICT || on == On::Transactions);
    for (on, fault) in kinds.iter().flat_map(|on| faults(*on).map(|fault| (*on, fault))) {
        let event = setting.event(act).await;
        setting.aws.dynamodb.let_down(on, fault, usize::MAX);
        let denied = function.call(event.clone()).await;
        assert!(setting.aws.dynamodb.recover() > 0, "{fault:?} met nothing");
        if fault == CONFLICT && act == Act::ChangeProfile {
            // Others are quicker, again and again: nothing is down.
            assert_eq!(denied["statusCode"], 409, "{denied}");
        } else {
            assert_unavailable(&denied);
        }

        let again = function.call(event.clone()).await;
        let done = fault.is_after_the_fact();
        let status = if done { act.status_of_the_second(on) } else { act.status() };
        assert_eq!(again["statusCode"], status, "after {fault:?} on {on:?}: {again}");
        if act == Act::Register {
            // Whoever was told to come back has an account, and is not locked out of it.
            let login =
                setting.login.call(with_body("login", &serde_json::from_str(event["body"].as_str().unwrap()).unwrap()));
            assert_eq!(login.await["statusCode"], 200, "after {fault:?} on {on:?}");
        }
        assert_whole(&setting.aws.tables().await).await;
    }
}

#[rstest]
#[case::registering(Act::Register, On::Transactions)]
#[case::logging_in(Act::LogIn, On::Reads)]
#[case::opening_a_session(Act::LogIn, On::Writes)]
#[case::refreshing(Act::Refresh, On::Reads)]
#[case::refreshing_with_rotation(Act::RefreshWithRotation, On::Writes)]
#[case::logging_out(Act::LogOut, On::Writes)]
#[case::reading_a_profile(Act::ReadProfile, On::Reads)]
#[case::changing_a_profile(Act::ChangeProfile, On::Transactions)]
#[tokio::test(flavor = "multi_thread")]
async fn statement_24_a_fault_that_passes_is_not_noticed(#[case] act: Act, #[case] on: On) {
    let mut setting = Setting::start(act == Act::RefreshWithRotation).await;
    let function = InProcess::start(act.function(), setting.aws.dynamodb.url()).await;
    // Who is down is so for everything that comes.
    let pass = |fault: &Fault| *fault != Fault::Down && (*fault != CONFLICT || on == On::Transactions);
    for fault in FAULTS.into_iter().filter(pass) {
        let event = setting.event(act).await;
        setting.aws.dynamodb.let_down(on, fault, 1);
        let answer = function.call(event).await;
        assert_eq!(setting.aws.dynamodb.recover(), 1, "{fault:?} met nothing");
        // Only a logout can not tell its own second attempt from a session that was over.
        let is_second = act == Act::LogOut && fault.is_after_the_fact();
        let status = if is_second { act.status_of_the_second(on) } else { act.status() };
        assert_eq!(answer["statusCode"], status, "{fault:?}: {answer}");
        assert_whole(&setting.aws.tables().await).await;
    }
}
