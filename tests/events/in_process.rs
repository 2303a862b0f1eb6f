//! A function in this process, with shorter timeouts, so that tests need not wait for the timeouts of a deployed function.
//! A separate test checks the deployed timeouts.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::config::retry::RetryPartition;
use futures_util::{FutureExt, future::BoxFuture};
use local::{Database, Secret, template::Template};
use serde_json::Value;
use shared::{
    clock::Clock,
    random::Random,
    runtime::{
        Clients, Service,
        config::Config,
        lambda::{Endpoint, Function},
    },
    timeouts::Timeouts,
};

/// A function running in this process.
pub(crate) struct InProcess(Box<dyn Fn(Value) -> BoxFuture<'static, Value> + Send + Sync>);

/// A third of the timeouts of a deployed function: still long enough for DynamoDB on a busy machine.
fn short() -> Timeouts {
    Timeouts {
        connect: Duration::from_millis(330),
        attempt: Duration::from_millis(500),
        operation: Duration::from_millis(1_330),
        ..Timeouts::default()
    }
}

impl InProcess {
    /// Starts the function with the DynamoDB at this URL.
    pub(crate) async fn start(name: &str, dynamodb: &str) -> Self {
        let template = Template::read().unwrap();
        let variables: HashMap<_, _> =
            [("SECRET_KEY", "an example of a secret: 0123456789"), ("API_URL", "https://auth.example.com")].into();
        let config = Config::from_variables(|name| {
            variables.get(name).map(ToString::to_string).or_else(|| template.variable(name))
        });
        let timeouts = short();
        let clients = Database::at(dynamodb).clients(&Secret::InMemory).await;
        let client = clients.dynamodb.config().to_builder();
        // All clients of a process share one budget of retries, unless they are in different partitions. A function has its own.
        let partition = RetryPartition::new(format!("function at {dynamodb}"));
        let client =
            client.timeout_config(timeouts.sdk()).retry_config(timeouts.retries()).retry_partition(partition).build();
        let clients = Clients { dynamodb: aws_sdk_dynamodb::Client::from_conf(client), ..clients };
        let config = Config { timeouts, ..config.unwrap() };
        let service = Service::new(config, clients, Clock::system(), Random::system()).unwrap();
        match name {
            "jwks" => Self::of::<jwks::Jwks>(&service).await,
            "login" => Self::of::<login::Login>(&service).await,
            "logout" => Self::of::<logout::Logout>(&service).await,
            "me" => Self::of::<me::Me>(&service).await,
            "refresh" => Self::of::<refresh::Refresh>(&service).await,
            "register" => Self::of::<register::Register>(&service).await,
            other => panic!("unknown function: {other}"),
        }
    }

    async fn of<E: Endpoint>(service: &Service) -> Self {
        let endpoint = E::new(service);
        endpoint.warm_up().await;
        let function = std::sync::Arc::new(Function::new(endpoint, service));
        Self(Box::new(move |event| {
            let function = function.clone();
            async move { serde_json::to_value(function.call(event).await).unwrap() }.boxed()
        }))
    }

    /// Sends an event, and returns the response.
    pub(crate) async fn call(&self, event: Value) -> Value {
        (self.0)(event).await
    }
}
