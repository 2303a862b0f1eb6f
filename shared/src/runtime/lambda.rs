//! From an event to a response, the same on Lambda and in the local stack.

mod event;
mod invoked;
mod serve;

use std::{
    future::Future,
    process::ExitCode,
    time::{Duration, Instant},
};

use event::HttpApiEvent;
use futures_util::FutureExt;
pub use invoked::{Invoked, InvokedFunction, run_invoked};
use lambda_http::{
    aws_lambda_events::apigw::ApiGatewayV2httpResponse,
    http::{HeaderName, HeaderValue, Method},
};
use serde_json::Value;
use serve::Handler;
use tracing::Instrument;

use crate::{
    Error,
    clock::Clock,
    http::{Body, Proxy, Request, Response},
    metrics,
    runtime::{
        Service,
        logging::LogSources,
        report::{self, Reporter},
    },
};

/// The gateway's request id, by which the log can be searched.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An endpoint of the API.
pub trait Endpoint: Send + Sync + Sized + 'static {
    /// The function's name: its package's name, and `function` in its metrics and log lines.
    const NAME: &'static str;

    /// The paths that it serves, without a trailing slash.
    const PATHS: &'static [&'static str];

    /// The methods that it supports. GET implies HEAD.
    const METHODS: &'static [Method];

    /// Takes from the service what the endpoint needs.
    fn new(service: &Service) -> Self;

    /// Prepares for the first request, during Lambda's INIT phase.
    fn warm_up(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Handles a request for one of the paths with one of the methods. HEAD arrives as GET.
    fn handle(&self, request: &Request) -> impl Future<Output = Result<Response, Error>> + Send;
}

/// An endpoint with what all endpoints have in common: routing, time limit, errors, log and metrics.
#[derive(Debug)]
pub struct Function<E> {
    endpoint: E,
    proxy: Option<Proxy>,
    sources: LogSources,
    time_limit: Duration,
    reporter: Option<Reporter>,
}

impl<E: Endpoint> Function<E> {
    pub fn new(endpoint: E, service: &Service) -> Self {
        Self {
            endpoint,
            proxy: service.proxy(),
            sources: service.log_sources(),
            time_limit: service.timeouts().request,
            reporter: None,
        }
    }

    /// Writes a line to standard output for each request.
    fn reporting(self, namespace: Option<String>, clock: Clock) -> Self {
        Self { reporter: Some(Reporter::new(E::NAME, namespace, clock)), ..self }
    }

    /// Answers an event, whatever it contains and whatever happens.
    pub async fn call(&self, event: Value) -> ApiGatewayV2httpResponse {
        let started = Instant::now();
        let event = HttpApiEvent::read(event).map(|event| event.behind(self.proxy.as_ref()));
        let request_id = event.as_ref().map(HttpApiEvent::request_id).unwrap_or_default().to_owned();
        let method = event.as_ref().ok().and_then(HttpApiEvent::method).cloned();
        let source = event.as_ref().ok().map(|event| self.sources.shown(event.source()));
        let span = tracing::info_span!("request", request_id, source);
        let answer = async {
            // Boxed, since the SDK's futures nest so deeply that the compiler gives up on their type.
            let answer = serve::guarded(self.answer(event).boxed(), self.time_limit).await;
            answer.unwrap_or_else(|error| error.response())
        };
        let (response, measured) = metrics::measure(answer.instrument(span)).await;
        if let Some(reporter) = &self.reporter {
            let (method, status) = (method.as_ref().map(Method::as_str), response.status().as_u16());
            let duration = metrics::milliseconds(started.elapsed());
            reporter.report(&report::Request { id: &request_id, method, status, duration }, measured);
        }
        into_event(response, &request_id)
    }

    async fn answer(&self, event: Result<HttpApiEvent, Error>) -> Result<Response, Error> {
        let event = event?;
        event.warn_of_proxy();
        // The gateway's routes match everything below the path, so that paths with and without a trailing slash arrive here.
        let Some(path) = event.path(E::PATHS).map(str::to_owned) else { return Err(Error::NotFound) };
        let Some(method) = event.method().filter(|method| is_allowed::<E>(method)).cloned() else {
            return Err(Error::MethodNotAllowed { method: event.sent_method().to_owned(), allow: allow::<E>() });
        };
        self.endpoint.handle(&event.into_request(path, method)?).await
    }
}

fn is_allowed<E: Endpoint>(method: &Method) -> bool {
    E::METHODS.contains(if method == Method::HEAD { &Method::GET } else { method })
}

/// The header `Allow`.
fn allow<E: Endpoint>() -> String {
    let names = E::METHODS.iter().map(|method| if method == Method::GET { "GET, HEAD" } else { method.as_str() });
    names.collect::<Vec<_>>().join(", ")
}

/// The response in the gateway's format. For HEAD it has the body of GET; the gateway sends only its length.
fn into_event(response: Response, request_id: &str) -> ApiGatewayV2httpResponse {
    let (mut parts, body) = response.into_parts();
    if let Ok(id) = HeaderValue::from_str(request_id)
        && !id.is_empty()
    {
        parts.headers.insert(REQUEST_ID, id);
    }
    let mut event = ApiGatewayV2httpResponse::default();
    event.status_code = parts.status.as_u16().into();
    event.headers = parts.headers;
    event.is_base64_encoded = matches!(body, Body::Binary(_));
    event.body = Some(body);
    event
}

impl<E: Endpoint> Handler for Function<E> {
    type Answer = ApiGatewayV2httpResponse;

    async fn call(&self, event: Value) -> Self::Answer {
        Function::call(self, event).await
    }
}

/// Serves an endpoint on Lambda until Lambda stops the process: all that a function's `main` does.
pub fn run<E: Endpoint>() -> ExitCode {
    serve::run(async |service, namespace, clock| {
        let endpoint = E::new(service);
        endpoint.warm_up().await;
        Ok(Function::new(endpoint, service).reporting(namespace, clock))
    })
}
