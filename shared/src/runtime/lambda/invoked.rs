//! Functions that something else than the API invokes.

use std::{
    future::Future,
    process::ExitCode,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use serde::Serialize;
use serde_json::Value;
use tracing::Instrument;

use super::serve::{self, Handler};
use crate::{
    Error,
    clock::Clock,
    http::StatusCode,
    metrics,
    runtime::{
        Service,
        config::ConfigError,
        report::{self, Reporter},
    },
};

/// A function that something else than the API invokes, such as an authorizer.
pub trait Invoked: Send + Sync + Sized + 'static {
    /// The function's name: its package's name, and `function` in its metrics and log lines.
    const NAME: &'static str;

    /// How long it may take, which is less than its invoker waits.
    const TIME_LIMIT: Duration;

    /// What it answers.
    type Answer: Serialize + Send;

    /// Takes from the service what the function needs.
    ///
    /// # Errors
    /// A variable that this function needs and others do not.
    fn new(service: &Service) -> Result<Self, ConfigError>;

    /// Prepares for the first event, during Lambda's INIT phase.
    fn warm_up(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// What the log calls the invocation by an event; empty if nothing in it names one.
    fn request_id(event: &Value) -> &str;

    /// Answers an event.
    fn handle(&self, event: &Value) -> impl Future<Output = Result<Self::Answer, Error>> + Send;

    /// The answer to an event that was not handled, for this reason, which is in the log.
    fn failed(event: &Value, error: &Error) -> Self::Answer;
}

/// An invoked function with what all functions have in common: time limit, errors, log and metrics.
#[derive(Debug)]
pub struct InvokedFunction<F> {
    function: F,
    time_limit: Duration,
    reporter: Option<Reporter>,
}

impl<F: Invoked> InvokedFunction<F> {
    pub fn new(function: F, service: &Service) -> Self {
        Self { function, time_limit: service.timeouts().request.min(F::TIME_LIMIT), reporter: None }
    }

    /// Writes a line to standard output for each event.
    fn reporting(self, namespace: Option<String>, clock: Clock) -> Self {
        Self { reporter: Some(Reporter::new(F::NAME, namespace, clock)), ..self }
    }

    /// Answers an event, whatever it contains and whatever happens.
    pub async fn call(&self, event: Value) -> F::Answer {
        let started = Instant::now();
        let request_id = F::request_id(&event);
        let span = tracing::info_span!("request", request_id);
        // Boxed, since the SDK's futures nest so deeply that the compiler gives up on their type.
        let work = serve::guarded(self.function.handle(&event).boxed(), self.time_limit);
        let (result, measured) = metrics::measure(work.instrument(span)).await;
        if let Some(reporter) = &self.reporter {
            let status = result.as_ref().map_or_else(Error::status, |_| StatusCode::OK).as_u16();
            let duration = metrics::milliseconds(started.elapsed());
            reporter.report(&report::Request { id: request_id, method: None, status, duration }, measured);
        }
        result.unwrap_or_else(|error| F::failed(&event, &error))
    }
}

impl<F: Invoked> Handler for InvokedFunction<F> {
    type Answer = F::Answer;

    async fn call(&self, event: Value) -> Self::Answer {
        InvokedFunction::call(self, event).await
    }
}

/// Serves the function on Lambda until Lambda stops the process: all that its `main` does.
pub fn run_invoked<F: Invoked>() -> ExitCode {
    serve::run(async |service, namespace, clock| {
        let function = F::new(service)?;
        function.warm_up().await;
        Ok(InvokedFunction::new(function, service).reporting(namespace, clock))
    })
}
