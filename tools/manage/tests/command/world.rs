//! A local stack, and the command that runs on it.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use local::{Options, Stack};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The password of every user, unless a test uses another.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The stack, a client of its API, and a folder for files.
pub(crate) struct World {
    pub(crate) stack: Stack,
    client: Client,
    folder: TempDir,
}

/// How the command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) output: String,
    /// Standard error without the events.
    pub(crate) errors: String,
    /// The events on standard error.
    pub(crate) events: Vec<Value>,
}

impl Ended {
    /// The documents that it printed.
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// It failed with this message and no hint.
    #[track_caller]
    pub(crate) fn is_error(&self, message: &str) {
        assert_eq!((self.status, self.errors.as_str()), (1, format!("error: {message}\n").as_str()), "{self:?}");
    }

    /// It failed with this message and this hint, each on a line of its own.
    #[track_caller]
    pub(crate) fn is_error_with_hint(&self, message: &str, hint: &str) {
        let expected = format!("error: {message}\nhint: {hint}\n");
        assert_eq!((self.status, self.errors.as_str()), (1, expected.as_str()), "{self:?}");
    }

    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let stack = Stack::start(&Options::for_tests(), |_| None).await.unwrap();
        Self { stack, client: Client::builder().no_proxy().build().unwrap(), folder: TempDir::new().unwrap() }
    }

    /// The folder in which the command runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the command on the stack.
    pub(crate) async fn manage(&self, arguments: &str) -> Ended {
        self.manage_with(arguments, "").await
    }

    /// The same, with this on standard input.
    pub(crate) async fn manage_with(&self, arguments: &str, input: impl Into<Vec<u8>>) -> Ended {
        ended(command(self.folder(), &self.here(arguments), &[]), input.into()).await
    }

    /// Runs the command on the stack with this as standard input, such as a terminal.
    pub(crate) async fn manage_from(&self, arguments: &str, input: Stdio) -> Ended {
        let mut command = command(self.folder(), &self.here(arguments), &[]);
        command.stdin(input);
        ended(command, Vec::new()).await
    }

    /// Runs the command on the stack with these as standard output and standard error.
    pub(crate) async fn manage_into(&self, arguments: &str, output: Stdio, errors: Stdio) -> Ended {
        let mut command = command(self.folder(), &self.here(arguments), &[]);
        command.stdout(output).stderr(errors);
        ended(command, Vec::new()).await
    }

    /// These arguments, with this stack as the target.
    pub(crate) fn here(&self, arguments: &str) -> String {
        format!("--local --dynamodb-endpoint {} {arguments}", self.stack.dynamodb_url)
    }

    /// A client of the stack's DynamoDB.
    pub(crate) async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        local::Database::at(&self.stack.dynamodb_url).client().await
    }

    /// The status and the body of an answer of the API.
    pub(crate) async fn call(&self, method: Method, path: &str, access: &str, body: &Value) -> (u16, Value) {
        let request = self.client.request(method, format!("{}/api/{path}/", self.stack.url)).bearer_auth(access);
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call(Method::POST, path, "none", body).await
    }

    /// The access and the refresh token of a new login.
    pub(crate) async fn log_in(&self, email: &str) -> [String; 2] {
        let (status, tokens) = self.post("login", &json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(status, 200, "{tokens}");
        ["access", "refresh"].map(|name| tokens[name].as_str().unwrap().to_owned())
    }

    /// A login's status.
    pub(crate) async fn login_status(&self, email: &str, password: &str) -> u16 {
        self.post("login", &json!({ "email": email, "password": password })).await.0
    }

    pub(crate) async fn register(&self, email: &str, username: &str) {
        let body = json!({ "email": email, "username": username, "password": PASSWORD });
        assert_eq!(self.post("register", &body).await.0, 201);
    }

    pub(crate) async fn me(&self, access: &str) -> (u16, Value) {
        self.call(Method::GET, "me", access, &Value::Null).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> (u16, Value) {
        self.post("refresh", &json!({ "refresh": token })).await
    }
}

/// Runs the command in a folder, without the variables of the environment.
pub(crate) async fn run(folder: &Path, arguments: String, input: String) -> Ended {
    run_with(folder, arguments, input, &[]).await
}

/// The same, with these variables in the environment.
pub(crate) async fn run_with(folder: &Path, arguments: String, input: String, variables: &[(&str, &str)]) -> Ended {
    ended(command(folder, &arguments, variables), input.into()).await
}

/// The command, with everything that it prints captured. A space separates arguments; other white space is part of them.
pub(crate) fn command(folder: &Path, arguments: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
    let arguments = arguments.split(' ').filter(|argument| !argument.is_empty());
    command.args(arguments).current_dir(folder).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn ended(mut command: Command, input: Vec<u8>) -> Ended {
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        if let Some(mut stdin) = child.stdin.take() {
            // The command may have ended without reading.
            let _ = stdin.write_all(&input);
        }
        child.wait_with_output().unwrap()
    });
    let ended = ended.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (mut errors, mut events) = (String::new(), Vec::new());
    for line in text(ended.stderr).split_inclusive('\n') {
        match serde_json::from_str::<Value>(line) {
            Ok(event) if event.get("event").is_some() => events.push(event),
            _ => errors.push_str(line),
        }
    }
    Ended { status: ended.status.code().unwrap(), output: text(ended.stdout), errors, events }
}
