//! Files with a user per line, some lines of which are not users.

use rstest::rstest;
use serde_json::{Value, json};

use super::{PBKDF2, user};
use crate::world::World;

const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg";

fn exported(id: u64) -> Value {
    json!({
        "id": id, "username": format!("a{id}"), "email": format!("a{id}@example.com"), "password_hash": HASH,
        "disabled": false, "created_at": 1_709_208_000,
    })
}

/// The exported user with one member changed.
fn with(id: u64, name: &str, value: Value) -> String {
    let mut user = exported(id);
    user[name] = value;
    user.to_string()
}

impl World {
    /// The line numbers in the report, with the reasons.
    fn lines(&self) -> Vec<(u64, String)> {
        let report = self.report();
        let line = |line: &Value| (line["line"].as_u64().unwrap(), line["reason"].as_str().unwrap().to_owned());
        let mut lines: Vec<_> = report.iter().map(line).collect();
        lines.sort();
        lines
    }
}

#[tokio::test]
async fn an_import_continues_after_lines_that_are_not_users() {
    let world = World::new().await;
    let text = [
        "   Compiling manage v0.1.0".into(),
        exported(2).to_string(),
        String::new(),
        "{\"id\": 4, \"email".into(),
        with(5, "disabled", json!("false")),
        "[6, \"ada\", \"ada@example.com\"]".into(),
        exported(7).to_string(),
        with(8, "created_at", json!("yesterday")),
        "{\"id\": 9}".into(),
        with(10, "email", json!("A2@example.com")),
        with(11, "disabled", json!(null)),
        "\"$argon2id$v=19$secret\"".into(),
        exported(13).to_string(),
    ]
    .join("\n");
    let ended = world.manage_with("import -", text).await;
    assert_eq!(ended.status, 3);
    assert_eq!(ended.output, "imported 3, skipped 0 (already present), rejected 9 (see import-report.jsonl)\n");
    let expected = [
        (1, "line: no JSON."),
        (4, "line: cut off."),
        (5, "disabled: neither true nor false."),
        (6, "line: no user."),
        (8, "created_at: no time since 1970."),
        (9, "email: This field is required. password: none."),
        (10, "email: another user has it, perhaps in other case."),
        (11, "disabled: neither true nor false."),
        (12, "line: no user."),
    ];
    assert_eq!(world.lines(), expected.map(|(line, reason)| (line, reason.to_owned())));
    let report = std::fs::read_to_string(world.folder().join("import-report.jsonl")).unwrap();
    assert!(!report.contains('$'), "no hash: {report}");
}

#[rstest]
#[case::a_list("[6]", "line: no user.")]
#[case::a_number("6", "line: no user.")]
#[case::an_object(
    "{}",
    "id: must be a whole number from 1 to 9007199254740991. email: This field is required. password: none."
)]
#[case::a_text("Loading…", "line: no JSON.")]
#[case::a_truncated_text("\"ada", "line: cut off.")]
#[tokio::test]
async fn a_line_has_the_same_reason_at_any_position(#[case] line: &str, #[case] reason: &str) {
    let world = World::new().await;
    let text = format!("{line}\n{}\n{line}\n", exported(2));
    let ended = world.manage_with("import -", text).await;
    assert_eq!(ended.output, "imported 1, skipped 0 (already present), rejected 2 (see import-report.jsonl)\n");
    assert_eq!(world.lines(), [1, 3].map(|number| (number, reason.to_owned())));
}

#[tokio::test]
async fn an_import_of_a_dump_in_lines_continues_too() {
    let world = World::new().await;
    let text = [
        user(1, "ada", "ada@example.com", PBKDF2).to_string(),
        "{\"model\": \"auth.user\", \"pk\": 2, \"fie".into(),
        "{\"model\": \"auth.group\", \"pk\": 3, \"fields\": {\"name\": \"staff\"}}".into(),
        user(4, "grace", "ADA@example.com", PBKDF2).to_string(),
        "[5, 6]".into(),
        user(6, "alan", "alan@example.com", PBKDF2).to_string(),
        "ada\", \"email\": \"ada@example.org\"}}".into(),
        "Done: 4".into(),
        user(9, "edsger", "edsger@example.com", PBKDF2).to_string(),
        "Done: 5".into(),
    ]
    .join("\n");
    let ended = world.manage_with("import-django -", text).await;
    assert_eq!(ended.output, "imported 3, skipped 0 (already present), rejected 5 (see import-report.jsonl)\n");
    assert!(ended.errors.starts_with("-: skipped text after the users\n"), "{ended:?}");
    let expected = [
        (2, "line: cut off."),
        (4, "email: another user has it, perhaps in other case."),
        (5, "line: no user."),
        (7, "line: no JSON."),
        (8, "line: no JSON."),
    ];
    assert_eq!(world.lines(), expected.map(|(line, reason)| (line, reason.to_owned())));
}

#[tokio::test]
async fn optional_fields_of_an_export_may_be_missing() {
    let world = World::new().await;
    let text = json!({ "id": 5, "email": "ada@example.com", "password_hash": HASH, "team": "none" }).to_string();
    world.manage_with("import -", text).await.done();
    let user = world.manage("users show 5 --json").await.done().documents().remove(0);
    assert_eq!((&user["username"], &user["disabled"]), (&json!("user5"), &json!(false)));
}

#[tokio::test]
async fn a_django_dump_is_not_taken_for_an_export() {
    let world = World::new().await;
    let dump = json!([user(1, "ada", "ada@example.com", PBKDF2)]);
    let list = world.manage_with("import -", dump.to_string()).await;
    list.is_error_with_hint("-: a list, not an export", "use `manage import-django`");
    let lines = world.manage_with("import -", dump[0].to_string()).await;
    lines.is_error_with_hint("-: a Django dump, not an export", "use `manage import-django`");
    let csv = world.manage_with("import -", "id,email\n1,ada@example.com\n").await;
    let hint = "`manage export` writes one; `manage import --help` describes its fields";
    csv.is_error_with_hint("-: found CSV, expected an export", hint);
}

#[tokio::test]
async fn the_help_describes_the_input_file() {
    let help = World::new().await.manage("import --help").await.done().output;
    for name in exported(1).as_object().unwrap().keys() {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{name} "))), "{name}: {help}");
    }
    let django = World::new().await.manage("import-django --help").await.done().output;
    assert!(!django.contains("password_hash"), "{django}");
    assert!(django.contains("Text before the first object and after the last one"), "{django}");
}
