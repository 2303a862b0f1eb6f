//! The files in `events/`, and events of other services, through the functions' built binaries over the Lambda Runtime API.
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
