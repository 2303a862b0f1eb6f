//! The program while it runs.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use reqwest::blocking::{Client, Response};
use tempfile::TempDir;

/// A user to register, and to log in as.
pub(crate) const REGISTRATION: &str = r#"{"email": "ada@example.com", "password": "correct horse battery staple"}"#;

/// The program with these arguments, in this folder and without what the environment may hold.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.current_dir(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let tables = ["USERS_TABLE", "REFRESH_TOKENS_TABLE", "SETTINGS_TABLE"];
    let others = ["SECRET_KEY", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "LOG_LEVEL", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"];
    for name in tables.iter().chain(&others) {
        command.env_remove(name);
    }
    command
}

/// The program while it runs; killed where a test ends before it does.
pub(crate) struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) url: String,
    pub(crate) dynamodb_url: String,
    pub(crate) banner: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
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
    pub(crate) fn in_folder(folder: &TempDir) -> Self {
        Self::start(program(folder.path(), &["--port", "0", "--dynamodb-port", "0"]))
    }

    /// With nothing kept, on free ports, and with these arguments besides.
    pub(crate) fn in_memory(folder: &TempDir, arguments: &[&str]) -> Self {
        let usual = ["--in-memory", "--port", "0", "--dynamodb-port", "0"];
        let all: Vec<_> = usual.iter().chain(arguments).copied().collect();
        Self::start(program(folder.path(), &all))
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Response {
        let request = Client::builder().no_proxy().build().unwrap().post(format!("{}{path}", self.url));
        request.header("content-type", "application/json").body(body.to_owned()).send().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// What it still printed, and whether it ended well.
    pub(crate) fn end(mut self) -> (String, bool) {
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
pub(crate) fn assert_refused(output: &Output, begins: &str, names: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with(begins) && error.contains(names), "{error}");
}
