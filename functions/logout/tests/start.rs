//! How a function's binary starts where it cannot: the same entry serves all of them.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]

use std::process::{Command, Output};

fn start(variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_logout")).env_clear().envs(variables.iter().copied()).output().unwrap()
}

#[track_caller]
fn assert_one_line(output: &Output, begins: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with(begins), "{error}");
}

#[test]
fn a_variable_that_is_missing_is_named_in_one_line() {
    assert_one_line(&start(&[]), "SECRET_ID is not set: set it to the ARN of a secret");
}

#[test]
fn outside_lambda_it_says_how_to_run_the_api() {
    let variables = [
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("API_URL", "https://auth.example"),
        ("TOKEN_AUDIENCE", "audience"),
        ("USERS_TABLE", "users"),
        ("REFRESH_TOKENS_TABLE", "tokens"),
        ("SETTINGS_TABLE", "settings"),
        ("LOG_SOURCE_KEY", "of this stack"),
    ];
    assert_one_line(&start(&variables), "AWS_LAMBDA_RUNTIME_API is not set: ");
}
