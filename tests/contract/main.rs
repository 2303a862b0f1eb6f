//! The API contract that clients rely on, case by case. Each test registers its own users, so the tests run in parallel
//! and against any target. Against a deployed stack, cases that API Gateway answers itself are skipped, with a note on
//! standard error.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]

mod authorization;
mod bodies;
mod concurrency;
mod hostile;
mod keys;
mod login;
mod me;
mod refresh_and_logout;
mod register;
mod routes;
mod smoke;
mod tokens;
