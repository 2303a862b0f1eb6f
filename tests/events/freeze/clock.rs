//! The clock of a process, put ahead while it is stopped.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::LazyLock,
};

use tempfile::NamedTempFile;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/events/freeze/ahead.c");

/// What is loaded into a process whose clock this is.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (built, library) = (folder.join(format!("ahead-{}.so", process::id())), folder.join("ahead.so"));
    let compiled = Command::new("cc").args(["-O2", "-shared", "-fPIC", SOURCE, "-o"]).arg(&built).status();
    assert!(compiled.unwrap_or_else(|error| panic!("no C compiler, cc: {error}")).success(), "{SOURCE}");
    // At once, whoever else is building it or has loaded it.
    fs::rename(built, &library).unwrap();
    library
});

/// A clock. It starts with the system's.
pub(super) struct Clock {
    ahead: u64,
    file: NamedTempFile,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { ahead: 0, file: NamedTempFile::new().unwrap() }
    }

    /// The variables of a process whose clock it is to be.
    pub(super) fn variables(&self) -> [(String, String); 2] {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [("LD_PRELOAD".into(), text(&LIBRARY)), ("CLOCK_AHEAD".into(), text(self.file.path()))]
    }

    /// Puts it ahead by so many seconds more.
    pub(super) fn advance(&mut self, seconds: u64) {
        self.ahead += seconds;
        fs::write(self.file.path(), self.ahead.to_string()).unwrap();
    }

    /// The same, and it stands still from then on: what was due then is, and nothing else ever will be.
    pub(super) fn advance_and_stop(&mut self, seconds: u64) {
        self.ahead += seconds;
        fs::write(self.file.path(), format!("{}=", self.ahead)).unwrap();
    }
}
