//! What two functions or more need: the way of a request, domain types, tokens, passwords, settings and stores.
//!
//! A request's way: [`lambda`] decodes the event and answers for what no handler foresaw; a handler reads its
//! [`form`](http::Request::form) into [`domain`] types, asks a [`store`], and answers with an [`http::Response`] or an
//! [`Error`].

pub mod audit;
pub mod aws;
#[cfg(feature = "password-rules")]
pub mod breached;
pub mod clock;
pub mod config;
pub mod domain;
mod error;
#[cfg(feature = "hashing")]
pub mod hashing;
pub mod http;
pub mod lambda;
pub mod logging;
mod metrics;
#[cfg(feature = "hashing")]
pub mod passwords;
pub mod random;
mod service;
pub mod settings;
pub mod store;
pub mod timeouts;
pub mod tokens;

pub use error::Error;
pub use service::{Clients, Service};
