//! Between two events, Lambda freezes the process of a function, for seconds or for hours
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>). Meanwhile, clocks go on and connections
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

/// The age at which settings are read again, in seconds.
const SETTINGS_MAX_AGE: u64 = shared::runtime::config::Config::SETTINGS_MAX_AGE.as_secs();

/// The age at which the secret is read again, in seconds.
const SECRET_MAX_AGE: u64 = shared::keys::SECRET_MAX_AGE.as_secs();

/// The initial lifetime of access tokens in the settings, in seconds: long enough to outlive all freezes.
const LIFETIME: u64 = 86_400;

/// The lifetime after a change during the last freeze, in seconds.
const CHANGED_LIFETIME: u64 = 60;

/// A period in which a function is frozen.
#[derive(Debug, Clone, Copy)]
struct Freeze {
    seconds: u64,
    /// What happens to its connections in this period.
    fate: Fate,
}

impl Freeze {
    /// Freezes of three lengths: nothing is stale after the first, the settings after the second, and the settings, the secret
    /// and idle connections after the third.
    fn all(fate: Fate) -> [Vec<Self>; 3] {
        [0, 32, 600].map(|seconds| vec![Self { seconds, fate }])
    }

    /// With stale settings, a function reads on two connections in parallel. Both are open during the second freeze.
    fn with_two_connections(fate: Fate) -> Vec<Self> {
        vec![Self { seconds: 32, fate: Fate::Kept }, Self { seconds: 0, fate }]
    }
}

/// Services without faults, and a function that opens sessions for the other functions.
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

    /// The tokens of a new session for Ada.
    async fn session(&mut self) -> Value {
        body(&self.login.call(with_body("login", &ada())).await)
    }

    /// An event for this function, with a new email address or session where one is needed.
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

/// A function under test, with a separate clock and separate connections.
struct Subject {
    name: &'static str,
    process: Process,
    clock: Clock,
    dynamodb: Relay,
    secrets_manager: Relay,
    /// The number of requests for its secret.
    asked: Arc<AtomicUsize>,
    freezes: Vec<Freeze>,
    /// One more event than freezes.
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
            // Metrics make the log lines contain timestamps.
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

    /// Sends an event and freezes the function, once for each freeze.
    async fn freeze(&mut self) {
        for (number, freeze) in self.freezes.clone().into_iter().enumerate() {
            if number > 0 {
                self.process.go_on().unwrap();
            }
            let answer = self.answer().await;
            self.assert_right(&answer, Some(LIFETIME));
            self.process.freeze().await.unwrap_or_else(|error| panic!("{error}"));
            self.clock.advance(freeze.seconds);
            self.dynamodb.apply(freeze.fate).await;
            self.secrets_manager.apply(freeze.fate).await;
        }
    }

    /// Resumes the function, and asserts that it responds correctly, does not use stale settings or a stale secret, and logs no
    /// warning.
    async fn go_on(mut self) {
        let before = self.asked.load(Ordering::Relaxed);
        let Freeze { seconds, .. } = *self.freezes.last().unwrap();
        self.process.go_on().unwrap();
        let answer = self.answer().await;
        // Below the maximum age, settings may be old or new, depending on the speed of the test.
        self.assert_right(&answer, (seconds >= SETTINGS_MAX_AGE).then_some(CHANGED_LIFETIME));
        let has_secret = ["login", "logout", "me", "refresh"].contains(&self.name);
        let asks = seconds >= SECRET_MAX_AGE && has_secret;
        assert_eq!(self.asked.load(Ordering::Relaxed) > before, asks, "{}: {:?}", self.name, self.freezes);
        let log = self.process.end().unwrap_or_else(|error| panic!("{error}"));
        assert_no_warnings(&log, &self.freezes);
    }

    async fn answer(&mut self) -> Value {
        let answer = self.process.call(self.events.next().unwrap()).await;
        answer.unwrap_or_else(|error| panic!("{:?}: {error}", self.freezes))
    }

    /// Asserts that a response is correct, and that an access token in it has this lifetime, if given.
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

/// The lifetime of an access token, in seconds.
fn lifetime_of(access: &str) -> u64 {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap()
}

/// Asserts that a log has one line per request, with times at least as far apart as the freezes were long, and no warnings.
fn assert_no_warnings(log: &str, freezes: &[Freeze]) {
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

/// `docs` has no connections, so their fate does not matter.
#[rstest]
#[case::docs("docs", &[Fate::Kept])]
#[case::login("login", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::logout("logout", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::me("me", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::refresh("refresh", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[case::register("register", &[Fate::Kept, Fate::Closed, Fate::Reset, Fate::Gone])]
#[tokio::test(flavor = "multi_thread")]
async fn a_function_handles_its_next_event_correctly_after_a_freeze(
    #[case] name: &'static str,
    #[case] fates: &[Fate],
) {
    let mut world = World::start().await;
    let mut subjects = Vec::new();
    for fate in fates {
        for freezes in Freeze::all(*fate).into_iter().chain([Freeze::with_two_connections(*fate)]) {
            subjects.push(Subject::start(name, &mut world, freezes).await);
        }
    }
    // In parallel, since a write to a connection that was dropped silently takes 1.5 s to time out.
    join_all(subjects.iter_mut().map(Subject::freeze)).await;
    set_lifetime(&world.aws, CHANGED_LIFETIME).await;
    join_all(subjects.into_iter().map(Subject::go_on)).await;
}
