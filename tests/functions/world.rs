//! The test fixture: a separate service for each test.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
        interceptors::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef},
        retry::RetryConfig,
    },
    error::BoxError,
    types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType},
};
use lambda_http::http::HeaderName;
use local::{self, Database, Options, tables, template::Template};
use serde_json::{Value, json};
use shared::{
    clock::Clock,
    domain::{Email, Field},
    random::Random,
    runtime::{
        Clients, Service, aws,
        config::{Config, Secret},
        lambda::{Endpoint, Function},
    },
    store::Account,
};
pub(crate) use support::PASSWORD;

use crate::logs;

/// The default source address of requests: a documentation address (RFC 5737).
pub(crate) const SOURCE: &str = "203.0.113.7";

/// The API's URL, and so the issuer of its tokens.
pub(crate) const ISSUER: &str = "https://auth.example.com";

const START: u64 = 1_800_000_000;

/// A hash at the lowest cost of Argon2 that the service accepts. No test knows its password.
pub(crate) const CHEAP_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::read().unwrap());

/// A service on an embedded DynamoDB.
pub(crate) struct World {
    pub(crate) client: Client,
    /// Counts the requests that the service sends to DynamoDB.
    pub(crate) requests: Requests,
    pub(crate) service: Service,
    config: Config,
    clients: Clients,
    now: Arc<AtomicU64>,
    database: Option<Database>,
}

/// The response of a function.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: i64,
    pub(crate) body: Value,
    pub(crate) headers: HashMap<String, String>,
}

impl Answer {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn is_detail(&self, status: i64, detail: &str) {
        assert_eq!((self.status, &self.body), (status, &json!({ "detail": detail })));
    }
}

impl World {
    /// A service that reads the settings for each request, like the local stack.
    pub(crate) async fn new() -> Self {
        Self::with(Duration::ZERO, Random::system()).await
    }

    /// A service that caches settings for `settings_max_age`.
    pub(crate) async fn with(settings_max_age: Duration, random: Random) -> Self {
        let database = Database::start(&Options::for_tests()).await.unwrap();
        tables::create_missing(&database.client().await, database.url(), &TEMPLATE).await.unwrap();
        Self::on(database, settings_max_age, random).await
    }

    /// A service on this DynamoDB, which is not set up any further.
    pub(crate) async fn on(database: Database, settings_max_age: Duration, random: Random) -> Self {
        logs::keep();
        let clients = database.clients(&local::Secret::InMemory).await;
        let client = clients.dynamodb.clone();
        let requests = Requests::default();
        let counted = Client::from_conf(client.config().to_builder().interceptor(requests.clone()).build());
        let config = Config::from_variables(|name| match name {
            "SECRET_KEY" => Some("0123456789abcdef0123456789abcdef".into()),
            "API_URL" => Some(ISSUER.into()),
            _ => TEMPLATE.variable(name),
        });
        let config = Config { settings_max_age, ..config.unwrap() };
        let now = Arc::new(AtomicU64::new(START));
        let clock = {
            let now = now.clone();
            Clock::new(move || now.load(Ordering::Relaxed))
        };
        let clients = Clients { dynamodb: counted, ..clients };
        let service = Service::new(config.clone(), clients.clone(), clock, random).unwrap();
        Self { client, requests, service, config, clients, now, database: Some(database) }
    }

    /// Restarts the functions with the secret `id` in this Secrets Manager, and sets the clock to `now`, in Unix seconds.
    pub(crate) fn use_secret(&mut self, secrets_manager: aws_sdk_secretsmanager::Client, id: &str, now: u64) {
        self.now.store(now, Ordering::Relaxed);
        self.config.secret = Secret::Id(id.into());
        self.clients.secrets_manager = secrets_manager;
        self.start_anew();
    }

    /// Restarts the functions with a secret that cannot be read.
    pub(crate) async fn lose_secret(&mut self) {
        let credentials = Credentials::new("test", "test", None, None, "test");
        let sdk = aws::anywhere().endpoint_url("http://127.0.0.1:1").credentials_provider(credentials);
        let sdk = sdk.region(Region::from_static("us-east-1")).retry_config(RetryConfig::disabled()).load().await;
        self.use_secret(aws_sdk_secretsmanager::Client::new(&sdk), "lost", START);
    }

    /// Changes the configuration and restarts the functions.
    pub(crate) fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.start_anew();
    }

    /// Restarts the functions with nothing in memory.
    pub(crate) fn start_anew(&mut self) {
        let now = self.now.clone();
        let clock = Clock::new(move || now.load(Ordering::Relaxed));
        self.service = Service::new(self.config.clone(), self.clients.clone(), clock, Random::system()).unwrap();
    }

    /// Moves the clock forward.
    pub(crate) fn wait(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Stops DynamoDB.
    pub(crate) async fn stop_dynamodb(&mut self) {
        self.database.take().unwrap().stop().await;
    }

    /// Sends an event to a function.
    pub(crate) async fn send(&self, function: &Function<impl Endpoint>, event: Value) -> Answer {
        self.requests.forget();
        let response = function.call(event).await;
        let body = response.body.map(|body| body.to_vec()).unwrap_or_default();
        let header = |name: &HeaderName| (name.to_string(), response.headers[name].to_str().unwrap().to_owned());
        Answer {
            status: response.status_code,
            // A 304 has none.
            body: serde_json::from_slice(&body).unwrap_or_default(),
            headers: response.headers.keys().map(header).collect(),
        }
    }

    pub(crate) async fn post<E: Endpoint>(&self, body: &Value) -> Answer {
        self.send(&Function::new(E::new(&self.service), &self.service), event::<E>("POST", None, body)).await
    }

    /// Like [`Self::post`], from this source address.
    pub(crate) async fn post_from<E: Endpoint>(&self, source: &str, body: &Value) -> Answer {
        let mut event = event::<E>("POST", None, body);
        event["requestContext"]["http"]["sourceIp"] = source.into();
        self.send(&Function::new(E::new(&self.service), &self.service), event).await
    }

    pub(crate) async fn register(&self, email: &str) -> Answer {
        self.post::<register::Register>(&json!({ "email": email, "password": PASSWORD })).await
    }

    pub(crate) async fn log_in(&self, email: &str) -> Answer {
        self.post::<login::Login>(&json!({ "email": email, "password": PASSWORD })).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post::<refresh::Refresh>(&json!({ "refresh": token })).await
    }

    pub(crate) async fn log_out(&self, token: &str) -> Answer {
        self.post::<logout::Logout>(&json!({ "refresh": token })).await
    }

    pub(crate) async fn me(&self, method: &str, access: &str, body: &Value) -> Answer {
        self.send(
            &Function::new(me::Me::new(&self.service), &self.service),
            event::<me::Me>(method, Some(access), body),
        )
        .await
    }

    /// The account with this email address.
    pub(crate) async fn account(&self, email: &str) -> Account {
        self.service.users().account_with_email(&Email::parse(email).unwrap()).await.unwrap().unwrap()
    }

    /// Sets an attribute of an item in the users table.
    pub(crate) async fn set_user(&self, pk: &str, name: &str, value: AttributeValue) {
        let update = self.client.update_item().table_name("UsersTable").key("pk", AttributeValue::S(pk.into()));
        let update = update.update_expression("SET #name = :value").expression_attribute_names("#name", name);
        update.expression_attribute_values(":value", value).send().await.unwrap();
    }

    /// Runs `work` while a wrong password for this email costs next to nothing to verify: the stored hash is one of the lowest cost
    /// meanwhile. For tests that need many failures.
    pub(crate) async fn with_cheap_failures<T>(&self, email: &str, work: impl Future<Output = T>) -> T {
        let key = format!("email#{email}");
        let read = self.client.get_item().table_name("UsersTable").key("pk", AttributeValue::S(key.clone()));
        let hash = read.consistent_read(true).send().await.unwrap().item.unwrap()["password_hash"].clone();
        self.set_user(&key, "password_hash", AttributeValue::S(CHEAP_HASH.into())).await;
        let result = work.await;
        self.set_user(&key, "password_hash", hash).await;
        result
    }

    /// Writes the settings item.
    pub(crate) async fn set_settings(&self, settings: &[(&str, AttributeValue)]) {
        self.set_settings_in("SettingsTable", settings).await;
    }

    /// Creates another settings table, and returns its name.
    pub(crate) async fn settings_table(&self, name: &str) -> String {
        let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
        let create = self.client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        let create = create.attribute_definitions(id.build().unwrap()).key_schema(key.build().unwrap());
        create.send().await.unwrap();
        name.into()
    }

    /// Writes the settings item of `table`.
    pub(crate) async fn set_settings_in(&self, table: &str, settings: &[(&str, AttributeValue)]) {
        let put = self.client.put_item().table_name(table).item("id", AttributeValue::S("settings".into()));
        let put = settings.iter().fold(put, |put, (name, value)| put.item(*name, value.clone()));
        put.send().await.unwrap();
    }
}

/// An HTTP API event for an endpoint.
pub(crate) fn event<E: Endpoint>(method: &str, access: Option<&str>, body: &Value) -> Value {
    let mut headers = json!({ "content-type": "application/json" });
    if let Some(access) = access {
        headers["authorization"] = format!("Bearer {access}").into();
    }
    json!({
        "version": "2.0",
        "rawPath": E::PATHS[0],
        "headers": headers,
        "requestContext": {
            "requestId": "request-1",
            "stage": "$default",
            "http": { "method": method, "sourceIp": SOURCE },
        },
        "body": body.to_string(),
        "isBase64Encoded": false,
    })
}

/// Counts requests to DynamoDB.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Counts>>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    under_way: usize,
    /// Sequential round trips: a request that starts while another is in flight adds none.
    rounds: usize,
    all: usize,
}

impl Requests {
    pub(crate) fn forget(&self) {
        let mut counts = self.0.lock().unwrap();
        *counts = Counts { under_way: counts.under_way, ..Counts::default() };
    }

    /// The numbers of sequential round trips and of all requests since the last event.
    pub(crate) fn rounds_and_all(&self) -> (usize, usize) {
        let counts = self.0.lock().unwrap();
        assert_eq!(counts.under_way, 0);
        (counts.rounds, counts.all)
    }
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "Requests"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut counts = self.0.lock().unwrap();
        counts.rounds += usize::from(counts.under_way == 0);
        counts.all += 1;
        counts.under_way += 1;
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.lock().unwrap().under_way -= 1;
        Ok(())
    }
}
