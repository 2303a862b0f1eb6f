//! The binary of a function, run as Lambda does. The test fails if the function does not respond.

use std::{collections::HashMap, path::PathBuf, sync::LazyLock};

use harness::{Process, build};
use serde_json::Value;

static BINARIES: LazyLock<HashMap<String, PathBuf>> = LazyLock::new(|| build::executables(build::Kind::Program));

/// A running function.
pub(crate) struct Function(Process);

impl Function {
    /// Starts the function with the environment that Lambda provides, plus these variables.
    pub(crate) async fn start(name: &str, variables: &[(String, String)]) -> Self {
        Self(Process::start(&BINARIES[name], name, variables).await.unwrap())
    }

    /// Sends an event, and returns the response.
    pub(crate) async fn call(&mut self, event: Value) -> Value {
        self.0.call(event).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Stops the function, and returns its log.
    pub(crate) fn end(self) -> String {
        self.0.end().unwrap_or_else(|error| panic!("{error}"))
    }
}
