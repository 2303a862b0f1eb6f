use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_secretsmanager::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region, retry::RetryConfig},
};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

const START: UnixSeconds = 1_800_000_000;

/// A Secrets Manager with one secret, and the keys of a function that reads it.
struct World {
    keys: KeyStore,
    secrets: Arc<Mutex<Secrets>>,
    now: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Secrets {
    /// The current one last.
    versions: Vec<(UnixSeconds, String)>,
    is_down: bool,
    /// How often the current one was asked for.
    reads: usize,
}

impl Secrets {
    fn answer(&mut self, request: &Value) -> (u16, Value) {
        let age = usize::from(request["VersionStage"] == "AWSPREVIOUS");
        self.reads += 1 - age;
        if self.is_down {
            return (500, json!({ "__type": "InternalServiceError" }));
        }
        match self.versions.iter().rev().nth(age) {
            Some((created, value)) => {
                let id = format!("version-{}", self.versions.len() - age);
                (200, json!({ "VersionId": id, "SecretString": value, "CreatedDate": created }))
            }
            None => (400, json!({ "__type": "ResourceNotFoundException" })),
        }
    }
}

/// Takes the SDK's requests there instead of to the network.
#[derive(Debug, Clone)]
struct Shortcut(Arc<Mutex<Secrets>>);

impl HttpConnector for Shortcut {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let (status, body) = self.0.lock().unwrap().answer(&request);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(
            StatusCode::try_from(status).unwrap(),
            body.to_string().into(),
        )))
    }
}

impl HttpClient for Shortcut {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl World {
    /// With one version of the secret, which has been there for long.
    fn new() -> Self {
        let secrets = Arc::new(Mutex::new(Secrets::default()));
        let now = Arc::new(AtomicU64::new(START));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(Shortcut(secrets.clone()));
        let clock = {
            let now = now.clone();
            Clock::new(move || now.load(Ordering::Relaxed))
        };
        let store = SecretStore::new(Client::from_conf(config.build()), "secret".into());
        let world = Self { keys: KeyStore::rotating(store, clock), secrets, now };
        world.rotate("the first secret, of 32 bytes and more");
        world.wait(86_400);
        world
    }

    fn rotate(&self, value: &str) {
        self.secrets.lock().unwrap().versions.push((self.now.load(Ordering::Relaxed), value.into()));
    }

    fn wait(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    fn go_down(&self, is_down: bool) {
        self.secrets.lock().unwrap().is_down = is_down;
    }

    /// How often the secret was read since this was last asked.
    fn reads(&self) -> usize {
        std::mem::take(&mut self.secrets.lock().unwrap().reads)
    }

    async fn signing(&self) -> Option<String> {
        self.keys.signing().await.ok().map(|keys| keys.id.clone())
    }

    /// Whether a token under this version's key is good; none when that cannot be told.
    async fn knows(&self, id: &str) -> Option<bool> {
        let found = self.keys.find(|keys| (keys.id == id).then_some(())).await;
        found.ok().map(|found| found.is_some())
    }
}

const SECOND: &str = "the second secret, of 32 bytes and more";
const THIRD: &str = "the third secret, of 32 bytes and more";

#[tokio::test]
async fn the_secret_is_read_once_in_five_minutes() {
    let world = World::new();
    assert_eq!(world.signing().await.as_deref(), Some("version-1"));
    world.wait(299);
    assert_eq!(world.knows("version-1").await, Some(true));
    assert_eq!(world.reads(), 1);
    world.wait(1);
    assert_eq!(world.knows("version-1").await, Some(true));
    assert_eq!(world.reads(), 1);
}

#[tokio::test]
async fn the_only_version_signs_from_its_creation_on() {
    let world = World::new();
    world.secrets.lock().unwrap().versions[0].0 = START + 86_400;
    assert_eq!(world.signing().await.as_deref(), Some("version-1"));
}

#[tokio::test]
async fn statement_13_a_new_version_signs_when_every_function_has_read_it_and_the_one_before_verifies_on() {
    let world = World::new();
    world.rotate(SECOND);
    for (age, signing) in [(0, "version-1"), (299, "version-1"), (300, "version-2"), (86_400, "version-2")] {
        world.now.store(START + 86_400 + age, Ordering::Relaxed);
        assert_eq!(world.signing().await.as_deref(), Some(signing), "{age} s after the rotation");
        assert_eq!(world.knows("version-1").await, Some(true));
        assert_eq!(world.knows("version-2").await, Some(true));
    }
}

#[tokio::test]
async fn statement_13_a_version_before_the_one_before_verifies_no_more() {
    let world = World::new();
    world.rotate(SECOND);
    world.rotate(THIRD);
    assert_eq!(world.knows("version-1").await, Some(false));
    assert_eq!(world.knows("version-2").await, Some(true));
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_at_once_and_then_once_a_minute() {
    let world = World::new();
    world.signing().await;
    world.rotate(SECOND);
    assert_eq!(world.knows("version-2").await, Some(true));
    assert_eq!(world.reads(), 2);
    world.rotate(THIRD);
    world.wait(59);
    assert_eq!(world.knows("version-3").await, Some(false));
    assert_eq!(world.reads(), 0);
    world.wait(1);
    assert_eq!(world.knows("version-3").await, Some(true));
    assert_eq!(world.reads(), 1);
}

#[tokio::test]
async fn while_the_secret_was_never_read_nothing_is_told_and_it_is_asked_for_each_time() {
    let world = World::new();
    world.go_down(true);
    world.keys.warm_up().await;
    assert_eq!((world.signing().await, world.knows("version-1").await), (None, None));
    world.go_down(false);
    assert_eq!(world.knows("version-1").await, Some(true));
}

#[tokio::test]
async fn once_read_keys_hold_on_while_the_secret_cannot_be_read() {
    let world = World::new();
    world.signing().await;
    world.go_down(true);
    world.wait(300);
    world.reads();
    for _ in 0..3 {
        assert_eq!(world.signing().await.as_deref(), Some("version-1"));
        assert_eq!(world.knows("version-1").await, Some(true));
    }
    assert_eq!(world.reads(), 1);
}

#[tokio::test]
async fn an_unknown_key_is_neither_good_nor_bad_while_the_secret_cannot_be_read() {
    let world = World::new();
    world.signing().await;
    world.rotate(SECOND);
    world.go_down(true);
    world.reads();
    assert_eq!(world.knows("version-2").await, None);
    assert_eq!(world.knows("version-2").await, None);
    assert_eq!(world.reads(), 1);
    world.go_down(false);
    world.wait(60);
    assert_eq!(world.knows("version-2").await, Some(true));
}

#[rstest]
#[case::of_31_bytes("0123456789abcdef0123456789abcde")]
#[case::empty("")]
#[tokio::test]
async fn a_version_that_is_too_short_is_not_used(#[case] value: &str) {
    let world = World::new();
    world.signing().await;
    world.rotate(value);
    world.wait(600);
    assert_eq!(world.signing().await.as_deref(), Some("version-1"));
    world.rotate(THIRD);
    world.wait(600);
    assert_eq!(world.signing().await.as_deref(), Some("version-3"));
    assert_eq!(world.knows("version-2").await, Some(false));
}
