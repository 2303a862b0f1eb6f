//! The functions on the embedded DynamoDB, with a clock that is set and requests that are counted: what HTTP alone can
//! not show.

mod faults;
mod lifetimes;
mod logs;
mod requests;
mod settings;
mod users;
mod world;
