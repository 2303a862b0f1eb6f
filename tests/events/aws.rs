//! What stands for AWS around a function: DynamoDB, and Secrets Manager with a secret in its first version.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use contract::stand_in;
use local::{Database, Options, template::Template};
use serde_json::json;

/// The services that a function finds.
pub(crate) struct Aws {
    denies: Arc<AtomicBool>,
    dynamodb: String,
    secrets_manager: String,
    _database: Database,
}

impl Aws {
    /// Tables that are empty, and a secret.
    pub(crate) async fn start() -> Self {
        let database = Database::start(&Options::for_tests()).await.unwrap();
        database.prepare(&Template::read().unwrap(), "SettingsTable").await.unwrap();
        let denies = Arc::<AtomicBool>::default();
        let guard = middleware::from_fn_with_state(denies.clone(), deny);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let tables = Router::new().fallback(forward).with_state((http, database.url().to_owned()));
        Self {
            dynamodb: stand_in::serve(tables.layer(guard.clone())).await,
            secrets_manager: stand_in::serve(stand_in::secrets_manager().layer(guard)).await,
            denies,
            _database: database,
        }
    }

    /// Denies every request from now on, or no longer.
    pub(crate) fn deny(&self, denies: bool) {
        self.denies.store(denies, Ordering::Relaxed);
    }

    /// The environment of a function that is deployed there.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        environment(&self.dynamodb, &self.secrets_manager)
    }
}

/// The environment of a function that is deployed with services at these URLs.
pub(crate) fn environment(dynamodb: &str, secrets_manager: &str) -> Vec<(String, String)> {
    let template = Template::read().unwrap();
    let declared: Vec<_> = template.variables().map(|(name, value)| (name.to_owned(), value)).collect();
    let given = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_manager),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    declared.into_iter().chain(given.map(|(name, value)| (name.into(), value.into()))).collect()
}

async fn deny(State(denies): State<Arc<AtomicBool>>, request: Request, next: Next) -> Response {
    if denies.load(Ordering::Relaxed) {
        return (StatusCode::BAD_REQUEST, Json(json!({ "__type": "AccessDeniedException" }))).into_response();
    }
    next.run(request).await
}

async fn forward(
    State((http, url)): State<(reqwest::Client, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let answer = http.post(url).headers(headers).body(body).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap())
}
