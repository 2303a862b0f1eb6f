//! What a run of tests has once, though `cargo nextest run` starts a process for each test.

use std::{
    env,
    fs::{self, File},
};

/// A text that is made once in a run: once in each process under `cargo test`, and once for all processes of one
/// `cargo nextest run`, which wait for the first.
///
/// # Panics
/// When the directory for temporary files cannot be written.
pub fn once(name: &str, make: impl FnOnce() -> String) -> String {
    let Ok(run) = env::var("NEXTEST_RUN_ID") else { return make() };
    let path = env::temp_dir().join(format!("pyshop-tests-{run}-{name}"));
    let lock = File::create(path.with_extension("lock")).expect("a directory for temporary files");
    lock.lock().expect("a lock");
    fs::read_to_string(&path).unwrap_or_else(|_| {
        let text = make();
        fs::write(&path, &text).expect("a file in the directory for temporary files");
        text
    })
}
