//! Imports that are interrupted.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    process::{Command, Stdio},
};

use rstest::rstest;
use serde_json::Value;

use super::{PBKDF2, user};
use crate::world::World;

/// Enough users that their import takes a while.
fn many() -> String {
    let users = (1..=3_000).map(|id| user(id, &format!("name{id}"), &format!("a{id}@example.com"), PBKDF2));
    Value::from_iter(users).to_string()
}

/// Starts an import of a file, and sends it this signal as soon as a user is written.
async fn interrupt(world: &World, signal: &str) -> std::process::Output {
    fs::write(world.folder().join("users.json"), many()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
    command.args(["--local", "--dynamodb-endpoint", &world.stack.dynamodb_url, "import-django", "users.json"]);
    let child = command.current_dir(world.folder()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while world.keys().await.is_empty() {}
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap()
}

#[rstest]
#[case::by_ctrl_c("-INT", Some(130))]
#[case::by_force("-KILL", None)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_leaves_no_partial_user_and_can_be_continued(
    #[case] signal: &str,
    #[case] status: Option<i32>,
) {
    let world = World::new().await;
    let interrupted = interrupt(&world, signal).await;
    assert_eq!(interrupted.status.code(), status, "{interrupted:?}");
    if status.is_some() {
        let errors = String::from_utf8(interrupted.stderr).unwrap();
        let expected = "interrupted\nhint: run the command again to continue\n{\"";
        assert!(errors.starts_with(expected), "and an event: {errors}");
    }
    let keys = world.keys().await;
    let imported: Vec<_> = keys.iter().filter_map(|key| key.strip_prefix("user#")).collect();
    assert!(!imported.is_empty() && imported.len() < 3_000, "{} imported", imported.len());
    let expected: BTreeSet<_> = imported
        .iter()
        .flat_map(|id| [format!("user#{id}"), format!("email#a{id}@example.com"), format!("username#name{id}")])
        .collect();
    assert_eq!(keys, expected);

    let again = world.manage("import-django users.json").await.done();
    let before = imported.len();
    assert_eq!(again.output, format!("imported {}, skipped {before} (already present), rejected 0\n", 3_000 - before));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_waits_for_input_can_be_interrupted() {
    let world = World::new().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
    command.args(["--local", "--dynamodb-endpoint", &world.stack.dynamodb_url, "import-django", "-"]);
    command.current_dir(world.folder());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    write!(input, "[{},", user(1, "ada", "ada@example.com", PBKDF2)).unwrap();
    while world.keys().await.is_empty() {}
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let interrupted = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(
        (interrupted.status.code(), interrupted.stdout),
        (Some(130), b"imported 1, skipped 0 (already present), rejected 0\n".into())
    );
    drop(input);
}
