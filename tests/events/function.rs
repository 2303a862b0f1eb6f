//! A function's binary as Lambda runs it, which fails the test where it does not answer.

use std::{collections::HashMap, path::PathBuf, sync::LazyLock};

use harness::{Process, build};
use serde_json::Value;

static BINARIES: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(|| build::executables(build::Kind::Program));

/// A function that runs.
pub(crate) struct Function(Process);

impl Function {
    /// Starts the function with the environment that Lambda gives it and these variables.
    pub(crate) async fn start(name: &str, variables: &[(String, String)]) -> Self {
        Self(Process::start(&BINARIES[name], name, variables).await.unwrap())
    }

    /// Its answer to an event.
    pub(crate) async fn call(&mut self, event: Value) -> Value {
        self.0.call(event).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ends it, and returns what it logged.
    pub(crate) fn end(self) -> String {
        self.0.end().unwrap_or_else(|error| panic!("{error}"))
    }
}
