//! The clock of a process, which can be advanced while the process is frozen.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::LazyLock,
};

use tempfile::NamedTempFile;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/events/freeze/ahead.c");

/// The library that is preloaded into the process.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (built, library) = (folder.join(format!("ahead-{}.so", process::id())), folder.join("ahead.so"));
    let compiled = Command::new("cc").args(["-O2", "-shared", "-fPIC", SOURCE, "-o"]).arg(&built).status();
    assert!(compiled.unwrap_or_else(|error| panic!("cannot run the C compiler `cc`: {error}")).success(), "{SOURCE}");
    // Renaming is atomic, so other test processes can build or load the library at the same time.
    fs::rename(built, &library).unwrap();
    library
});

/// A clock, initially equal to that of the system.
pub(super) struct Clock {
    ahead: u64,
    file: NamedTempFile,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { ahead: 0, file: NamedTempFile::new().unwrap() }
    }

    /// The environment variables of a process that uses this clock.
    pub(super) fn variables(&self) -> [(String, String); 2] {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [("LD_PRELOAD".into(), text(&LIBRARY)), ("CLOCK_AHEAD".into(), text(self.file.path()))]
    }

    /// Advances the clock.
    pub(super) fn advance(&mut self, seconds: u64) {
        self.ahead += seconds;
        fs::write(self.file.path(), self.ahead.to_string()).unwrap();
    }

    /// Advances the clock and stops it: timers due by then expire, and no others ever do.
    pub(super) fn advance_and_stop(&mut self, seconds: u64) {
        self.ahead += seconds;
        fs::write(self.file.path(), format!("{}=", self.ahead)).unwrap();
    }
}
