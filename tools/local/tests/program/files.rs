//! The modes of its files.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::running::{REGISTRATION, Running, program};

/// All files that it has while it runs.
const ALL: [&str; 4] = ["dynamodb.sqlite", "dynamodb.sqlite-shm", "dynamodb.sqlite-wal", "secret_key"];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The names of the files in a folder, in order, each with its mode.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut modes: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), mode(&entry.path()))).collect();
    modes.sort_unstable();
    modes
}

fn all_private() -> Vec<(String, u32)> {
    ALL.map(|name| (name.to_owned(), 0o600)).into()
}

/// The program with its data in this folder, and with no umask.
fn with_data_in(folder: &TempDir, data: &str) -> Running {
    let plain = program(folder.path(), &["--port", "0", "--dynamodb-port", "0", "--data-dir", data]);
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$@\"", "sh"]).arg(plain.get_program()).args(plain.get_args());
    command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Running::start(command)
}

#[test]
fn its_files_are_readable_only_by_their_owner() {
    let folder = tempfile::tempdir().unwrap();
    let running = with_data_in(&folder, "above/.local");
    assert_eq!(running.post("/api/register/", REGISTRATION).status(), 201);
    let data = folder.path().join("above/.local");
    assert_eq!((mode(&data), modes(&data)), (0o700, all_private()));
}

#[test]
fn files_of_an_earlier_start_are_restricted_too() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::in_folder(&folder);
    assert_eq!(first.post("/api/register/", REGISTRATION).status(), 201);
    first.signal("-KILL");
    first.end();
    let data = folder.path().join(".local");
    set_mode(&data, 0o755);
    for name in ALL {
        set_mode(&data.join(name), 0o644);
    }
    // As the tutorial does.
    fs::write(data.join("tokens.json"), "{}").unwrap();

    let second = Running::in_folder(&folder);
    assert_eq!(second.post("/api/login/", REGISTRATION).status(), 200);
    let mut after = modes(&data);
    after.retain(|(name, _)| name != "tokens.json");
    assert_eq!((mode(&data), after), (0o700, all_private()));
}

#[test]
fn an_empty_folder_is_restricted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    set_mode(&data, 0o777);
    let _running = with_data_in(&folder, "data");
    assert_eq!(mode(&data), 0o700);
}

#[test]
fn a_folder_with_other_files_keeps_its_mode_and_its_own_files_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    let notes = shared.join("notes.txt");
    fs::write(&notes, "mine").unwrap();
    set_mode(&notes, 0o644);
    set_mode(&shared, 0o1777);
    // At the second start its own files are in it.
    for start in ["first", "second"] {
        let running = with_data_in(&folder, "shared");
        assert_eq!((mode(&shared), mode(&notes)), (0o1777, 0o644), "{start}");
        let mut own = modes(&shared);
        own.retain(|(name, _)| name != "notes.txt");
        assert_eq!(own, all_private(), "{start}");
        running.signal("-KILL");
        running.end();
    }
}

#[test]
fn the_target_of_a_link_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, victim) = (folder.path().join(".local"), folder.path().join("victim"));
    fs::create_dir(&data).unwrap();
    fs::write(&victim, "mine").unwrap();
    set_mode(&victim, 0o755);
    std::os::unix::fs::symlink(&victim, data.join("dynamodb.sqlite-journal")).unwrap();
    let _running = Running::in_folder(&folder);
    assert_eq!((mode(&victim), fs::read_to_string(&victim).unwrap().as_str()), (0o755, "mine"));
}
