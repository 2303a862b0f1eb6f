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

/// The program with these arguments, in this folder and without the variables that it reads.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.current_dir(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let tables = ["USERS_TABLE", "REFRESH_TOKENS_TABLE", "SETTINGS_TABLE"];
    let others =
        ["SECRET_KEY", "API_URL", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "LOG_LEVEL", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"];
    for name in tables.iter().chain(&others) {
        command.env_remove(name);
    }
    command
}

/// The running program, killed when it is dropped.
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

    /// In memory, on free ports, and with these further arguments.
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

    /// The rest of its output, and whether it succeeded.
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

/// Asserts that it failed with one line that begins like this and has that in it, and with this hint, if any, on a second line.
#[track_caller]
pub(crate) fn assert_refused(output: &Output, begins: &str, contains: &str, hint: Option<&str>) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    let (first, rest) = error.split_once('\n').unwrap();
    assert!(first.starts_with(begins) && first.contains(contains), "{error}");
    assert_eq!(rest, hint.map(|hint| format!("hint: {hint}\n")).unwrap_or_default(), "{error}");
}
