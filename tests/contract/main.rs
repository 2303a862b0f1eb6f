//! What clients rely on: the contract, case by case. Each test makes users of its own, so that all run at once and
//! against any target. On a deployed one, what API Gateway answers by itself is left out, and told of.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]

mod authorization;
mod bodies;
mod concurrency;
mod hostile;
mod login;
mod me;
mod refresh_and_logout;
mod register;
mod routes;
mod smoke;
mod tokens;
