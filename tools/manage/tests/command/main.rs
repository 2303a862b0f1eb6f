//! The command as operators run it, on a local stack of its own for each test.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

mod cloud;
mod credentials;
mod events;
mod import;
mod issuers;
mod pipes;
mod places;
mod profile;
mod recanonicalize;
mod sessions;
mod settings;
mod terminal;
mod users;
mod world;
