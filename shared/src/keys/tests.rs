use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

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
use crate::settings::SigningAlgorithm;

const START: UnixSeconds = 1_800_000_000;

/// A Secrets Manager with one secret, and the keys of a function that reads it.
struct World {
    keys: KeyStore,
    /// Another function that reads the same secret.
    reader: Box<dyn Fn() -> KeyStore>,
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
    /// How many requests for the previous one were under way before the last rotation.
    late: usize,
}

impl Secrets {
    fn answer(&mut self, request: &Value) -> (u16, Value) {
        let mut age = usize::from(request["VersionStage"] == "AWSPREVIOUS");
        self.reads += 1 - age;
        if age == 1 && self.late > 0 {
            self.late -= 1;
            age = 2;
        }
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
        let reader = move || KeyStore::rotating(store.clone(), clock.clone(), SECRET_MAX_AGE);
        let world = Self { keys: reader(), reader: Box::new(reader), secrets, now };
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
        self.keys.signing().await.ok().map(|keys| keys.access_key(SigningAlgorithm::Hs256).id.clone())
    }

    /// Whether a token under this version's key is good; none when that cannot be told.
    async fn knows(&self, id: &str) -> Option<bool> {
        let found = self.keys.find(|keys| keys.access_key_with_id(id).map(|_| ())).await;
        found.ok().map(|found| found.is_some())
    }
}

mod rotation;

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
async fn statement_13_a_new_version_signs_when_everybody_can_know_it_and_the_one_before_verifies_on() {
    let world = World::new();
    world.rotate(SECOND);
    for (age, signing) in [(0, "version-1"), (899, "version-1"), (900, "version-2"), (86_400, "version-2")] {
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
    // Once more, since the rotation was just now.
    assert_eq!(world.reads(), 3);
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
    // No set, rather than an empty one that verifiers would cache.
    assert!(world.keys.public().await.is_err());
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

/// The ids of the public keys that a function shows.
async fn shown(keys: &KeyStore) -> Vec<String> {
    keys.public().await.unwrap().keys.into_iter().map(|key| key.common.key_id.unwrap()).collect()
}

/// The id of the key that a function signs with.
async fn signs(keys: &KeyStore) -> String {
    keys.signing().await.unwrap().access_key(SigningAlgorithm::Es256).id.clone()
}

#[tokio::test]
async fn statement_30_only_public_keys_are_shown() {
    let world = World::new();
    world.rotate(SECOND);
    let set = serde_json::to_value(world.keys.public().await.unwrap()).unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!((set.as_object().unwrap().len(), keys.len()), (1, 2));
    for key in keys {
        let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            members.into_iter().collect::<BTreeSet<_>>(),
            BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"])
        );
        assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&json!("EC"), &json!("ES256"), &json!("sig")));
    }
}

/// By another implementation: HKDF from Python's `hmac`, the curve's arithmetic and RFC 7638 in some forty lines.
#[test]
fn the_es256_key_is_the_first_candidate_that_is_a_scalar_of_the_curve() {
    let keys = Keys::derive(&"correct horse battery staple, twice".to_owned().into()).unwrap();
    let public = serde_json::to_value(&keys.public).unwrap();
    let expected = json!({
        "use": "sig", "alg": "ES256", "kty": "EC", "crv": "P-256",
        "kid": "sqNjE5ZVY_w6CCA_GJLoTZjTqxC-3XmUpQq2vig5cGo",
        "x": "PfdYy4rtUP6Q61j-UVVqUUvZh39LNnE8TIR_MVp9YRg",
        "y": "k8UO3sNQ5py6RPkAvqG2Bs8ZwG4iHA4iymF6ZdcalY0",
    });
    assert_eq!(public, expected);
    assert_eq!(keys.access_key(SigningAlgorithm::Es256).id, "sqNjE5ZVY_w6CCA_GJLoTZjTqxC-3XmUpQq2vig5cGo");
}

#[rstest]
#[case::of_31_bytes("0123456789abcdef0123456789abcde")]
#[case::empty("")]
#[tokio::test]
async fn a_version_that_is_too_short_is_not_used(#[case] value: &str) {
    let world = World::new();
    world.signing().await;
    world.rotate(value);
    world.wait(1_200);
    assert_eq!(world.signing().await.as_deref(), Some("version-1"));
    world.rotate(THIRD);
    world.wait(1_200);
    assert_eq!(world.signing().await.as_deref(), Some("version-3"));
    assert_eq!(world.knows("version-2").await, Some(false));
}
