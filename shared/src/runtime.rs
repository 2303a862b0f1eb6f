//! What runs a handler: on Lambda and in the local stack.

pub mod aws;
pub mod config;
pub mod lambda;
pub mod logging;
mod report;
mod service;

pub use service::{Clients, Service};
