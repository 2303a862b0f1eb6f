//! What the functions call.

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
use local::{Options, Stack};
use serde_json::Value;
use shared::Clients;

use crate::Act;

/// What was called so far.
pub(crate) type Calls = Arc<Mutex<BTreeSet<Act>>>;

/// A stack whose secret is in Secrets Manager, as in a deployed one, and what its functions call.
pub(crate) async fn watched_stack() -> (Stack, Calls) {
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
    (Stack::start_with(&Options::for_tests(), variable, watch).await.unwrap(), calls)
}

/// Notes what a function sends.
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
        let acts = acts(target, &body).into_iter();
        let acts = acts.map(|(action, resource)| Act { function: self.function.clone(), action, resource });
        self.calls.lock().unwrap().extend(acts);
        Ok(())
    }
}

/// The actions of IAM that a request needs, and on what. A transaction needs those of its parts
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
fn acts(target: &str, body: &Value) -> Vec<(String, String)> {
    let (service, operation) = target.split_once('.').unwrap();
    let service = if service == "secretsmanager" { service } else { "dynamodb" };
    let act = |operation: &str, resource: &Value| (format!("{service}:{operation}"), resource.as_str().unwrap().into());
    match operation {
        "TransactWriteItems" => {
            let parts = body["TransactItems"].as_array().unwrap().iter().flat_map(|part| part.as_object().unwrap());
            let action = |kind: &str| {
                if kind == "ConditionCheck" { "ConditionCheckItem".into() } else { kind.to_owned() + "Item" }
            };
            parts.map(|(kind, write)| act(&action(kind), &write["TableName"])).collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().unwrap().keys();
            tables.map(|table| act(operation, &Value::from(table.as_str()))).collect()
        }
        _ if service == "dynamodb" => vec![act(operation, &body["TableName"])],
        _ => vec![act(operation, &body["SecretId"])],
    }
}
