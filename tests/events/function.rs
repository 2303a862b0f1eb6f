//! A function's binary as Lambda runs it: it asks the Runtime API for one event after the other
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, LazyLock, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use contract::{build, stand_in};
use serde_json::Value;
use tokio::sync::mpsc;

static BINARIES: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(|| build::executables(build::Kind::Program));

/// What no function may take: Lambda would have ended it, as the template has it.
const PATIENCE: Duration = Duration::from_secs(15);

/// A function that runs.
pub(crate) struct Function {
    child: Child,
    events: mpsc::Sender<Value>,
    outcomes: mpsc::Receiver<Outcome>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What a function made of an event, or of its start: where it was reported, and the report.
type Outcome = (&'static str, Value);

#[derive(Clone)]
struct Runtime {
    events: Arc<tokio::sync::Mutex<mpsc::Receiver<Value>>>,
    outcomes: mpsc::Sender<Outcome>,
}

impl Function {
    /// Starts the function with the environment that Lambda gives it and these variables.
    pub(crate) async fn start(name: &str, variables: &[(String, String)]) -> Self {
        let (events, received) = mpsc::channel(1);
        let (reported, outcomes) = mpsc::channel(1);
        let runtime = Runtime { events: Arc::new(tokio::sync::Mutex::new(received)), outcomes: reported };
        let api = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(runtime);
        let mut child = Command::new(&BINARIES[name])
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", stand_in::serve(api).await.trim_start_matches("http://"))
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::<Mutex<String>>::default();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let kept = log.clone();
        let read = move || lines.map_while(Result::ok).for_each(|line| *kept.lock().unwrap() += &(line + "\n"));
        Self { child, events, outcomes, log, reader: Some(thread::spawn(read)) }
    }

    /// Its answer to an event.
    pub(crate) async fn call(&mut self, event: Value) -> Value {
        self.events.send(event).await.unwrap();
        let reported = tokio::time::timeout(PATIENCE, self.outcomes.recv()).await;
        let Ok(Some((outcome, report))) = reported else { panic!("no answer\n{}", self.log.lock().unwrap()) };
        assert_eq!(outcome, "response", "{report}\n{}", self.log.lock().unwrap());
        report
    }

    /// Ends it, and returns what it logged.
    pub(crate) fn end(mut self) -> String {
        assert!(self.child.try_wait().unwrap().is_none(), "it ended by itself");
        self.child.kill().unwrap();
        self.reader.take().unwrap().join().unwrap();
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn next(State(runtime): State<Runtime>) -> impl IntoResponse {
    let event = runtime.events.lock().await.recv().await;
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:auth"),
    ];
    (headers, Json(event.unwrap_or_default()))
}

async fn response(State(runtime): State<Runtime>, Path(_): Path<String>, report: Bytes) -> StatusCode {
    accept(&runtime, "response", &report).await
}

async fn error(State(runtime): State<Runtime>, Path(_): Path<String>, report: Bytes) -> StatusCode {
    accept(&runtime, "error", &report).await
}

async fn accept(runtime: &Runtime, outcome: &'static str, report: &[u8]) -> StatusCode {
    runtime.outcomes.send((outcome, serde_json::from_slice(report).unwrap())).await.unwrap();
    StatusCode::ACCEPTED
}
