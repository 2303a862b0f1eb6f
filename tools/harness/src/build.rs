//! The workspace's executables.

use std::{collections::HashMap, path::PathBuf, sync::LazyLock};

use escargot::{CargoBuild, Message, format};

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");

/// What an executable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A program, such as a Lambda function.
    Program,
    /// A test program from a folder `tests`.
    Test,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Program => "bin",
            Self::Test => "test",
        }
    }
}

/// The executables of a kind by name. They are built when they are first asked for, as the tests that run are, so that nothing
/// is compiled twice.
///
/// # Panics
/// When they can not be built.
pub fn executables(kind: Kind) -> HashMap<String, PathBuf> {
    static BUILT: LazyLock<Vec<Message>> = LazyLock::new(|| {
        let build = CargoBuild::new().manifest_path(MANIFEST).args(["--workspace", "--all-targets"]);
        let build = if cfg!(debug_assertions) { build } else { build.release() };
        build.exec().expect("a build").map(|message| message.expect("a message of cargo's")).collect()
    });
    BUILT.iter().filter_map(|message| executable(message, kind)).collect()
}

/// The programs of a package, built for release with the features of this package alone.
///
/// # Panics
/// When they can not be built.
pub fn release(package: &str) -> HashMap<String, PathBuf> {
    let build = CargoBuild::new().manifest_path(MANIFEST).package(package).bins().release();
    let messages = build.exec().expect("a build");
    messages.filter_map(|message| executable(&message.expect("a message of cargo's"), Kind::Program)).collect()
}

fn executable(message: &Message, kind: Kind) -> Option<(String, PathBuf)> {
    match message.decode().expect("a message of cargo's") {
        // Unit tests of programs are programs too, of another profile.
        format::Message::CompilerArtifact(artifact)
            if artifact.target.kind.iter().eq([kind.name()]) && artifact.profile.test == (kind == Kind::Test) =>
        {
            Some((artifact.target.name.into_owned(), artifact.executable?.into_owned()))
        }
        _ => None,
    }
}
