//! How it starts, what it prints and how it ends.

use std::{
    io::{BufRead, BufReader},
    process::Command,
};

use rstest::rstest;

use crate::running::{REGISTRATION, Running, assert_refused, program};

#[rstest]
#[case::ended_with_ctrl_c("-INT")]
#[case::killed("-KILL")]
fn users_and_sessions_survive_a_restart(#[case] signal: &str) {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::in_folder(&folder);
    assert_eq!(first.post("/api/register/", REGISTRATION).status(), 201);
    let login: serde_json::Value = first.post("/api/login/", REGISTRATION).json().unwrap();
    first.signal(signal);
    first.end();

    let second = Running::in_folder(&folder);
    assert_eq!(second.post("/api/register/", REGISTRATION).status(), 400);
    assert_eq!(second.post("/api/login/", REGISTRATION).status(), 200);
    assert_eq!(second.post("/api/refresh/", &login.to_string()).status(), 200);
}

#[test]
fn it_prints_a_banner_and_a_line_for_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::in_folder(&folder);
    let limits = format!(
        "Rate limits  effectively off (1,000,000 in a new settings item); lower them with \
         `cargo run -p manage -- --local --dynamodb-endpoint {} settings set NAME VALUE`",
        running.dynamodb_url
    );
    for text in ["data in .local/dynamodb.sqlite", ".local/secret_key (new)", &limits, "curl -i http://127.0.0.1:"] {
        assert!(running.banner.contains(text), "{}", running.banner);
    }
    running.post("/api/register/", "{}");
    running.signal("-INT");
    let (rest, succeeded) = running.end();
    assert!(succeeded);
    assert!(rest.contains("POST /api/register/ 400 ") && rest.ends_with("Stopped.\n"), "{rest}");
}

#[test]
fn it_succeeds_even_if_nobody_reads_its_output() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--in-memory", "--port", "0", "--dynamodb-port", "0"];
    let mut child = program(folder.path(), &arguments).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("Ctrl-C") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0);
    }
    drop(output);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn in_memory_it_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::in_memory(&folder, &[]);
    assert_eq!(running.post("/api/register/", REGISTRATION).status(), 201);
    drop(running);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[rstest]
#[case::of_the_api("--port", "--dynamodb-port")]
#[case::of_dynamodb("--dynamodb-port", "--port")]
fn a_port_in_use_is_an_error_with_a_hint(#[case] option: &str, #[case] other: &str) {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = program(folder.path(), &[option, &port, other, "0"]).output().unwrap();
    let hint = format!("choose another port with {option}; 0 picks a free one");
    assert_refused(&output, &format!("error: cannot listen on 127.0.0.1:{port}: "), "", Some(&hint));
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let arguments = ["--port", "0", "--dynamodb-port", "0", "--data-dir", "file/below"];
    let output = program(folder.path(), &arguments).output().unwrap();
    let hint = "choose another folder with --data-dir, or pass --in-memory";
    assert_refused(&output, "error: cannot keep data in file/below: ", "", Some(hint));
}

#[rstest]
#[case::a_short_secret("SECRET_KEY", "too short")]
#[case::an_unknown_level("LOG_LEVEL", "loud")]
fn an_invalid_variable_is_an_error(#[case] name: &str, #[case] value: &str) {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--in-memory", "--port", "0", "--dynamodb-port", "0"];
    let output = program(folder.path(), &arguments).env(name, value).output().unwrap();
    assert_refused(&output, &format!("error: invalid {name}: "), "expected", None);
}

#[test]
fn variables_are_read_from_the_file_env_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "SECRET_KEY=0123456789abcdef0123456789abcdef\n").unwrap();
    let running = Running::in_folder(&folder);
    assert!(running.banner.contains("Secret       SECRET_KEY"), "{}", running.banner);
    assert!(!folder.path().join(".local/secret_key").exists());
}

#[test]
fn the_help_has_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let options =
        ["--port", "--host", "--dynamodb-port", "--dynamodb-endpoint", "--data-dir", "--in-memory", "--cors-origin"];
    for text in options.iter().chain(&["SECRET_KEY", "LOG_LEVEL"]) {
        assert!(help.contains(text), "{text} in {help}");
    }
}
