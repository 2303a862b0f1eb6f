//! The stack that all processes of a `cargo nextest run` share: it prints its address, and ends when the process with the id in its
//! first argument has ended.
#![expect(clippy::expect_used, reason = "this code is part of tests, which fail by panicking")]

use std::{
    env,
    process::{Command, Stdio},
    time::Duration,
};

use local::{Options, Stack};

/// How long it may outlive the run.
const INTERVAL: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() {
    let run = env::args().nth(1).expect("the id of a process");
    let goes_on =
        || Command::new("kill").args(["-0", &run]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    let stack = Stack::start(&Options::for_tests(), |_| None).await.expect("a stack");
    println!("{}", stack.url);
    let mut ticks = tokio::time::interval(INTERVAL);
    while goes_on() {
        ticks.tick().await;
    }
}
