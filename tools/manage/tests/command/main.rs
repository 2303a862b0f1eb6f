//! The command as operators run it, on a local stack of its own for each test.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

mod import;
mod places;
mod sessions;
mod settings;
mod users;
mod world;
