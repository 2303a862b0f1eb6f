//! The API client of the contract suite, which validates every response against `openapi.yaml`.
//!
//! The target is the API at `API_URL`. If that is not set, each test program starts a local stack in memory, on free ports. If
//! `CONTRACT_RECORD` names a file, requests and responses are appended to it, one JSON object per line. Against a deployed
//! target (see [`is_deployed`]), cases that API Gateway answers itself are skipped.
#![expect(clippy::expect_used, clippy::panic, reason = "this code is part of tests, which fail by panicking")]

mod openapi;
mod target;
mod user;

use std::{
    env,
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::{LazyLock, Mutex, PoisonError, mpsc},
    thread,
};

use harness::run;
use local::{Options, Stack};
pub use openapi::{Operation, allows, operations, public_posts};
use reqwest::{
    Method,
    blocking::{Client, RequestBuilder},
    header::{CONTENT_TYPE, HeaderMap},
};
use serde_json::{Value, json};
pub use target::{HandledByGateway, is_deployed, is_skipped};
pub use user::{PASSWORD, User, log_in, log_out, profile, refresh};

static TARGET: LazyLock<String> = LazyLock::new(|| match env::var("API_URL") {
    Ok(url) => url.trim_end_matches('/').to_owned(),
    Err(_) => run::once("stack", || match env::var("NEXTEST_BIN_EXE_shared-stack") {
        Ok(program) => start_shared_stack(&program),
        Err(_) => start_stack(),
    }),
});

// Following redirects would hide that a path responds only through one, and a proxy from the environment could intercept
// requests.
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    client.build().expect("the HTTP client should build")
});

static RECORD: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let path = env::var_os("CONTRACT_RECORD")?;
    Some(Mutex::new(File::options().create(true).append(true).open(path).expect("CONTRACT_RECORD should be writable")))
});

/// Starts a stack for all processes of this run of nextest, which ends soon after the run.
#[expect(clippy::zombie_processes, reason = "it outlives this process, as it must")]
fn start_shared_stack(program: &str) -> String {
    let nextest = std::os::unix::process::parent_id().to_string();
    let mut child = Command::new(program).arg(nextest).stdout(Stdio::piped()).spawn().expect("a stack");
    let mut url = String::new();
    let output = child.stdout.take().expect("the stack's output");
    BufReader::new(output).read_line(&mut url).expect("the stack's address");
    url.trim_end().to_owned()
}

/// Starts a stack on a separate thread, where it runs until the program ends, and returns its URL.
fn start_stack() -> String {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("the runtime should start");
        runtime.block_on(async {
            let stack = Stack::start(&Options::for_tests(), |_| None).await.expect("the stack should start");
            send.send(stack.url.clone()).expect("the receiver should be waiting");
            std::future::pending::<()>().await;
        });
    });
    receive.recv().expect("the stack should start")
}

/// A random string of 16 letters, unique to each call. It has no digits, and few letters in common with the passwords of the
/// tests, so that it is never similar to one by chance.
pub fn unique() -> String {
    let number = RandomState::new().hash_one(thread::current().id());
    let letter = |digit: char| "bdfgjkmnpqstvwxz".chars().nth(digit.to_digit(16)?.try_into().ok()?);
    format!("{number:016x}").chars().filter_map(letter).collect()
}

/// A request under construction.
#[derive(Debug)]
pub struct Request {
    method: Method,
    path: String,
    builder: RequestBuilder,
}

/// Starts a request.
pub fn request(method: &str, path: &str) -> Request {
    let method = Method::from_bytes(method.as_bytes()).expect("the method should be valid");
    let builder = CLIENT.request(method.clone(), format!("{}{path}", *TARGET));
    Request { method, path: path.into(), builder }
}

/// Sends a POST request with a JSON body.
pub fn post(path: &str, body: &Value) -> Answer {
    request("POST", path).json(body).send()
}

impl Request {
    /// Sets a JSON body and its Content-Type.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sets the body, without a Content-Type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.builder = self.builder.body(body.into());
        self
    }

    /// Adds a header. The value may be any bytes that HTTP allows.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.builder = self.builder.header(name, value.as_ref());
        self
    }

    /// Sets the access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sends the request, and validates the response against `openapi.yaml`.
    pub fn send(self) -> Answer {
        let request = self.builder.build().expect("the request should be valid");
        let sent = recorded(&request);
        let answer = target::retry_if_throttled(|| {
            let request = request.try_clone().expect("the body should be in memory");
            let response =
                CLIENT.execute(request).unwrap_or_else(|error| panic!("{} {}: {error:?}", self.method, self.path));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Answer { status, headers, body: response.text().expect("the body should be UTF-8") }
        });
        record(sent, &answer);
        if let Err(difference) = openapi::check(&self.method, &self.path, &answer) {
            panic!(
                "the response to {} {} does not match openapi.yaml: {difference}\n{answer:#?}",
                self.method, self.path
            );
        }
        answer
    }
}

/// The record of a request, if recording is on.
fn recorded(request: &reqwest::blocking::Request) -> Option<Value> {
    RECORD.as_ref()?;
    let header = |name: &str| request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let body = request.body().and_then(|body| body.as_bytes()).map(String::from_utf8_lossy);
    Some(json!({
        "method": request.method().as_str(), "path": request.url().path(), "body": body,
        "authorization": header("authorization"), "cookie": header("cookie"),
    }))
}

/// Writes a request and its response to the record.
fn record(sent: Option<Value>, answer: &Answer) {
    if let (Some(sent), Some(file)) = (sent, RECORD.as_ref()) {
        let line = json!({ "sent": sent, "status": answer.status, "body": answer.body }).to_string() + "\n";
        file.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(line.as_bytes())
            .expect("CONTRACT_RECORD should be writable");
    }
}

/// A response of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The value of a header, if it is present and in ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The name of the header that carries the challenge, and the challenge.
    pub fn challenge(&self) -> Option<(&'static str, &str)> {
        target::challenge_names().iter().find_map(|name| Some((*name, self.header(name)?)))
    }

    /// Asserts the challenge, whose header API Gateway may rename or remove.
    #[track_caller]
    pub fn is_challenged(&self, challenge: &str) {
        let came = self.challenge().map(|(_, challenge)| challenge);
        assert!(came == Some(challenge) || came.is_none() && is_deployed(), "{self:?}");
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.header(CONTENT_TYPE.as_str()), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A string field of the JSON body.
    pub fn text(&self, name: &str) -> String {
        self.json().get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// Asserts the status and the body, byte for byte.
    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
    }

    /// Asserts the status, and a body with this `detail` only.
    #[track_caller]
    pub fn is_detail(&self, status: u16, detail: &str) {
        self.is(status, &json!({ "detail": detail }).to_string());
    }

    /// Asserts status 400 with these messages for this field only.
    #[track_caller]
    pub fn is_field(&self, name: &str, messages: &[&str]) {
        self.is(400, &json!({ name: messages }).to_string());
    }
}
