//! What two functions or more need, in floors. A module uses those below it, never one beside or above it; a test holds that
//! (`tests/policy/floors.rs`).
//!
//! | floor | modules | what they are for |
//! |--:|---|---|
//! | 7 | [`runtime`] | what runs a handler: the event, the service and its configuration, the SDK, the log |
//! | 6 | [`guard`] | checks the password of a user who may be guessed at: rate-limited, verified, counted |
//! | 5 | [`store`] | all knowledge of DynamoDB: users, sessions, throttle, settings |
//! | 4 | [`tokens`], [`passwords`] | access and refresh tokens; hashing passwords and judging new ones |
//! | 3 | [`keys`], [`http`], [`audit`] | the secret and the keys derived from it; requests, forms, answers; security events |
//! | 2 | [`error`] | what a store can fail with, and what a client is answered |
//! | 1 | [`domain`], [`settings`] | types that parse; what operators can set |
//! | 0 | [`clock`], [`random`], [`timeouts`]; above them `kept`, `metrics` | what everything may use |
//!
//! A request's way: [`runtime::lambda`] decodes the event and answers for what no handler foresaw; a handler reads its
//! [`form`](http::Request::form) into [`domain`] types, asks a [`store`], and answers with an [`http::Response`] or an
//! [`Error`].

pub mod audit;
pub mod clock;
pub mod domain;
pub mod error;
#[cfg(feature = "passwords")]
pub mod guard;
pub mod http;
mod kept;
pub mod keys;
mod metrics;
#[cfg(feature = "passwords")]
pub mod passwords;
pub mod random;
pub mod runtime;
pub mod settings;
pub mod store;
pub mod timeouts;
pub mod tokens;

pub use error::Error;
