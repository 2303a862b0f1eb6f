//! The workspace's executables.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    env,
    path::PathBuf,
    process::{Command, Stdio},
    sync::LazyLock,
};

use escargot::format::{Artifact, Message};

use crate::run;

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
/// When they cannot be built.
pub fn executables(kind: Kind) -> HashMap<String, PathBuf> {
    static BUILT: LazyLock<String> = LazyLock::new(|| {
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        run::once("executables", || build(&["--workspace", "--all-targets", "--profile", profile, "--quiet"]))
    });
    found(&BUILT, kind).collect()
}

/// The programs of these packages, built for release, each with the features of its own package alone. Cargo's progress goes to
/// standard error.
///
/// # Panics
/// When they cannot be built.
pub fn release(packages: &[&str]) -> HashMap<String, PathBuf> {
    let mut programs = HashMap::new();
    for together in groups(packages) {
        eprintln!("Building {}", together.join(", "));
        let names = together.iter().flat_map(|package| ["--package", package]);
        let messages = build(&["--release", "--bins"].into_iter().chain(names).collect::<Vec<_>>());
        programs.extend(found(&messages, Kind::Program));
    }
    programs
}

/// These packages, those together whose dependencies are the same with the same features: built at once they are what each is
/// when it is built alone, and the linker, which has one thread for each, has all cores. Of others, cargo would unite the
/// features.
fn groups<'a>(packages: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for package in packages {
        let tree = ["--package", package, "--edges", "normal,build", "--prefix", "none", "--format", "{p} {f}"];
        let tree = cargo("tree", &tree);
        let itself = format!("{package} v");
        let dependencies: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        let others = dependencies.into_iter().filter(|line| !line.starts_with(&itself));
        groups.entry(others.map(str::to_owned).collect::<Vec<_>>()).or_default().push(*package);
    }
    groups.into_values().collect()
}

/// What cargo says of a build, in lines of JSON.
fn build(arguments: &[&str]) -> String {
    cargo("build", &[&["--message-format", "json-render-diagnostics"], arguments].concat())
}

/// What a command of cargo's prints. Its progress and its errors go to standard error at once.
fn cargo(command: &str, arguments: &[&str]) -> String {
    // Cargo sets it for the programs that it starts.
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    cargo.args([command, "--manifest-path", MANIFEST]).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = cargo.output().expect("cargo is installed");
    assert!(output.status.success(), "cargo {command} {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("output in UTF-8")
}

/// The executables of a kind in what cargo says of a build.
fn found(messages: &str, kind: Kind) -> impl Iterator<Item = (String, PathBuf)> {
    messages.lines().filter_map(move |line| match serde_json::from_str(line).expect("a message of cargo's") {
        Message::CompilerArtifact(artifact) => executable(artifact, kind),
        _ => None,
    })
}

fn executable(artifact: Artifact<'_>, kind: Kind) -> Option<(String, PathBuf)> {
    // Unit tests of programs are programs too, of another profile.
    let wanted = artifact.target.kind.iter().eq([kind.name()]) && artifact.profile.test == (kind == Kind::Test);
    let path = artifact.executable.filter(|_| wanted)?;
    Some((artifact.target.name.into_owned(), path.into_owned()))
}
