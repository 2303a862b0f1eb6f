//! What Lambda does to a function between two events: it freezes the process, for seconds or for hours
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>). Clocks go on meanwhile, and connections
//! end.

mod clock;
mod memory;
mod relay;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clock::Clock;
use futures_util::future::join_all;
use harness::{Process, build, stand_in};
use relay::{Fate, Relay};
use rstest::rstest;
use serde_json::{Value, json};
use support::PASSWORD;

use crate::{
    aws::Aws,
    endpoints::{event, with_body},
    function::Function,
};

static BINARIES: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(|| build::executables(build::Kind::Program));

/// From when on settings are read anew, in seconds.
const SETTINGS_MAX_AGE: u64 = shared::runtime::config::Config::SETTINGS_MAX_AGE.as_secs();

/// From when on the secret is read anew, in seconds.
const SECRET_MAX_AGE: u64 = shared::keys::SECRET_MAX_AGE.as_secs();

/// The lifetime of access tokens in the settings, in seconds: at first, so that a token outlives all freezes.
const LIFETIME: u64 = 86_400;

/// The same, changed during the last freeze.
const CHANGED_LIFETIME: u64 = 60;

/// A time in which a function is frozen.
#[derive(Debug, Clone, Copy)]
struct Freeze {
    seconds: u64,
    /// What became of its connections then.
    fate: Fate,
}

impl Freeze {
    /// So short, or so long that settings are stale behind it, or that the secret is too, and connections are old.
    fn all(fate: Fate) -> [Vec<Self>; 3] {
        [0, 32, 600].map(|seconds| vec![Self { seconds, fate }])
    }

    /// With stale settings a function reads on two connections at once: both are open behind that, and end then.
    fn with_two_connections(fate: Fate) -> Vec<Self> {
        vec![Self { seconds: 32, fate: Fate::Kept }, Self { seconds: 0, fate }]
    }
}

/// Services that nothing lets down, and a function that makes the sessions which the others need.
struct World {
    aws: Aws,
    login: Function,
    /// Ada's access token.
    access: String,
    accounts: usize,
}

impl World {
    async fn start() -> Self {
        let aws = Aws::start().await;
        set_lifetime(&aws, LIFETIME).await;
        let variables = aws.reliable_variables();
        let mut register = Function::start("register", &variables).await;
        let login = Function::start("login", &variables).await;
        register.call(with_body("register", &ada())).await;
        register.end();
        let mut world = Self { aws, login, access: String::new(), accounts: 0 };
        world.access = world.session().await["access"].as_str().unwrap().into();
        world
    }

    /// The tokens of a new session of Ada's.
    async fn session(&mut self) -> Value {
        body(&self.login.call(with_body("login", &ada())).await)
    }

    /// An event for this function that nothing was like before, as far as it matters.
    async fn event(&mut self, name: &str) -> Value {
        match name {
            "register" => {
                self.accounts += 1;
                let email = format!("user{}@example.com", self.accounts);
                with_body("register", &json!({ "email": email, "password": PASSWORD }))
            }
            "login" => with_body("login", &ada()),
            "refresh" | "logout" => with_body(name, &json!({ "refresh": self.session().await["refresh"] })),
            "me" => {
                let mut event = event("me");
                event["headers"]["authorization"] = format!("Bearer {}", self.access).into();
                event
            }
            _ => event(name),
        }
    }
}

fn ada() -> Value {
    json!({ "email": "ada@example.com", "password": PASSWORD })
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

async fn set_lifetime(aws: &Aws, seconds: u64) {
    let settings = aws.tables().await.update_item().table_name("SettingsTable");
    let settings = settings.key("id", AttributeValue::S("settings".into()));
    let settings = settings.update_expression("SET ACCESS_TOKEN_LIFETIME = :seconds");
    let settings = settings.expression_attribute_values(":seconds", AttributeValue::N(seconds.to_string()));
    settings.send().await.unwrap();
}

/// A function with a clock and with connections of its own.
struct Subject {
    name: &'static str,
    process: Process,
    clock: Clock,
    dynamodb: Relay,
    secrets_manager: Relay,
    /// How often its secret was asked for.
    asked: Arc<AtomicUsize>,
    freezes: Vec<Freeze>,
    /// One more than freezes.
    events: std::vec::IntoIter<Value>,
}

impl Subject {
    async fn start(name: &'static str, world: &mut World, freezes: Vec<Freeze>) -> Self {
        let asked = Arc::<AtomicUsize>::default();
        let counting = middleware::from_fn_with_state(asked.clone(), count);
        let secrets_manager = stand_in::serve(stand_in::secrets_manager().layer(counting)).await;
        let mut variables: HashMap<_, _> = world.aws.reliable_variables().into_iter().collect();
        let dynamodb = Relay::start(&variables["AWS_ENDPOINT_URL_DYNAMODB"]).await;
        let secrets_manager = Relay::start(&secrets_manager).await;
        let clock = Clock::new();
        variables.extend(clock.variables());
        let given = [
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.url()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_manager.url()),
            // Lines of metrics have the time.
            ("METRICS_NAMESPACE", "pyshop-auth"),
        ];
        variables.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let variables: Vec<_> = variables.into_iter().collect();
        let process = Process::start(&BINARIES[name], name, &variables).await.unwrap();
        let mut events = Vec::new();
        for _ in 0..=freezes.len() {
            events.push(world.event(name).await);
        }
        Self { name, process, clock, dynamodb, secrets_manager, asked, freezes, events: events.into_iter() }
    }

    /// Has it answer, and freezes it. Again and again, up to its last freeze.
    async fn freeze(&mut self) {
        for (number, freeze) in self.freezes.clone().into_iter().enumerate() {
            if number > 0 {
                self.process.go_on().unwrap();
            }
            let answer = self.answer().await;
            self.assert_right(&answer, Some(LIFETIME));
            self.process.freeze().await.unwrap_or_else(|error| panic!("{error}"));
            self.clock.advance(freeze.seconds);
            self.dynamodb.meet(freeze.fate).await;
            self.secrets_manager.meet(freeze.fate).await;
        }
    }

    /// Lets it go on, and asserts that it answers right, with settings and a secret that are not older than they may be, and
    /// logs no warning.
    async fn go_on(mut self) {
        let before = self.asked.load(Ordering::Relaxed);
        let Freeze { seconds, .. } = *self.freezes.last().unwrap();
        self.process.go_on().unwrap();
        let answer = self.answer().await;
        // Settings of less than their age may be of before or of now, as quick as the test is.
        self.assert_right(&answer, (seconds >= SETTINGS_MAX_AGE).then_some(CHANGED_LIFETIME));
        let has_secret = ["login", "logout", "me", "refresh"].contains(&self.name);
        let asks = seconds >= SECRET_MAX_AGE && has_secret;
        assert_eq!(self.asked.load(Ordering::Relaxed) > before, asks, "{}: {:?}", self.name, self.freezes);
        let log = self.process.end().unwrap_or_else(|error| panic!("{error}"));
        assert_calm(&log, &self.freezes);
    }

    async fn answer(&mut self) -> Value {
        let answer = self.process.call(self.events.next().unwrap()).await;
        answer.unwrap_or_else(|error| panic!("{:?}: {error}", self.freezes))
    }

    /// Asserts that an answer is right, and that an access token in it lives so long, if that can be told.
    fn assert_right(&self, answer: &Value, lifetime: Option<u64>) {
        let what = format!("{}, {:?}: {answer}", self.name, self.freezes);
        assert_eq!(answer["statusCode"], if self.name == "register" { 201 } else { 200 }, "{what}");
        match self.name {
            "docs" => assert_eq!(answer["headers"]["content-type"], "text/html; charset=utf-8", "{what}"),
            "logout" => assert_eq!(body(answer)["success"], "User logged out.", "{what}"),
            "me" => assert_eq!(body(answer)["email"], "ada@example.com", "{what}"),
            "register" => assert!(body(answer)["id"].is_u64(), "{what}"),
            _ => {
                let found = lifetime_of(body(answer)["access"].as_str().unwrap());
                assert!(lifetime.is_none_or(|lifetime| found == lifetime), "{found} s. {what}");
            }
        }
    }
}

/// How long an access token lives, in seconds.
fn lifetime_of(access: &str) -> u64 {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
}

/// Asserts that a log has a line for each request, whose times are as far apart as freezes were long, and no warning.
fn assert_calm(log: &str, freezes: &[Freeze]) {
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_calm = |line: &Value| ["INFO", "DEBUG"].contains(&line["level"].as_str().unwrap());
    assert!(lines.iter().all(is_calm), "{freezes:?}: {log}");
    let times: Vec<_> = lines.iter().filter_map(|line| line["_aws"]["Timestamp"].as_u64()).collect();
    assert_eq!(times.len(), freezes.len() + 1, "{log}");
    for (between, freeze) in times.windows(2).zip(freezes) {
        assert!(between[1] - between[0] >= freeze.seconds * 1_000, "{freezes:?}: {log}");
    }
}

async fn count(State(asked): State<Arc<AtomicUsize>>, request: Request, next: Next) -> Response {
    asked.fetch_add(1, Ordering::Relaxed);
    next.run(request).await
}

/// `docs` calls nobody.
#[rstest]
#[case::docs("docs", &[Fate::Kept])]
#[case::login("login", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::logout("logout", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::me("me", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::refresh("refresh", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::register("register", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_was_frozen_answers_its_next_event_right(#[case] name: &'static str, #[case] fates: &[Fate]) {
    let mut world = World::start().await;
    let mut subjects = Vec::new();
    for fate in fates {
        for freezes in Freeze::all(*fate).into_iter().chain([Freeze::with_two_connections(*fate)]) {
            subjects.push(Subject::start(name, &mut world, freezes).await);
        }
    }
    // Side by side, since who writes to a connection that is gone waits for a second and a half.
    join_all(subjects.iter_mut().map(Subject::freeze)).await;
    set_lifetime(&world.aws, CHANGED_LIFETIME).await;
    join_all(subjects.into_iter().map(Subject::go_on)).await;
}
