//! What runs the functions' binaries as Lambda does, for tests and benchmarks: it builds them, starts them, sends them events,
//! and stands for Secrets Manager.
#![expect(clippy::expect_used, reason = "this code is part of tests, which fail by panicking")]

pub mod build;
mod process;
pub mod stand_in;

pub use process::{Process, ProcessError};
