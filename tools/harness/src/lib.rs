//! Runs the functions' binaries as Lambda does, for tests and benchmarks: builds them, starts them and sends them events, with a
//! stand-in for Secrets Manager.
#![expect(clippy::expect_used, reason = "this code is part of tests, which fail by panicking")]

pub mod build;
mod process;
pub mod run;
pub mod stand_in;

pub use process::{Process, ProcessError};
use stack::Template;

/// The environment of a function as the template defines it, with DynamoDB and Secrets Manager at these URLs.
pub fn environment(template: &Template, dynamodb: &str, secrets_manager: &str) -> Vec<(String, String)> {
    let declared = template.variables().map(|(name, value)| (name.to_owned(), value));
    let given = [
        // The id comes with each event.
        ("API_URL", "https://{api}.execute-api.us-east-1.amazonaws.com"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets_manager),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_SESSION_TOKEN", "test"),
    ];
    declared.chain(given.map(|(name, value)| (name.into(), value.into()))).collect()
}
