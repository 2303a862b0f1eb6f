//! A shell in which the commands of a page run, with a local stack of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command as Process, Stdio},
};

use harness::build::{self, Kind};
use local::{Options, Stack};
use tempfile::TempDir;

use crate::transcript::Command;

/// Where the manual has the API.
const API: &str = "http://127.0.0.1:3000";

/// What begins the line behind each command's output, which has the command's status.
const MARK: char = '\u{1e}';

pub(crate) struct Shell {
    stack: Stack,
    folder: TempDir,
}

impl Shell {
    /// Starts a stack in memory. `manage` and `curl` are on the shell's path: the operators' command with the port of this stack, and
    /// a stand-in for curl, so that the tests need no other program and its version does not matter.
    pub(crate) async fn start() -> Self {
        let stack = Stack::start(&Options::for_tests(), |_| None).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let programs = build::executables(Kind::Program);
        let manage = format!(
            "[ \"$1\" != --local ] || set -- --dynamodb-endpoint '{}' \"$@\"\nexec '{}' \"$@\"",
            stack.dynamodb_url,
            programs["manage"].display()
        );
        let curl = format!("exec '{}' \"$@\"", programs["manuals-curl"].display());
        fs::create_dir_all(folder.path().join("bin")).unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        for (name, script) in [("manage", manage), ("curl", curl)] {
            write_program(&folder.path().join("bin").join(name), &script);
        }
        Self { stack, folder }
    }

    /// Runs the commands one after another in one shell, and returns what each printed and its status.
    pub(crate) fn run(&self, commands: &[Command]) -> Vec<(String, i32)> {
        let marked = |command: &Command| {
            let text = command.text.replace(API, &self.stack.url);
            format!("{text}\nprintf '{MARK}%d\\n' $?\n")
        };
        let script = self.folder.path().join("script");
        fs::write(&script, format!("exec 2>&1\n{}", commands.iter().map(marked).collect::<String>())).unwrap();
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        let mut shell = Process::new("sh");
        shell.arg(script).current_dir(self.folder.path().join("work")).env("PATH", path).stdin(Stdio::null());
        let output = shell.output().unwrap();
        // A page shows a response as a terminal does, which the ends of HTTP's lines do not change.
        let text = String::from_utf8(output.stdout).unwrap().replace('\r', "").replace(&self.stack.url, API);
        let mut results = Vec::new();
        let mut parts = text.split(MARK);
        let mut printed = parts.next().unwrap().to_owned();
        for part in parts {
            let (status, rest) = part.split_once('\n').unwrap();
            results.push((std::mem::replace(&mut printed, rest.to_owned()), status.parse().unwrap()));
        }
        assert_eq!(results.len(), commands.len(), "{text}");
        results
    }
}

fn write_program(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}
