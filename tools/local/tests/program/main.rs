//! The program that `cargo run` starts, as a user meets it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]

mod databases;
mod fence;
mod files;
mod origins;
mod running;
mod start;
