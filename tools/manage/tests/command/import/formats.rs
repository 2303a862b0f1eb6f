//! Dumps as people have them, and what else they have.

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

async fn rehearse(world: &World, file: &[u8]) -> Ended {
    fs::write(world.folder().join("users.json"), file).unwrap();
    world.manage("import-django users.json --dry-run").await
}

#[rstest]
#[case::with_a_mark(format!("\u{feff}{}", dump()).into())]
#[case::of_powershell(utf_16(&dump()))]
#[case::indented(serde_json::to_vec_pretty(&users()).unwrap())]
#[case::lines(json_lines().into())]
#[case::lines_of_powershell(utf_16(&json_lines()))]
#[case::gzip(gzip(&dump()))]
#[case::lines_in_gzip(gzip(&json_lines()))]
#[case::with_nan(dump().replace("\"first_name\":\"\"", "\"first_name\":NaN").replace("\"last_name\":\"\"", "\"last_name\":-Infinity").into())]
#[tokio::test]
async fn a_dump_is_taken_in_all_its_forms(#[case] file: Vec<u8>) {
    let ended = rehearse(&World::new().await, &file).await.done();
    let expected = "2 users would come, 0 were there already, 0 cannot come\n";
    assert_eq!((ended.output.as_str(), ended.errors.as_str()), (expected, ""));
}

#[rstest]
#[case::a_line_before(format!("Loading .env environment variables…\n{}\n", dump()), "a line of text before the users")]
#[case::a_log_before(
    format!("[2026-01-01 12:00:00] INFO begun\nWARNING: {{}}\n\n{}\n", dump()),
    "2 lines of text before the users"
)]
#[case::a_prompt_behind(format!("{}[ada@host shop]$ ", dump()), "text behind the users")]
#[case::both(
    format!("Loading .env…\n{}\nDone: 2 objects.\n", dump()),
    "a line of text before the users, and text behind the users"
)]
#[case::before_lines(format!("Loading .env…\n{}", json_lines()), "a line of text before the users")]
#[case::behind_lines(format!("{}Done: 1\n\n[2026-01-01 12:00:00] INFO ended\n", json_lines()), "text behind the users")]
#[case::around_lines(
    format!("Loading .env…\n{}Done: 1", json_lines()),
    "a line of text before the users, and text behind the users"
)]
#[case::a_mark_behind_a_line(format!("Loading .env…\n\u{feff}{}", dump()), "a line of text before the users")]
#[tokio::test]
async fn text_around_a_dump_is_left_out_and_told(#[case] file: String, #[case] what: &str) {
    let world = World::new().await;
    for file in [file.clone().into_bytes(), utf_16(&file)] {
        let ended = rehearse(&world, &file).await.done();
        assert_eq!(ended.output, "2 users would come, 0 were there already, 0 cannot come\n");
        assert_eq!(ended.errors, format!("users.json: left out: {what}\n"));
    }
}

#[rstest]
#[case::in_utf_16([dump().into_bytes(), utf_16(&dump())].concat())]
#[case::in_utf_16_without_a_mark([dump().into_bytes(), utf_16(&dump())[2..].to_vec()].concat())]
#[case::in_utf_8_behind_utf_16([utf_16(&dump()), even(&dump())].concat())]
#[case::of_other_things(format!("{}\n[1, 2]\n", dump()).into())]
#[tokio::test]
async fn of_two_dumps_in_a_file_the_second_is_not_taken_for_text(#[case] file: Vec<u8>) {
    let ended = rehearse(&World::new().await, &file).await;
    ended.is_error("users.json: holds more behind its list: bring one dump at a time");
}

#[tokio::test]
async fn of_two_dumps_in_lines_none_is_taken_for_text() {
    let world = World::new().await;
    let ended = rehearse(&world, &[json_lines().into_bytes(), utf_16(&json_lines())].concat()).await;
    assert!(ended.status == 3 && !ended.errors.contains("left out"), "{ended:?}");
    // A mark between them, as PowerShell leaves it, is nothing.
    let ended = rehearse(&world, &utf_16(&format!("{}\u{feff}{}", json_lines(), json_lines()))).await;
    assert_eq!(ended.output, "2 users would come, 0 were there already, 2 cannot come, see import-report.jsonl\n");
    let twice = "id: twice in the file, and the first one counts.";
    assert!(world.report().iter().all(|line| line["reason"] == twice), "{ended:?}");
}

/// The bytes of a text, of which there are as many as halves of UTF-16 need.
fn even(text: &str) -> Vec<u8> {
    format!("{text}{}", " ".repeat(text.len() % 2)).into()
}

const INSTEAD: &str = "dump of Django in JSON: `python manage.py dumpdata auth.user` prints one";

#[rstest]
#[case::nothing("", "is empty, and no ")]
#[case::xml("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<django-objects version=\"1.0\">", "is XML, and no ")]
#[case::yaml("- model: auth.user\n  pk: 1\n", "is YAML, and no ")]
#[case::csv("id;name;email\n1;ada;ada@example.com", "is a table (CSV), and no ")]
#[case::sql("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "is SQL, and no ")]
#[case::sqlite("SQLite format 3\0\u{10}\0", "is a database of SQLite, and no ")]
#[case::an_object("{\n}", "is an object of several lines, and no ")]
#[case::an_error("Traceback (most recent call last):\n", "is no ")]
#[case::nested_without_end(&"[".repeat(1_000_000), "is no ")]
#[tokio::test]
async fn a_file_that_is_no_dump_is_named_with_what_to_do(#[case] text: &str, #[case] what: &str) {
    let world = World::new().await;
    let ended = world.manage_with("import-django -", text).await;
    ended.is_error(&format!("-: {what}{INSTEAD}"));
    assert!(world.keys().await.is_empty());
}

#[rstest]
#[case::of_other_things("[{\"id\": 1}]", "is no dump of Django: missing field `model` at line 1 column 10")]
#[case::of_other_things_behind_text(
    "Loading…\n[\n{\"id\": 1}]",
    "is no dump of Django: missing field `model` at line 3 column 9"
)]
#[case::of_lists(
    "[{\"model\": \"auth.user\", \"fields\": [\"ada\"]}]",
    "is no dump of Django: invalid type: sequence, expected an object at line 1 column 35"
)]
#[case::with_another_behind_it("[] []", "holds more behind its list: bring one dump at a time")]
#[case::with_lines_behind_it("[]\n{\"model\": \"auth.user\"}", "holds more behind its list: bring one dump at a time")]
#[case::that_is_closed_twice("[]]", "holds more behind its list: bring one dump at a time")]
#[case::behind_a_line_of_json(
    "{\"level\": \"info\"}\n[{\"model\": \"auth.user\"}]",
    "holds a list behind an object: leave out what stands before the list"
)]
#[case::that_manage_wrote(
    "{\"id\": 1, \"email\": \"ada@example.com\", \"password_hash\": \"$argon2id$\"}",
    "is an export, and no dump of Django: `manage import` takes it"
)]
#[tokio::test]
async fn what_is_ambiguous_is_refused(#[case] text: &str, #[case] reason: &str) {
    let world = World::new().await;
    let ended = world.manage_with("import-django -", text).await;
    let last = ended.errors.lines().last();
    assert_eq!((ended.status, last), (1, Some(format!("error: -: {reason}").as_str())), "{ended:?}");
    assert!(world.keys().await.is_empty());
}

#[tokio::test]
async fn of_a_packed_file_that_is_cut_off_the_rest_is_told_to_be_missing() {
    let packed = gzip(&dump());
    let ended = rehearse(&World::new().await, &packed[..packed.len() / 2]).await;
    assert_eq!(ended.status, 1);
    assert!(ended.errors.starts_with("error: users.json: cannot be read"), "{ended:?}");
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_where_it_is_read() {
    let world = World::new().await;
    let dump = dump().replace("\"username\":\"ada\"", "\"username\":NaN").replace("\"pk\":2", "\"pk\":Infinity");
    assert_eq!(rehearse(&world, dump.as_bytes()).await.status, 3);
    let mut reasons: Vec<_> = world.report().iter().map(|line| line["reason"].clone()).collect();
    reasons.sort_by_key(Value::to_string);
    let expected =
        [json!("id: must be a whole number from 1 to 9007199254740991."), json!("username: Not a valid string.")];
    assert_eq!(reasons, expected);
}
