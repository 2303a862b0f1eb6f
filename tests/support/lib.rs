//! What the contract suite speaks with: a client of the API that holds every answer against `openapi.yaml`.
//!
//! The target is the API at `API_URL`; without one, a local stack in memory, on free ports, once per test program. What is
//! sent and answered is written to the file `CONTRACT_RECORD`, where that is set: an object of JSON a line. Of a deployed target
//! (see [`is_deployed`]) nothing is asked that API Gateway answers by itself.
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
pub use target::{GatewaysOwn, is_deployed, is_left_out};
pub use user::{PASSWORD, User, log_in, log_out, profile, refresh};

static TARGET: LazyLock<String> = LazyLock::new(|| match env::var("API_URL") {
    Ok(url) => url.trim_end_matches('/').to_owned(),
    Err(_) => run::once("stack", || match env::var("NEXTEST_BIN_EXE_shared-stack") {
        Ok(program) => start_shared_stack(&program),
        Err(_) => start_stack(),
    }),
});

// Redirects would hide that a path answers by itself, and a proxy stands in nobody's way here.
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    client.build().expect("a client")
});

static RECORD: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let path = env::var_os("CONTRACT_RECORD")?;
    Some(Mutex::new(File::options().create(true).append(true).open(path).expect("a file that can be written")))
});

/// Starts a stack for all processes of this run of nextest, which ends soon after the run.
fn start_shared_stack(program: &str) -> String {
    let nextest = std::os::unix::process::parent_id().to_string();
    let mut child = Command::new(program).arg(nextest).stdout(Stdio::piped()).spawn().expect("a stack");
    let mut url = String::new();
    let output = child.stdout.take().expect("the stack's output");
    BufReader::new(output).read_line(&mut url).expect("the stack's address");
    url.trim_end().to_owned()
}

/// Starts a stack on a thread of its own, where it runs until the program ends.
fn start_stack() -> String {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let stack = Stack::start(&Options::for_tests(), |_| None).await.expect("a stack");
            send.send(stack.url.clone()).expect("somebody who waits for the stack");
            std::future::pending::<()>().await;
        });
    });
    receive.recv().expect("the stack's address")
}

/// A text of 16 letters that no other test has. No digits and few of the letters that passwords here have, so that it is
/// never like one of them by chance.
pub fn unique() -> String {
    let number = RandomState::new().hash_one(thread::current().id());
    let letter = |digit: char| "bdfgjkmnpqstvwxz".chars().nth(digit.to_digit(16)?.try_into().ok()?);
    format!("{number:016x}").chars().filter_map(letter).collect()
}

/// A request that is being put together.
#[derive(Debug)]
pub struct Request {
    method: Method,
    path: String,
    builder: RequestBuilder,
}

/// A request with this method for this path.
pub fn request(method: &str, path: &str) -> Request {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let builder = CLIENT.request(method.clone(), format!("{}{path}", *TARGET));
    Request { method, path: path.into(), builder }
}

/// POST with this JSON.
pub fn post(path: &str, body: &Value) -> Answer {
    request("POST", path).json(body).send()
}

impl Request {
    /// With this body in JSON, and its Content-Type.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.builder = self.builder.body(body.into());
        self
    }

    /// With this header too; the value may be any bytes that HTTP allows.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.builder = self.builder.header(name, value.as_ref());
        self
    }

    /// With this access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Sends it, and holds the answer against `openapi.yaml`.
    pub fn send(self) -> Answer {
        let request = self.builder.build().expect("a request");
        let sent = recorded(&request);
        let answer = target::past_the_throttle(|| {
            let request = request.try_clone().expect("a body in memory");
            let response =
                CLIENT.execute(request).unwrap_or_else(|error| panic!("{} {}: {error:?}", self.method, self.path));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Answer { status, headers, body: response.text().expect("a body in UTF-8") }
        });
        record(sent, &answer);
        if let Err(difference) = openapi::check(&self.method, &self.path, &answer) {
            panic!("{} {} is not answered as openapi.yaml has it: {difference}\n{answer:#?}", self.method, self.path);
        }
        answer
    }
}

/// What a request says, where it is to be written.
fn recorded(request: &reqwest::blocking::Request) -> Option<Value> {
    RECORD.as_ref()?;
    let header = |name: &str| request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let body = request.body().and_then(|body| body.as_bytes()).map(String::from_utf8_lossy);
    Some(json!({
        "method": request.method().as_str(), "path": request.url().path(), "body": body,
        "authorization": header("authorization"), "cookie": header("cookie"),
    }))
}

/// Writes what was sent, and what came back.
fn record(sent: Option<Value>, answer: &Answer) {
    if let (Some(sent), Some(file)) = (sent, RECORD.as_ref()) {
        let line = json!({ "sent": sent, "status": answer.status, "body": answer.body }).to_string() + "\n";
        file.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(line.as_bytes())
            .expect("a file that can be written");
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The challenge, and the name of the header that it came in.
    pub fn challenge(&self) -> Option<(&'static str, &str)> {
        target::challenge_names().iter().find_map(|name| Some((*name, self.header(name)?)))
    }

    /// Asserts the challenge, which API Gateway may rename or take away.
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

    /// A string of the body.
    pub fn text(&self, name: &str) -> String {
        self.json().get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// Asserts the status and the body, byte for byte.
    #[track_caller]
    pub fn is(&self, status: u16, body: &str) {
        assert_eq!((self.status, self.body.as_str()), (status, body));
    }

    /// Asserts the status, and a body of `{"detail": …}`.
    #[track_caller]
    pub fn is_detail(&self, status: u16, detail: &str) {
        self.is(status, &json!({ "detail": detail }).to_string());
    }

    /// Asserts 400 for this one field, with these messages.
    #[track_caller]
    pub fn is_field(&self, name: &str, messages: &[&str]) {
        self.is(400, &json!({ name: messages }).to_string());
    }
}
