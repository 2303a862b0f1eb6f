//! A proxy between a function and DynamoDB that injects faults.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::{self, Body, Bytes};
use hyper::{
    HeaderMap, Request, Response, StatusCode, body::Incoming, header::CONTENT_LENGTH, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Connections are closed as soon as they are opened.
    Down,
    /// The connection is closed after the request was received, and the request has no effect.
    Cut,
    /// The request takes effect, and the connection is closed in the middle of the response.
    CutMidway,
    /// The request takes effect, and the connection is closed before the response.
    AnswerLost,
    /// The request has no effect and never gets a response.
    Silent,
    /// The request takes effect and never gets a response.
    AnswerLate,
    /// The request is taking effect and never gets a response.
    AnswerNever,
    /// DynamoDB refuses the request with this status and error.
    Refused(u16, &'static str),
}

/// The requests that a fault applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Everything,
    Reads,
    /// Writes of a single item.
    Writes,
    Transactions,
}

impl On {
    fn concerns(self, target: &str) -> bool {
        let operation = target.rsplit('.').next().unwrap_or_default();
        match self {
            Self::Everything => true,
            Self::Reads => ["GetItem", "BatchGetItem"].contains(&operation),
            Self::Writes => ["PutItem", "UpdateItem", "DeleteItem"].contains(&operation),
            Self::Transactions => operation == "TransactWriteItems",
        }
    }
}

/// A proxy in front of DynamoDB.
#[derive(Clone)]
pub(crate) struct Proxy(Arc<State>);

struct State {
    url: String,
    dynamodb: String,
    http: reqwest::Client,
    /// The affected requests, the fault, and how many more times to inject it.
    plan: Mutex<(On, Fault, usize)>,
    injected: AtomicUsize,
    met: Notify,
}

/// The error that makes the server close a connection.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct Closed;

impl Proxy {
    /// Starts a proxy for the DynamoDB at this URL, without faults.
    pub(crate) async fn start(dynamodb: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self(Arc::new(State {
            url: format!("http://{}", listener.local_addr().unwrap()),
            dynamodb: dynamodb.into(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            plan: Mutex::new((On::Everything, Fault::Down, 0)),
            injected: AtomicUsize::new(0),
            met: Notify::new(),
        }));
        tokio::spawn(proxy.clone().accept(listener));
        proxy
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// Injects a fault into the next `times` requests of this kind.
    pub(crate) fn inject(&self, on: On, fault: Fault, times: usize) {
        self.0.injected.store(0, Ordering::Relaxed);
        *self.0.plan.lock().unwrap() = (on, fault, times);
    }

    /// Stops injecting, and returns the number of requests and connections that were affected.
    pub(crate) fn recover(&self) -> usize {
        self.0.plan.lock().unwrap().2 = 0;
        self.0.injected.load(Ordering::Relaxed)
    }

    /// Waits until a request has hit a fault that never responds, and has taken effect if the fault lets it.
    pub(crate) async fn met(&self) {
        self.0.met.notified().await;
    }

    async fn accept(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (_, fault, times) = *self.0.plan.lock().unwrap();
            if fault == Fault::Down && times > 0 {
                self.0.injected.fetch_add(1, Ordering::Relaxed);
            } else {
                tokio::spawn(self.clone().serve(stream));
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        let service = service_fn(|request: Request<Incoming>| self.handle(request));
        // Errors are expected: faults close connections.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    /// The fault to inject into this request, if any.
    fn fault(&self, target: &str) -> Option<Fault> {
        let mut plan = self.0.plan.lock().unwrap();
        let (on, fault, times) = *plan;
        if times == 0 || !on.concerns(target) {
            return None;
        }
        plan.2 -= 1;
        self.0.injected.fetch_add(1, Ordering::Relaxed);
        Some(fault)
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Body>, Closed> {
        let (parts, body) = request.into_parts();
        let body = body::to_bytes(Body::new(body), usize::MAX).await.map_err(|_| Closed)?;
        match self.fault(parts.headers["x-amz-target"].to_str().unwrap()) {
            None => Ok(self.forward(parts.headers, body).await.map(Body::from)),
            Some(Fault::Down | Fault::Cut) => Err(Closed),
            Some(Fault::Silent) => self.never_answer().await,
            Some(Fault::AnswerLost) => {
                self.forward(parts.headers, body).await;
                Err(Closed)
            }
            Some(Fault::AnswerLate) => {
                self.forward(parts.headers, body).await;
                self.never_answer().await
            }
            Some(Fault::AnswerNever) => {
                self.0.met.notify_one();
                self.forward(parts.headers, body).await;
                std::future::pending().await
            }
            Some(Fault::CutMidway) => {
                let answer = self.forward(parts.headers, body).await;
                let length = answer.body().len();
                let half = answer.body().slice(..length / 2);
                let rest = futures_util::stream::iter([Ok(half), Err(Closed)]);
                let mut answer = answer.map(|_| Body::from_stream(rest));
                answer.headers_mut().insert(CONTENT_LENGTH, length.into());
                Ok(answer)
            }
            Some(Fault::Refused(status, kind)) => {
                // A cancelled transaction lists one reason for each of its writes.
                let reasons = [json!({ "Code": "None" }), json!({ "Code": "TransactionConflict" })];
                let error = json!({ "__type": kind, "message": "no", "CancellationReasons": reasons });
                let mut answer = Response::new(Body::from(error.to_string()));
                *answer.status_mut() = StatusCode::from_u16(status).unwrap();
                Ok(answer)
            }
        }
    }

    async fn never_answer<T>(&self) -> T {
        self.0.met.notify_one();
        std::future::pending().await
    }

    async fn forward(&self, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
        let answer = self.0.http.post(&self.0.dynamodb).headers(headers).body(body).send().await.unwrap();
        let status = answer.status();
        let mut response = Response::new(answer.bytes().await.unwrap());
        *response.status_mut() = status;
        response
    }
}
