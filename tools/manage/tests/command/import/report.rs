//! The report: who cannot come, of the last import and no other.

use std::fs;

use serde_json::{Value, json};

use super::{PBKDF2, user};
use crate::world::World;

fn good() -> Value {
    json!([user(1, "ada", "ada@example.com", PBKDF2)])
}

fn bad() -> Value {
    json!([user(1, "ada", "ada@example.com", PBKDF2), user(2, "none", "none@example.com", "!")])
}

#[tokio::test]
async fn a_report_of_before_tells_nobody_of_an_import_that_came_whole() {
    let world = World::new().await;
    let path = world.folder().join("import-report.jsonl");
    let ended = world.import(&bad(), "--dry-run").await;
    let told = "import-report.jsonl: a line for each who cannot come; MIGRATING.md tells what to do about each reason, \
                then run it again\n";
    assert_eq!((ended.status, ended.errors.as_str()), (3, told));
    assert!(path.exists());
    world.import(&good(), "--dry-run").await.done();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_report_is_told_to_programs_too() {
    let world = World::new().await;
    let ended = world.import(&bad(), "--json --report who.jsonl").await;
    let expected = json!({ "added": 1, "were_there": 0, "refused": 1, "dry_run": false, "report": "who.jsonl" });
    assert_eq!(ended.documents(), [expected]);
    assert!(world.folder().join("who.jsonl").exists());
}

#[tokio::test]
async fn a_file_that_is_no_report_is_not_written_over_and_nobody_comes() {
    let world = World::new().await;
    let path = world.folder().join("others.json");
    fs::write(&path, good().to_string()).unwrap();
    let ended = world.import(&bad(), "--report others.json").await;
    ended.is_error("others.json: is there already, and is no report of an import; say --report for another");
    assert_eq!(fs::read_to_string(&path).unwrap(), good().to_string());
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn a_report_never_takes_the_place_of_the_file_that_is_imported() {
    let world = World::new().await;
    // It could be a report, but for being read.
    let text = r#"{"id":1,"username":"ada","email":"ada@example.com","reason":"moves"}"#;
    fs::write(world.folder().join("users.jsonl"), text).unwrap();
    for arguments in
        ["import users.jsonl --report ./users.jsonl", "import ./users.jsonl --report users.jsonl --dry-run"]
    {
        let ended = world.manage(arguments).await;
        let told = "users.jsonl: is the file that is to be imported; say --report for another\n";
        assert!(ended.status == 1 && ended.errors.ends_with(told), "{ended:?}");
        assert_eq!(fs::read_to_string(world.folder().join("users.jsonl")).unwrap(), text);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_told_before_anybody_comes() {
    let world = World::new().await;
    let ended = world.import(&bad(), "--report nowhere/who.jsonl").await;
    ended.is_error("nowhere/who.jsonl: No such file or directory (os error 2); say --report for another");
    assert!(world.keys().await.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_report_is_its_owners_alone_and_never_written_through_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let world = World::new().await;
    let path = world.folder().join("import-report.jsonl");
    world.import(&bad(), "--dry-run").await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let elsewhere = world.folder().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    fs::remove_file(&path).unwrap();
    symlink(&elsewhere, &path).unwrap();
    let ended = world.import(&bad(), "").await;
    ended.is_error("import-report.jsonl: is no ordinary file; say --report for another");
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "");
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn what_a_terminal_obeys_is_written_out_in_a_report() {
    let world = World::new().await;
    let name = "\u{1b}[2K\u{9b}1m\u{202e}";
    let dump = json!([user(1, name, "\u{7f}\u{2066}", PBKDF2)]);
    world.import(&dump, "").await;
    let text = fs::read_to_string(world.folder().join("import-report.jsonl")).unwrap();
    assert!(text.trim_end().chars().all(|c| !c.is_control() && c.is_ascii()), "{text:?}");
    assert_eq!(world.report()[0]["username"], name);
}
