//! The formats of Django dumps, and files that are something else.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use rstest::rstest;
use serde_json::{Value, json};

use super::{ARGON2, PBKDF2, user};
use crate::world::{Ended, World};

fn users() -> Vec<Value> {
    vec![user(1, "ada", "ada@example.com", PBKDF2), user(2, "grace", "grace@example.com", ARGON2)]
}

/// The dump as `dumpdata` prints it.
fn dump() -> String {
    Value::from(users()).to_string()
}

fn json_lines() -> String {
    let lines: Vec<_> = users().iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// As PowerShell's `>` writes it.
fn utf_16(text: &str) -> Vec<u8> {
    format!("\u{feff}{}", text.replace('\n', "\r\n")).encode_utf16().flat_map(u16::to_le_bytes).collect()
}

async fn dry_run(world: &World, file: &[u8]) -> Ended {
    fs::write(world.folder().join("users.json"), file).unwrap();
    world.manage("import-django users.json --dry-run").await
}

#[rstest]
#[case::with_a_byte_order_mark(format!("\u{feff}{}", dump()).into())]
#[case::from_powershell(utf_16(&dump()))]
#[case::indented(serde_json::to_vec_pretty(&users()).unwrap())]
#[case::lines(json_lines().into())]
#[case::lines_from_powershell(utf_16(&json_lines()))]
#[case::gzip(gzip(&dump()))]
#[case::lines_in_gzip(gzip(&json_lines()))]
#[case::with_nan(dump().replace("\"first_name\":\"\"", "\"first_name\":NaN").replace("\"last_name\":\"\"", "\"last_name\":-Infinity").into())]
#[tokio::test]
async fn a_dump_is_read_in_every_format(#[case] file: Vec<u8>) {
    let ended = dry_run(&World::new().await, &file).await.done();
    let expected = "would import 2, skip 0 (already present), reject 0\n";
    assert_eq!((ended.output.as_str(), ended.errors.as_str()), (expected, ""));
}

#[rstest]
#[case::a_line_before(format!("Loading .env environment variables…\n{}\n", dump()), "1 line of text before the users")]
#[case::a_log_before(
    format!("[2026-01-01 12:00:00] INFO begun\nWARNING: {{}}\n\n{}\n", dump()),
    "2 lines of text before the users"
)]
#[case::a_prompt_after(format!("{}[ada@host shop]$ ", dump()), "text after the users")]
#[case::both(
    format!("Loading .env…\n{}\nDone: 2 objects.\n", dump()),
    "1 line of text before the users, and text after them"
)]
#[case::before_lines(format!("Loading .env…\n{}", json_lines()), "1 line of text before the users")]
#[case::after_lines(format!("{}Done: 1\n\n[2026-01-01 12:00:00] INFO ended\n", json_lines()), "text after the users")]
#[case::around_lines(
    format!("Loading .env…\n{}Done: 1", json_lines()),
    "1 line of text before the users, and text after them"
)]
#[case::a_byte_order_mark_after_a_line(format!("Loading .env…\n\u{feff}{}", dump()), "1 line of text before the users")]
#[tokio::test]
async fn text_around_a_dump_is_skipped_with_a_message(#[case] file: String, #[case] what: &str) {
    let world = World::new().await;
    for file in [file.clone().into_bytes(), utf_16(&file)] {
        let ended = dry_run(&world, &file).await.done();
        assert_eq!(ended.output, "would import 2, skip 0 (already present), reject 0\n");
        assert_eq!(ended.errors, format!("users.json: skipped {what}\n"));
    }
}

#[rstest]
#[case::in_utf_16([dump().into_bytes(), utf_16(&dump())].concat())]
#[case::in_utf_16_without_a_byte_order_mark([dump().into_bytes(), utf_16(&dump())[2..].to_vec()].concat())]
#[case::in_utf_8_after_utf_16([utf_16(&dump()), even(&dump())].concat())]
#[case::of_other_things(format!("{}\n[1, 2]\n", dump()).into())]
#[tokio::test]
async fn a_second_dump_in_a_file_is_not_taken_for_text(#[case] file: Vec<u8>) {
    let ended = dry_run(&World::new().await, &file).await;
    ended.is_error_with_hint("users.json: more data after the list", "import one dump at a time");
}

#[tokio::test]
async fn of_two_dumps_in_lines_neither_is_taken_for_text() {
    let world = World::new().await;
    let ended = dry_run(&world, &[json_lines().into_bytes(), utf_16(&json_lines())].concat()).await;
    assert!(ended.status == 3 && !ended.errors.contains("skipped"), "{ended:?}");
    // A byte order mark between them, as PowerShell leaves it, is ignored.
    let ended = dry_run(&world, &utf_16(&format!("{}\u{feff}{}", json_lines(), json_lines()))).await;
    assert_eq!(ended.output, "would import 2, skip 0 (already present), reject 2 (see import-report.jsonl)\n");
    let twice = "id: twice in the file, and the first one counts.";
    assert!(world.report().iter().all(|line| line["reason"] == twice), "{ended:?}");
}

/// The bytes of a text, padded to an even number, as UTF-16 needs.
fn even(text: &str) -> Vec<u8> {
    format!("{text}{}", " ".repeat(text.len() % 2)).into()
}

const HINT: &str = "`python manage.py dumpdata auth.user` prints one";

#[rstest]
#[case::nothing("", "found an empty file, expected a ")]
#[case::xml("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<django-objects version=\"1.0\">", "found XML, expected a ")]
#[case::yaml("- model: auth.user\n  pk: 1\n", "found YAML, expected a ")]
#[case::csv("id;name;email\n1;ada;ada@example.com", "found CSV, expected a ")]
#[case::sql("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "found SQL, expected a ")]
#[case::sqlite("SQLite format 3\0\u{10}\0", "found an SQLite database, expected a ")]
#[case::an_object("{\n}", "found a JSON object of several lines, expected a ")]
#[case::an_error("Traceback (most recent call last):\n", "not a ")]
#[case::nested_without_end(&"[".repeat(1_000_000), "not a ")]
#[tokio::test]
async fn a_file_that_is_not_a_dump_is_an_error_with_a_hint(#[case] text: &str, #[case] what: &str) {
    let world = World::new().await;
    let ended = world.manage_with("import-django -", text).await;
    ended.is_error_with_hint(&format!("-: {what}Django dump in JSON"), HINT);
    assert!(world.keys().await.is_empty());
}

#[rstest]
#[case::of_other_things("[{\"id\": 1}]", "not a Django dump: missing field `model` at line 1 column 10", None)]
#[case::of_other_things_after_text(
    "Loading…\n[\n{\"id\": 1}]",
    "not a Django dump: missing field `model` at line 3 column 9",
    None
)]
#[case::of_lists(
    "[{\"model\": \"auth.user\", \"fields\": [\"ada\"]}]",
    "not a Django dump: invalid type: sequence, expected an object at line 1 column 35",
    None
)]
#[case::with_another_after_it("[] []", "more data after the list", Some("import one dump at a time"))]
#[case::with_lines_after_it(
    "[]\n{\"model\": \"auth.user\"}",
    "more data after the list",
    Some("import one dump at a time")
)]
#[case::that_is_closed_twice("[]]", "more data after the list", Some("import one dump at a time"))]
#[case::after_a_line_of_json(
    "{\"level\": \"info\"}\n[{\"model\": \"auth.user\"}]",
    "a list after an object",
    Some("remove everything before the list")
)]
#[case::of_manage(
    "{\"id\": 1, \"email\": \"ada@example.com\", \"password_hash\": \"$argon2id$\"}",
    "an export, not a Django dump",
    Some("use `manage import`")
)]
#[tokio::test]
async fn an_ambiguous_file_is_an_error(#[case] text: &str, #[case] message: &str, #[case] hint: Option<&str>) {
    let world = World::new().await;
    let ended = world.manage_with("import-django -", text).await;
    let hint = hint.map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    let expected = format!("error: -: {message}\n{hint}");
    assert!(ended.status == 1 && ended.errors.ends_with(&expected), "{ended:?}");
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn a_truncated_compressed_file_is_an_error() {
    let packed = gzip(&dump());
    let ended = dry_run(&World::new().await, &packed[..packed.len() / 2]).await;
    assert_eq!(ended.status, 1);
    assert!(ended.errors.starts_with("error: users.json: cannot be read"), "{ended:?}");
}

#[tokio::test]
async fn a_number_that_is_not_json_is_rejected_where_it_is_read() {
    let world = World::new().await;
    let dump = dump().replace("\"username\":\"ada\"", "\"username\":NaN").replace("\"pk\":2", "\"pk\":Infinity");
    assert_eq!(dry_run(&world, dump.as_bytes()).await.status, 3);
    let mut reasons: Vec<_> = world.report().iter().map(|line| line["reason"].clone()).collect();
    reasons.sort_by_key(Value::to_string);
    let expected =
        [json!("id: must be a whole number from 1 to 9007199254740991."), json!("username: Not a valid string.")];
    assert_eq!(reasons, expected);
}
