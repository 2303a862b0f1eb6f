//! Output that cannot be written: to a closed pipe, or to a full disk.

use std::{io, process::Stdio};

use crate::world::World;

/// A pipe whose reader has ended.
fn closed() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A full disk.
#[cfg(target_os = "linux")]
fn full() -> Stdio {
    std::fs::File::options().write(true).open("/dev/full").unwrap().into()
}

const LISTS: [&str; 6] = [
    "users list --all",
    "users list --json",
    "users show ada",
    "sessions list ada",
    "settings list",
    "settings get ACCESS_TOKEN_LIFETIME",
];

async fn world() -> World {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.register("grace@example.com", "grace").await;
    world.log_in("ada@example.com").await;
    world
}

#[tokio::test]
async fn a_list_into_a_closed_pipe_ends_silently() {
    let world = world().await;
    for list in LISTS {
        let ended = world.manage_into(list, closed(), Stdio::piped()).await;
        assert_eq!((ended.status, ended.errors.as_str()), (141, ""), "{list}");
    }
}

#[tokio::test]
async fn an_export_into_a_closed_pipe_ends_silently() {
    let ended = world().await.manage_into("export", closed(), Stdio::piped()).await;
    assert_eq!((ended.status, ended.errors.as_str()), (141, ""));
}

#[tokio::test]
async fn a_change_is_printed_on_stderr_if_the_pipe_is_closed() {
    let world = world().await;
    let expected = "disabled: ada (ada@example.com, id ";
    let ended = world.manage_into("users disable ada --yes", closed(), Stdio::piped()).await;
    assert!(
        ended.status == 141 && ended.errors.starts_with(expected) && ended.errors.lines().count() == 1,
        "{ended:?}"
    );
    assert_eq!(ended.events[0]["event"], "user_updated");
    assert_eq!(world.manage("users show ada --json").await.documents()[0]["disabled"], true);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_list_on_a_full_disk_is_an_error() {
    let world = world().await;
    for list in LISTS {
        let ended = world.manage_into(list, full(), Stdio::piped()).await;
        ended.is_error("standard output: No space left on device (os error 28)");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_export_on_a_full_disk_is_reported_as_incomplete() {
    let ended = world().await.manage_into("export", full(), Stdio::piped()).await;
    ended.is_error("standard output: No space left on device (os error 28); the export is incomplete");
}

#[tokio::test]
async fn an_export_that_cannot_read_a_user_is_reported_as_incomplete() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let world = world().await;
    // A user with nothing but a key.
    let put = world.dynamodb().await.put_item().table_name("UsersTable");
    put.item("pk", AttributeValue::S("user#5".into())).send().await.unwrap();
    for (export, output) in [("export", "standard output"), ("export --output users.jsonl", "users.jsonl")] {
        let ended = world.manage(export).await;
        let is_expected = ended.errors.starts_with(&format!("error: {output}: "))
            && ended.errors.ends_with("; the export is incomplete\n")
            && ended.errors.lines().count() == 1;
        assert!(ended.status == 1 && is_expected, "{ended:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_change_is_printed_on_stderr_if_the_disk_is_full() {
    let world = world().await;
    let ended = world.manage_into("users disable ada --yes", full(), Stdio::piped()).await;
    let error = "\nerror: standard output: No space left on device (os error 28)\n";
    assert!(ended.errors.starts_with("disabled: ada (ada@example.com, id "), "{ended:?}");
    assert!(ended.status == 1 && ended.errors.ends_with(error) && ended.errors.lines().count() == 2, "{ended:?}");
    assert_eq!(world.manage("users show ada --json").await.documents()[0]["disabled"], true);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_change_is_made_even_if_nothing_can_be_printed() {
    let world = world().await;
    let set = "settings set ACCESS_TOKEN_LIFETIME 600";
    assert_eq!(world.manage_into(set, Stdio::piped(), full()).await.done().output.lines().count(), 1);
    assert_eq!(world.manage_into("settings reset ACCESS_TOKEN_LIFETIME", full(), full()).await.status, 1);
    assert_eq!(world.manage_into("users show nobody", Stdio::piped(), closed()).await.status, 1);
    assert_eq!(world.manage("settings get ACCESS_TOKEN_LIFETIME").await.done().output, "300\n");
}
