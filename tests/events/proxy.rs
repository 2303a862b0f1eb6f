//! What stands between a function and DynamoDB, and lets it down.

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
    /// Nobody is there: connections are closed as soon as they are made.
    Down,
    /// The connection is closed when the request has come, and nothing is done.
    Cut,
    /// It is done, and the connection is closed in the middle of the answer.
    CutMidway,
    /// It is done, and the connection is closed before the answer.
    AnswerLost,
    /// Nothing is done, and nothing ever answered.
    Silent,
    /// It is done, and nothing ever answered.
    AnswerLate,
    /// It is being done, and nothing ever answered.
    AnswerNever,
    /// DynamoDB refuses it with this status and this error.
    Refused(u16, &'static str),
}

/// What may be let down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Everything,
    Reads,
    /// Of one item.
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

/// A proxy in front of a DynamoDB.
#[derive(Clone)]
pub(crate) struct Proxy(Arc<State>);

struct State {
    url: String,
    dynamodb: String,
    http: reqwest::Client,
    /// What is let down, how, and how often still.
    plan: Mutex<(On, Fault, usize)>,
    let_down: AtomicUsize,
    met: Notify,
}

/// Closes a connection.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
struct Closed;

impl Proxy {
    /// A proxy of the DynamoDB at this URL, which lets nothing down.
    pub(crate) async fn start(dynamodb: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self(Arc::new(State {
            url: format!("http://{}", listener.local_addr().unwrap()),
            dynamodb: dynamodb.into(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            plan: Mutex::new((On::Everything, Fault::Down, 0)),
            let_down: AtomicUsize::new(0),
            met: Notify::new(),
        }));
        tokio::spawn(proxy.clone().accept(listener));
        proxy
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// Lets so many requests of this kind down.
    pub(crate) fn let_down(&self, on: On, fault: Fault, times: usize) {
        self.0.let_down.store(0, Ordering::Relaxed);
        *self.0.plan.lock().unwrap() = (on, fault, times);
    }

    /// Lets nothing down any more, and returns how many requests and connections it has.
    pub(crate) fn recover(&self) -> usize {
        self.0.plan.lock().unwrap().2 = 0;
        self.0.let_down.load(Ordering::Relaxed)
    }

    /// Ends when a request has been done, as far as its fault lets it be, and is not answered.
    pub(crate) async fn met(&self) {
        self.0.met.notified().await;
    }

    async fn accept(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (_, fault, times) = *self.0.plan.lock().unwrap();
            if fault == Fault::Down && times > 0 {
                self.0.let_down.fetch_add(1, Ordering::Relaxed);
            } else {
                tokio::spawn(self.clone().serve(stream));
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        let service = service_fn(|request: Request<Incoming>| self.handle(request));
        // That it fails is what it is for.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    /// What happens to the request at hand, if anything.
    fn fault(&self, target: &str) -> Option<Fault> {
        let mut plan = self.0.plan.lock().unwrap();
        let (on, fault, times) = *plan;
        if times == 0 || !on.concerns(target) {
            return None;
        }
        plan.2 -= 1;
        self.0.let_down.fetch_add(1, Ordering::Relaxed);
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
                // A transaction names its reasons, one for each of its writes.
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
