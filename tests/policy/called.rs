//! Records the calls of the functions.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{config::ConfigBag, error::BoxError};
use aws_smithy_runtime_api::client::{
    interceptors::{Intercept, context::BeforeTransmitInterceptorContextRef},
    runtime_components::RuntimeComponents,
};
use harness::stand_in;
use local::{Database, Options, Stack};
use serde_json::Value;
use shared::runtime::{Clients, Service};

use crate::{ALL, Act};

/// The calls so far.
pub(crate) type Calls = Arc<Mutex<BTreeSet<Act>>>;

/// A stack whose secret is in Secrets Manager, as when it is deployed, and the calls that its functions make.
/// The last member are the parts of the authorizer, which is on no route of the stack.
pub(crate) async fn watched_stack() -> (Stack, Calls, Service) {
    let secrets_manager = stand_in::serve(stand_in::secrets_manager()).await;
    let calls = Calls::default();
    let watch = |function: &str, clients: Clients| {
        let watcher = Watcher { function: function.into(), calls: calls.clone() };
        let dynamodb = clients.dynamodb.config().to_builder().interceptor(watcher.clone());
        let secrets = clients.secrets_manager.config().to_builder().endpoint_url(&secrets_manager).interceptor(watcher);
        Clients {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            secrets_manager: aws_sdk_secretsmanager::Client::from_conf(secrets.build()),
        }
    };
    let variable = |name: &str| (name == "SECRET_ID").then(|| "SigningSecret".to_owned());
    let stack = Stack::start_with(&Options::for_tests(), variable, &watch).await.unwrap();
    let clients = Database::at(&stack.dynamodb_url).clients(&stack.secret).await;
    let authorizer = stack.service.with_clients(watch("authorizer", clients)).unwrap();
    (stack, calls, authorizer)
}

/// Records the requests of one function.
#[derive(Debug, Clone)]
struct Watcher {
    function: String,
    calls: Calls,
}

impl Intercept for Watcher {
    fn name(&self) -> &'static str {
        "Watcher"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap();
        let body: Value = serde_json::from_slice(context.request().body().bytes().unwrap())?;
        self.calls.lock().unwrap().extend(acts(&self.function, target, &body));
        Ok(())
    }
}

/// The permissions that a request needs. A transaction needs those of its parts, each for its own item
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
pub(crate) fn acts(function: &str, target: &str, body: &Value) -> Vec<Act> {
    let (service, operation) = target.split_once('.').unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if service == "secretsmanager" {
        return vec![Act::new(function, format!("{service}:{operation}"), ALL, text(&body["SecretId"]))];
    }
    let act = |operation: &str, item: &Value, table: String| {
        Act::new(function, format!("dynamodb:{operation}"), keys(item), table)
    };
    match operation {
        "TransactWriteItems" => {
            let parts = body["TransactItems"].as_array().unwrap().iter().flat_map(|part| part.as_object().unwrap());
            let action = |kind: &str| {
                if kind == "ConditionCheck" { "ConditionCheckItem".into() } else { kind.to_owned() + "Item" }
            };
            parts.map(|(kind, part)| act(&action(kind), item(part), text(&part["TableName"]))).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().unwrap().iter();
            let wanted = tables
                .flat_map(|(table, wanted)| wanted["Keys"].as_array().unwrap().iter().map(move |key| (key, table)));
            wanted.map(|(key, table)| act(operation, key, table.clone())).collect()
        }
        _ => vec![act(operation, item(body), text(&body["TableName"]))],
    }
}

/// The item that an operation acts on, or its key.
fn item(operation: &Value) -> &Value {
    operation.get("Item").unwrap_or(&operation["Key"])
}

/// The pattern for keys of this item's kind, or for all keys if its key does not name a kind.
fn keys(item: &Value) -> String {
    match item["pk"]["S"].as_str().and_then(|key| key.split_once('#')) {
        Some((kind, _)) => format!("{kind}#*"),
        None => ALL.into(),
    }
}
