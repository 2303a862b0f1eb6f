//! The fields of the lines in the stack's logs, read from the code and the format that write them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use super::{root, source, stack::Stack};

/// The fields of log lines by event. A field within an object has the path that Logs Insights gives it. Lines without an event
/// are under the empty string.
pub(super) type Lines = BTreeMap<String, BTreeSet<String>>;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// The fields of every line that `tracing` writes.
const USUAL: [&str; 2] = ["timestamp", "level"];

/// The lines of the functions.
pub(super) fn of_functions() -> Lines {
    let mut sources = Vec::new();
    for folder in ["shared/src", "functions"] {
        read(&root().join(folder), &mut sources);
    }
    let mut lines = Lines::new();
    let spans = sources.iter().flat_map(|source| calls(source, "tracing::info_span!("));
    let in_spans = spans.flat_map(|span| span.into_iter().skip(1)).map(|argument| field(&argument));
    let in_spans: Vec<_> = in_spans.collect();
    let calls_in = |source: &String| LEVELS.map(|level| calls(source, &format!("tracing::{level}!("))).concat();
    for call in sources.iter().flat_map(calls_in) {
        let event = call.iter().find_map(|argument| argument.strip_prefix("event = \"")?.strip_suffix('"'));
        let fields = lines.entry(event.unwrap_or_default().to_owned()).or_default();
        fields.extend(USUAL.map(str::to_owned));
        fields.extend(in_spans.iter().cloned());
        fields.extend(call.iter().map(|argument| field(argument)));
    }
    lines.insert("request".into(), of_requests());
    lines
}

/// The fields of the line for each request: the fixed ones, and the metrics.
fn of_requests() -> BTreeSet<String> {
    let source = source("shared/src/runtime/report.rs");
    let always = source.split("serialize_entry(\"").skip(1);
    let always = always.filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    always.chain(super::metrics::reported()).collect()
}

/// The lines that API Gateway writes for requests.
pub(super) fn of_gateway(stack: &Stack) -> Lines {
    let gateway = stack.properties("HttpApi").unwrap();
    let format: Value = serde_json::from_str(gateway["AccessLogSettings"]["Format"].as_str().unwrap()).unwrap();
    BTreeMap::from([(String::new(), format.as_object().unwrap().keys().cloned().collect())])
}

/// The Rust code in a folder and its subfolders, without test files.
fn read(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            sources.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// The arguments of each call of a macro.
fn calls(source: &str, macro_call: &str) -> Vec<Vec<String>> {
    source.split(macro_call).skip(1).map(arguments).collect()
}

/// The arguments of a call, up to its closing parenthesis.
fn arguments(rest: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let (mut depth, mut in_text) = (0, false);
    for character in rest.chars() {
        match character {
            '"' => in_text = !in_text,
            '(' | '[' | '{' if !in_text => depth += 1,
            ')' | ']' | '}' if !in_text && depth == 0 => break,
            ')' | ']' | '}' if !in_text => depth -= 1,
            ',' if !in_text && depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        arguments.last_mut().unwrap().push(character);
    }
    arguments.iter().map(|argument| argument.trim().to_owned()).filter(|argument| !argument.is_empty()).collect()
}

/// The name of the field that an argument sets.
fn field(argument: &str) -> String {
    if argument.starts_with('"') {
        return "message".into();
    }
    let (name, _) = argument.split_once('=').unwrap_or((argument, ""));
    name.trim().trim_start_matches(['%', '?']).to_owned()
}

#[test]
fn fields_are_read_from_the_calls_that_write_them() {
    let source = r#"
        tracing::info!(event = "user_created", user_id = user.get(), username);
        tracing::warn!(event = "kept", status = error.status(1, 2).as_u16(), %error, "the next (login), tries");
    "#;
    let fields = |level: &str| {
        let calls = calls(source, &format!("tracing::{level}!("));
        calls.concat().iter().map(|argument| field(argument)).collect::<Vec<_>>()
    };
    assert_eq!(fields("info"), ["event", "user_id", "username"]);
    assert_eq!(fields("warn"), ["event", "status", "error", "message"]);

    let lines = of_functions();
    for (event, field) in [
        ("authn_login_fail", "user_id"),
        ("request_failed", "request_id"),
        ("authn_login_fail", "source"),
        ("request", "request_id"),
        ("request", "HashTime"),
    ] {
        assert!(lines[event].contains(field), "{event} has {:?}", lines[event]);
    }
    assert!(!lines["authn_login_fail"].contains("HashTime"));
    assert!(lines.len() > 15, "{lines:?}");
}
