//! The report: the rejected users of the last import.

use std::fs;

use serde_json::{Value, json};

use super::{PBKDF2, user};
use crate::world::World;

const HINT: &str = "pass --report to write the report elsewhere";

fn good() -> Value {
    json!([user(1, "ada", "ada@example.com", PBKDF2)])
}

fn bad() -> Value {
    json!([user(1, "ada", "ada@example.com", PBKDF2), user(2, "none", "none@example.com", "!")])
}

#[tokio::test]
async fn an_import_that_rejects_nobody_removes_an_earlier_report() {
    let world = World::new().await;
    let path = world.folder().join("import-report.jsonl");
    let ended = world.import(&bad(), "--dry-run").await;
    let hint = "hint: docs/migrate-from-django.md says what to do about each reason; then run the import again\n";
    assert_eq!((ended.status, ended.errors.as_str()), (3, hint));
    assert!(path.exists());
    world.import(&good(), "--dry-run").await.done();
    assert!(!path.exists());
}

#[tokio::test]
async fn json_has_the_counts_and_the_report() {
    let world = World::new().await;
    let ended = world.import(&bad(), "--json --report who.jsonl").await;
    let expected = json!({ "added": 1, "were_there": 0, "refused": 1, "dry_run": false, "report": "who.jsonl" });
    assert_eq!(ended.documents(), [expected]);
    assert!(world.folder().join("who.jsonl").exists());
}

#[tokio::test]
async fn a_file_that_is_not_a_report_is_kept_and_nobody_is_imported() {
    let world = World::new().await;
    let path = world.folder().join("others.json");
    fs::write(&path, good().to_string()).unwrap();
    let ended = world.import(&bad(), "--report others.json").await;
    ended.is_error_with_hint("others.json: exists and is not an import report", HINT);
    assert_eq!(fs::read_to_string(&path).unwrap(), good().to_string());
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn a_report_never_replaces_the_input_file() {
    let world = World::new().await;
    // It looks like a report.
    let text = r#"{"id":1,"username":"ada","email":"ada@example.com","reason":"moves"}"#;
    fs::write(world.folder().join("users.jsonl"), text).unwrap();
    for arguments in
        ["import users.jsonl --report ./users.jsonl", "import ./users.jsonl --report users.jsonl --dry-run"]
    {
        let ended = world.manage(arguments).await;
        let expected = format!("users.jsonl: is the input file\nhint: {HINT}\n");
        assert!(ended.status == 1 && ended.errors.ends_with(&expected), "{ended:?}");
        assert_eq!(fs::read_to_string(world.folder().join("users.jsonl")).unwrap(), text);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_written_stops_the_import_at_its_start() {
    let world = World::new().await;
    let ended = world.import(&bad(), "--report nowhere/who.jsonl").await;
    ended.is_error_with_hint("nowhere/who.jsonl: No such file or directory (os error 2)", HINT);
    assert!(world.keys().await.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_a_report_and_no_link_is_followed() {
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
    ended.is_error_with_hint("import-report.jsonl: is not a regular file", HINT);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "");
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn control_characters_are_escaped_in_a_report() {
    let world = World::new().await;
    let name = "\u{1b}[2K\u{9b}1m\u{202e}";
    let dump = json!([user(1, name, "\u{7f}\u{2066}", PBKDF2)]);
    world.import(&dump, "").await;
    let text = fs::read_to_string(world.folder().join("import-report.jsonl")).unwrap();
    assert!(text.trim_end().chars().all(|c| !c.is_control() && c.is_ascii()), "{text:?}");
    assert_eq!(world.report()[0]["username"], name);
}
