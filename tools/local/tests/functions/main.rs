//! The functions on the embedded DynamoDB, with a clock that is set and requests that are counted: what HTTP alone can
//! not show.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, their helpers too"
)]

mod faults;
mod lifetimes;
mod limits;
mod logs;
mod passwords;
mod requests;
mod rotation;
mod rotation_model;
mod secrets_manager;
mod settings;
mod users;
mod world;
