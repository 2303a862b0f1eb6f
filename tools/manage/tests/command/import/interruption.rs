//! Imports that are interrupted.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    process::{Command, Stdio},
};

use rstest::rstest;

use super::{PBKDF2, user};
use crate::world::World;

/// How many users are in the dump, and how many of them the import gets before it is interrupted.
const USERS: u64 = 300;
const SENT: u64 = 200;

/// These users, without what is around a list.
fn users(ids: std::ops::RangeInclusive<u64>) -> String {
    let users = ids.map(|id| user(id, &format!("name{id}"), &format!("a{id}@example.com"), PBKDF2).to_string());
    users.collect::<Vec<_>>().join(",")
}

/// Starts an import whose input does not end, and sends it this signal once it has written a user. So it cannot have ended before,
/// however fast the machine is.
async fn interrupt(world: &World, signal: &str) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
    command.args(["--local", "--dynamodb-endpoint", &world.stack.dynamodb_url, "import-django", "-"]);
    command.current_dir(world.folder()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    write!(input, "[{},", users(1..=SENT)).unwrap();
    while world.keys().await.is_empty() {}
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    drop(input);
    output
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
    assert!(!imported.is_empty() && imported.len() <= usize::try_from(SENT).unwrap(), "{} imported", imported.len());
    let expected: BTreeSet<_> = imported
        .iter()
        .flat_map(|id| [format!("user#{id}"), format!("email#a{id}@example.com"), format!("username#name{id}")])
        .collect();
    assert_eq!(keys, expected);

    fs::write(world.folder().join("users.json"), format!("[{}]", users(1..=USERS))).unwrap();
    let again = world.manage("import-django users.json").await.done();
    let before = u64::try_from(imported.len()).unwrap();
    let rest = USERS - before;
    assert_eq!(again.output, format!("imported {rest}, skipped {before} (already present), rejected 0\n"));
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
