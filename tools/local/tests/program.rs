//! The program that `cargo run` starts, as a user meets it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use reqwest::blocking::{Client, Response};
use rstest::rstest;
use tempfile::TempDir;

const REGISTRATION: &str = r#"{"email": "ada@example.com", "password": "correct horse battery staple"}"#;

/// The program with these arguments, in this folder and without what the environment may hold.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.current_dir(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["SECRET_KEY", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "LOG_LEVEL", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    command
}

/// The program while it runs; killed where a test ends before it does.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    url: String,
    dynamodb_url: String,
    banner: String,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("Ctrl-C stops it.") {
            let read = output.read_line(&mut banner).unwrap();
            assert_ne!(read, 0, "it ended: {banner} {:?}", child.wait_with_output());
        }
        let word = |name: &str| {
            let line = banner.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().trim_end_matches(',').to_owned()
        };
        let (url, dynamodb_url) = (word("API"), word("DynamoDB"));
        Self { child, output, url, dynamodb_url, banner }
    }

    /// On free ports, with its data in `.local` of this folder.
    fn in_folder(folder: &TempDir) -> Self {
        Self::start(program(folder.path(), &["--port", "0", "--dynamodb-port", "0"]))
    }

    fn post(&self, path: &str, body: &str) -> Response {
        let request = Client::builder().no_proxy().build().unwrap().post(format!("{}{path}", self.url));
        request.header("content-type", "application/json").body(body.to_owned()).send().unwrap()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// What it still printed, and whether it ended well.
    fn end(mut self) -> (String, bool) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asserts that it ended with status 1 and one line on standard error that begins like this and names that.
#[track_caller]
fn assert_refused(output: &Output, begins: &str, names: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with(begins) && error.contains(names), "{error}");
}

#[rstest]
#[case::ended_with_ctrl_c("-INT")]
#[case::killed("-KILL")]
fn users_and_sessions_outlive_the_program(#[case] signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::in_folder(&folder);
    assert_eq!(first.post("/api/register/", REGISTRATION).status(), 201);
    let login: serde_json::Value = first.post("/api/login/", REGISTRATION).json().unwrap();
    first.signal(signal);
    first.end();

    let second = Running::in_folder(&folder);
    assert_eq!(second.post("/api/register/", REGISTRATION).status(), 400);
    assert_eq!(second.post("/api/login/", REGISTRATION).status(), 200);
    assert_eq!(second.post("/api/refresh/", &login.to_string()).status(), 200);
}

#[test]
fn it_tells_where_everything_is_and_of_every_request() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::in_folder(&folder);
    for told in [
        "data in .local/dynamodb.sqlite",
        ".local/secret_key, made now",
        "failed logins and registrations: 1000000",
        "curl -i http://127.0.0.1:",
    ] {
        assert!(running.banner.contains(told), "{}", running.banner);
    }
    running.post("/api/register/", "{}");
    running.signal("-INT");
    let (rest, succeeded) = running.end();
    assert!(succeeded);
    assert!(rest.contains("POST /api/register/ 400 ") && rest.ends_with("Stopped.\n"), "{rest}");
}

#[test]
fn in_memory_it_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(program(folder.path(), &["--in-memory", "--port", "0", "--dynamodb-port", "0"]));
    assert_eq!(running.post("/api/register/", REGISTRATION).status(), 201);
    drop(running);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_dynamodb_that_is_already_there_is_used_and_gets_its_tables_once() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let owner = Running::in_folder(&folders[0]);
    let on_it = |folder: &TempDir| {
        let arguments = ["--port", "0", "--dynamodb-endpoint", &owner.dynamodb_url];
        Running::start(program(folder.path(), &arguments))
    };
    let (one, other) = (on_it(&folders[1]), on_it(&folders[2]));
    assert_eq!(one.dynamodb_url, owner.dynamodb_url);
    assert_eq!(one.post("/api/register/", REGISTRATION).status(), 201);
    assert_eq!(other.post("/api/login/", REGISTRATION).status(), 200);
}

#[test]
fn statement_22_a_front_end_of_a_listed_origin_may_call_it_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--in-memory", "--port", "0", "--dynamodb-port", "0", "--cors-origin", "http://localhost:5173"];
    let running = Running::start(program(folder.path(), &arguments));
    let header = |method: reqwest::Method, origin: &str, name: &str| {
        let request = Client::builder().no_proxy().build().unwrap();
        let request = request.request(method, format!("{}/api/me/", running.url));
        let request = request.header("origin", origin).header("access-control-request-method", "PUT");
        let response = request.header("access-control-request-headers", "authorization,content-type").send().unwrap();
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let preflight = |origin: &str, name: &str| header(reqwest::Method::OPTIONS, origin, name);
    assert_eq!(
        preflight("http://localhost:5173", "access-control-allow-origin").as_deref(),
        Some("http://localhost:5173")
    );
    assert_eq!(
        preflight("http://localhost:5173", "access-control-allow-methods").as_deref(),
        Some("GET,HEAD,POST,PUT,PATCH")
    );
    assert_eq!(preflight("http://localhost:5173", "access-control-max-age").as_deref(), Some("3600"));
    assert_eq!(
        header(reqwest::Method::GET, "http://localhost:5173", "access-control-expose-headers").as_deref(),
        Some("retry-after,www-authenticate,x-request-id")
    );
    assert_eq!(preflight("http://evil.example", "access-control-allow-origin"), None);
}

#[rstest]
#[case::of_the_api("--port", "--dynamodb-port")]
#[case::of_dynamodb("--dynamodb-port", "--port")]
fn a_port_that_is_taken_is_one_clear_line(#[case] option: &str, #[case] other: &str) {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = program(folder.path(), &[option, &port, other, "0"]).output().unwrap();
    assert_refused(&output, &format!("error: cannot listen on 127.0.0.1:{port}: "), &format!("with {option}"));
}

#[test]
fn a_folder_that_can_not_be_written_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let arguments = ["--port", "0", "--dynamodb-port", "0", "--data-dir", "file/below"];
    let output = program(folder.path(), &arguments).output().unwrap();
    assert_refused(&output, "error: cannot keep data in file/below: ", "--data-dir");
}

#[test]
fn a_dynamodb_that_does_not_answer_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let output = program(folder.path(), &["--port", "0", "--dynamodb-endpoint", &url]).output().unwrap();
    assert_refused(&output, &format!("error: cannot use the DynamoDB at {url}: "), "nothing answers there");
}

#[test]
fn a_server_that_is_no_dynamodb_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::in_folder(&folder);
    let arguments = ["--in-memory", "--port", "0", "--dynamodb-endpoint", &running.url];
    let output = program(folder.path(), &arguments).output().unwrap();
    assert_refused(&output, &format!("error: cannot use the DynamoDB at {}: ", running.url), "is no DynamoDB");
}

#[rstest]
#[case::no_scheme("localhost:8000")]
#[case::no_host("http://")]
#[case::a_blank_inside("http://local host:8000")]
fn an_endpoint_that_is_no_url_is_refused_with_its_reason(#[case] url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["--dynamodb-endpoint", url]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("invalid value"), "{error}");
}

#[rstest]
#[case::a_short_secret("SECRET_KEY", "too short")]
#[case::an_unknown_level("LOG_LEVEL", "loud")]
fn a_variable_that_is_wrong_is_one_clear_line(#[case] name: &str, #[case] value: &str) {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--in-memory", "--port", "0", "--dynamodb-port", "0"];
    let output = program(folder.path(), &arguments).env(name, value).output().unwrap();
    assert_refused(&output, &format!("error: {name} is wrong: "), "set it to");
}

#[test]
fn variables_are_read_from_a_file_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "SECRET_KEY=0123456789abcdef0123456789abcdef\n").unwrap();
    let running = Running::in_folder(&folder);
    assert!(running.banner.contains("Secret    SECRET_KEY"), "{}", running.banner);
    assert!(!folder.path().join(".local/secret_key").exists());
}

#[test]
fn help_tells_of_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let options =
        ["--port", "--host", "--dynamodb-port", "--dynamodb-endpoint", "--data-dir", "--in-memory", "--cors-origin"];
    for told in options.iter().chain(&["SECRET_KEY", "LOG_LEVEL"]) {
        assert!(help.contains(told), "{told} in {help}");
    }
}
