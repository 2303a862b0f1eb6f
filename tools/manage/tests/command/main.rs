//! The command as operators run it, each test on a local stack of its own.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

mod cloud;
mod credentials;
mod dependencies;
mod events;
mod import;
mod issuers;
mod pipes;

mod profile;
mod recanonicalize;
mod sessions;
mod settings;
mod targets;
mod terminal;
mod users;
mod world;
