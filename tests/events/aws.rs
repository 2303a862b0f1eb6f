//! Stand-ins for the AWS services of a function: DynamoDB, and Secrets Manager with the first version of a secret.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aws_sdk_dynamodb::Client;
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use harness::{environment, stand_in};
use local::{Database, Options, template::Template};
use serde_json::json;

use crate::proxy::{Fault, On, Proxy};

/// The AWS services of a function.
pub(crate) struct Aws {
    /// The proxy that the functions use as DynamoDB.
    pub(crate) dynamodb: Proxy,
    database: Database,
    denies: Arc<AtomicBool>,
    secrets_manager: String,
}

impl Aws {
    /// Starts the services with empty tables and a secret.
    pub(crate) async fn start() -> Self {
        let database = Database::start(&Options::for_tests()).await.unwrap();
        database.prepare(&Template::read().unwrap(), "SettingsTable").await.unwrap();
        let denies = Arc::<AtomicBool>::default();
        let guard = middleware::from_fn_with_state(denies.clone(), deny);
        Self {
            dynamodb: Proxy::start(database.url()).await,
            secrets_manager: stand_in::serve(stand_in::secrets_manager().layer(guard)).await,
            denies,
            database,
        }
    }

    /// Turns access denial for every request on or off.
    pub(crate) fn deny(&self, denies: bool) {
        self.denies.store(denies, Ordering::Relaxed);
        let fault = Fault::Refused(400, "AccessDeniedException");
        self.dynamodb.inject(On::Everything, fault, if denies { usize::MAX } else { 0 });
    }

    /// A client of the tables that bypasses injected faults.
    pub(crate) async fn tables(&self) -> Client {
        self.database.client().await
    }

    /// The environment of a function that bypasses the fault-injecting proxy.
    pub(crate) fn reliable_variables(&self) -> Vec<(String, String)> {
        environment(&Template::read().unwrap(), self.database.url(), &self.secrets_manager)
    }

    /// The URL of the tables, which bypasses the fault-injecting proxy.
    pub(crate) fn tables_url(&self) -> &str {
        self.database.url()
    }

    /// The environment of a function deployed with these services.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        environment(&Template::read().unwrap(), self.dynamodb.url(), &self.secrets_manager)
    }
}

async fn deny(State(denies): State<Arc<AtomicBool>>, request: Request, next: Next) -> Response {
    if denies.load(Ordering::Relaxed) {
        return (StatusCode::BAD_REQUEST, Json(json!({ "__type": "AccessDeniedException" }))).into_response();
    }
    next.run(request).await
}
