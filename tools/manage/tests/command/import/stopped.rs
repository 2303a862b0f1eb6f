//! Imports that do not come to their end.

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

/// So many users that an import of them takes a while.
fn many() -> String {
    let users = (1..=3_000).map(|id| user(id, &format!("name{id}"), &format!("a{id}@example.com"), PBKDF2));
    Value::from_iter(users).to_string()
}

/// Starts an import of a file, and sends it this signal as soon as it has written somebody.
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
async fn an_import_that_is_stopped_leaves_no_half_user_and_goes_on_when_it_is_run_again(
    #[case] signal: &str,
    #[case] status: Option<i32>,
) {
    let world = World::new().await;
    let stopped = interrupt(&world, signal).await;
    assert_eq!(stopped.status.code(), status, "{stopped:?}");
    if status.is_some() {
        let errors = String::from_utf8(stopped.stderr).unwrap();
        assert!(errors.starts_with("stopped: run it again to continue\n{\""), "and an event: {errors}");
    }
    let keys = world.keys().await;
    let came: Vec<_> = keys.iter().filter_map(|key| key.strip_prefix("user#")).collect();
    assert!(!came.is_empty() && came.len() < 3_000, "{} came", came.len());
    let expected: BTreeSet<_> = came
        .iter()
        .flat_map(|id| [format!("user#{id}"), format!("email#a{id}@example.com"), format!("username#name{id}")])
        .collect();
    assert_eq!(keys, expected);

    let again = world.manage("import-django users.json").await.done();
    let before = came.len();
    assert_eq!(again.output, format!("{} users came, {before} were there already, 0 cannot come\n", 3_000 - before));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_waits_for_its_input_can_be_stopped() {
    let world = World::new().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
    command.args(["--local", "--dynamodb-endpoint", &world.stack.dynamodb_url, "import-django", "-"]);
    command.current_dir(world.folder());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    write!(input, "[{},", user(1, "ada", "ada@example.com", PBKDF2)).unwrap();
    while world.keys().await.is_empty() {}
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let stopped = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(
        (stopped.status.code(), stopped.stdout),
        (Some(130), b"1 users came, 0 were there already, 0 cannot come\n".into())
    );
    drop(input);
}
