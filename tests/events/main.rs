//! Runs the built binaries of the functions over the Lambda Runtime API, with the sample events in `events/`.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, their helpers too"
)]

mod aws;
mod crashes;
mod dynamodb;
mod endpoints;
mod faults;
#[cfg(target_os = "linux")]
mod freeze;
mod function;
mod in_process;
mod metrics;
mod proxy;
mod tables;
