//! What all functions have in common, whatever calls them: their process, their time limit, and that no failure ends them.

use std::{future::Future, panic::AssertUnwindSafe, process::ExitCode, sync::Arc, time::Duration};

use futures_util::FutureExt;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Error, audit,
    clock::Clock,
    random::Random,
    runtime::{
        Clients, Service, aws,
        config::{Config, ConfigError},
        logging,
    },
};

/// What Lambda calls.
pub(super) trait Handler: Send + Sync + 'static {
    type Answer: Serialize + Send;

    /// Answers an event, whatever it contains and whatever happens.
    fn call(&self, event: Value) -> impl Future<Output = Self::Answer> + Send;
}

/// The result of the work, also if it panics or takes longer than the limit. Errors are logged.
pub(super) async fn guarded<T>(work: impl Future<Output = Result<T, Error>>, time_limit: Duration) -> Result<T, Error> {
    let work = AssertUnwindSafe(work).catch_unwind();
    let result = match tokio::time::timeout(time_limit, work).await {
        Ok(Ok(result)) => result,
        // The panic hook has logged the message.
        Ok(Err(_)) => Err(Error::internal("the handler panicked")),
        Err(_) => Err(Error::Unavailable("the request took too long".into())),
    };
    if let Err(error) = &result {
        if let Some((token, reason)) = error.refused_token() {
            audit::token_refused(token, reason);
        }
        if error.status().is_server_error() {
            tracing::error!(event = "request_failed", status = error.status().as_u16(), %error);
        }
    }
    result
}

/// Serves on Lambda until Lambda stops the process. `make` gets the service, the namespace of its metrics, if there is one, and
/// the clock.
pub(super) fn run<H: Handler>(
    make: impl AsyncFnOnce(&Service, Option<String>, Clock) -> Result<H, ConfigError>,
) -> ExitCode {
    let Err(reason) = serve(make) else { return ExitCode::SUCCESS };
    // On one line, since Lambda shows it beside the failed start.
    eprintln!("{}", reason.to_string().replace('\n', " "));
    ExitCode::FAILURE
}

fn serve<H: Handler>(
    make: impl AsyncFnOnce(&Service, Option<String>, Clock) -> Result<H, ConfigError>,
) -> Result<(), lambda_runtime::Error> {
    let config = Config::from_env()?;
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return Err("AWS_LAMBDA_RUNTIME_API is not set: this program runs on AWS Lambda (to run the API on this machine, use `cargo run`)".into());
    }
    logging::init(config.log_level);
    // Lambda sends an environment one request at a time.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let clients = Clients::new(&aws::on_lambda(config.trusted_roots, &config.timeouts).await?);
        let clock = Clock::system();
        let namespace = config.metrics_namespace.clone();
        let service = Service::new(config, clients, clock.clone(), Random::system())?;
        // Boxed, since the SDK's futures nest so deeply that the compiler gives up on their type.
        let handler = Arc::new(make(&service, namespace, clock).boxed_local().await?);
        #[cfg(feature = "passwords")]
        let (hasher, wipe) = (service.hasher(), service.timeouts().wipe);
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
            let handler = handler.clone();
            #[cfg(feature = "passwords")]
            let hasher = hasher.clone();
            async move {
                let answer = handler.call(event.payload).await;
                // After the response Lambda freezes the process, perhaps for hours, with whatever is in its memory.
                #[cfg(feature = "passwords")]
                let _ = tokio::time::timeout(wipe, hasher.idle()).await;
                Ok::<_, lambda_runtime::Error>(answer)
            }
        }))
        .await
    })
}
