//! Runs a function's binary as Lambda does: it asks the Runtime API for one event after another
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::{
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::Value;
use thiserror::Error;
use tokio::{net::TcpListener, sync::mpsc};

/// The longest wait for a report: the timeout of the functions in the template, after which Lambda ends them.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A running function, killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    started: Instant,
    events: mpsc::Sender<Value>,
    reports: mpsc::Receiver<Report>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What a function reported to the Runtime API, and when.
#[derive(Debug)]
enum Report {
    Polled(Instant),
    Answered(Instant, Value),
    Failed(Value),
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// The binary does not start, or no port is free.
    #[error(transparent)]
    Start(#[from] io::Error),
    /// It ended, hangs, or reported an error to the Runtime API.
    #[error("{reason}\n{log}")]
    NoAnswer {
        /// What happened instead.
        reason: String,
        /// What it logged.
        log: String,
    },
}

#[derive(Clone)]
struct Runtime {
    events: Arc<tokio::sync::Mutex<mpsc::Receiver<Value>>>,
    reports: mpsc::Sender<Report>,
}

impl Process {
    /// Starts a binary under this name with the environment that Lambda gives it and these variables, and no others.
    ///
    /// # Errors
    /// [`ProcessError::Start`].
    pub async fn start(binary: &Path, name: &str, variables: &[(String, String)]) -> Result<Self, ProcessError> {
        let (events, received) = mpsc::channel(1);
        // Room for all that can come before the reports are read: a poll, an answer, and the poll after it.
        let (sender, reports) = mpsc::channel(4);
        let runtime = Runtime { events: Arc::new(tokio::sync::Mutex::new(received)), reports: sender };
        let api = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(runtime);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(axum::serve(listener, api).into_future());
        let started = Instant::now();
        let mut child = Command::new(binary)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .stdout(Stdio::piped())
            .spawn()?;
        let log = Arc::<Mutex<String>>::default();
        let reader = child.stdout.take().map(|output| {
            let kept = log.clone();
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            let keep = move |line: String| {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&(line + "\n"));
            };
            thread::spawn(move || lines.for_each(keep))
        });
        Ok(Self { child, started, events, reports, log, reader })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its first poll for an event, and returns how long after its start that came.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`].
    pub async fn polled(&mut self) -> Result<Duration, ProcessError> {
        match self.report().await? {
            Report::Polled(at) => Ok(at.duration_since(self.started)),
            other => Err(self.no_answer(format!("expected a first poll, got {other:?}"))),
        }
    }

    /// Its answer to an event.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`].
    pub async fn call(&mut self, event: Value) -> Result<Value, ProcessError> {
        Ok(self.timed_call(event).await?.0)
    }

    /// Its answer to an event, and how long after the event it came.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`].
    pub async fn timed_call(&mut self, event: Value) -> Result<(Value, Duration), ProcessError> {
        let sent = Instant::now();
        self.send(event).await?;
        let (answer, at) = self.answered().await?;
        Ok((answer, at.duration_since(sent)))
    }

    /// Sends it an event, whose [answer](Self::answer) must be awaited.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`].
    pub async fn send(&mut self, event: Value) -> Result<(), ProcessError> {
        if self.events.send(event).await.is_err() {
            return Err(self.no_answer("it takes no more events".into()));
        }
        Ok(())
    }

    /// Its answer to the event that was sent.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`].
    pub async fn answer(&mut self) -> Result<Value, ProcessError> {
        Ok(self.answered().await?.0)
    }

    /// Its answer to the event that was sent, and when it came.
    async fn answered(&mut self) -> Result<(Value, Instant), ProcessError> {
        loop {
            match self.report().await? {
                Report::Polled(_) => {}
                Report::Answered(at, answer) => return Ok((answer, at)),
                Report::Failed(error) => return Err(self.no_answer(error.to_string())),
            }
        }
    }

    /// Stops it when it polls for its next event, as Lambda does
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>). Must be called once after an answer.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`].
    pub async fn freeze(&mut self) -> Result<(), ProcessError> {
        match self.report().await? {
            Report::Polled(_) => self.stop(),
            other => Err(self.no_answer(format!("expected a poll for the next event, got {other:?}"))),
        }
    }

    /// Stops it wherever it is, until it is [continued](Self::go_on).
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`] when it is gone.
    pub fn stop(&self) -> Result<(), ProcessError> {
        self.signal("STOP")
    }

    /// Continues it after a stop.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`] when it is gone.
    pub fn go_on(&self) -> Result<(), ProcessError> {
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> Result<(), ProcessError> {
        // The shell's own `kill`, which every system with a shell has.
        let kill = Command::new("sh").args(["-c", "kill -s $0 $1", name, &self.id().to_string()]).status()?;
        if kill.success() { Ok(()) } else { Err(self.no_answer(format!("SIG{name} cannot be sent"))) }
    }

    /// Ends it, and returns its log.
    ///
    /// # Errors
    /// [`ProcessError::NoAnswer`] when it has ended by itself.
    pub fn end(mut self) -> Result<String, ProcessError> {
        if let Some(status) = self.child.try_wait()? {
            return Err(self.no_answer(format!("it has ended by itself: {status}")));
        }
        self.child.kill()?;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        Ok(self.logged())
    }

    async fn report(&mut self) -> Result<Report, ProcessError> {
        match tokio::time::timeout(TIMEOUT, self.reports.recv()).await {
            Ok(Some(report)) => Ok(report),
            _ => Err(self.no_answer("no answer in time".into())),
        }
    }

    fn no_answer(&self, reason: String) -> ProcessError {
        ProcessError::NoAnswer { reason, log: self.logged() }
    }

    fn logged(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn next(State(runtime): State<Runtime>) -> impl IntoResponse {
    let _ = runtime.reports.send(Report::Polled(Instant::now())).await;
    let event = runtime.events.lock().await.recv().await;
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:auth"),
    ];
    (headers, Json(event.unwrap_or_default()))
}

async fn response(State(runtime): State<Runtime>, body: Bytes) -> StatusCode {
    accept(&runtime, Report::Answered(Instant::now(), read(&body))).await
}

async fn error(State(runtime): State<Runtime>, body: Bytes) -> StatusCode {
    accept(&runtime, Report::Failed(read(&body))).await
}

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

async fn accept(runtime: &Runtime, report: Report) -> StatusCode {
    let _ = runtime.reports.send(report).await;
    StatusCode::ACCEPTED
}
