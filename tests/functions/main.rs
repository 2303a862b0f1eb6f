//! The functions on the embedded DynamoDB, with a simulated clock and counted DynamoDB requests. These tests cover what
//! cannot be observed over HTTP alone.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, their helpers too"
)]

mod authorizer;
mod breached;
mod faults;
mod generations;
mod keys;
mod lifetimes;
mod limits;
mod locks;
mod logs;
mod partial_reads;
mod passwords;
mod profiles;
mod proxy;
mod requests;
mod rotation;
mod rotation_model;
mod secrets_manager;
mod settings;
mod spoiled;
mod users;
mod world;
