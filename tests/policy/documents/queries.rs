//! Checks the saved queries against the pages that describe their language, and the fields that they name against those of the
//! log lines. `queries.json` lists the commands and functions that this check supports.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::Value;

use super::{
    LONGEST_NAME,
    lines::{self, Lines},
    stack::Stack,
    text,
};

const LANGUAGE: &str = include_str!("queries.json");

/// The greatest lengths of a query and of its name, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html>).
const MOST: [(&str, usize); 2] = [("QueryString", 10_000), ("Name", 255)];

/// The most lines that a query may return.
const MOST_LINES: usize = 10_000;

/// A token of a query.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Name(String),
    Text(String),
    Number(String),
    Sign(char),
}

/// Splits a query into tokens. A name may contain an underscore without backticks, as in examples of AWS
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-view-metrics.html>).
fn pieces(query: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |character: char| character.is_ascii_alphanumeric() || "@_.".contains(character);
        let (piece, length) = match first {
            '"' | '\'' | '`' => {
                let inner = rest[1..].split(first).next().unwrap();
                let piece = if first == '`' { Piece::Name(inner.into()) } else { Piece::Text(inner.into()) };
                (piece, inner.len() + 2)
            }
            '#' => (Piece::Sign('#'), rest.find('\n').unwrap_or(rest.len())),
            _ if is_name(first) => {
                let word: String = rest.chars().take_while(|character| is_name(*character)).collect();
                let length = word.len();
                (if first.is_ascii_digit() { Piece::Number(word) } else { Piece::Name(word) }, length)
            }
            _ => (Piece::Sign(first), first.len_utf8()),
        };
        // A `#` begins a comment.
        if piece != Piece::Sign('#') {
            pieces.push(piece);
        }
        rest = rest[length..].trim_start();
    }
    pieces
}

/// The events that a query filters for; if empty, it keeps all.
fn events(pieces: &[Piece]) -> Vec<String> {
    let mut events = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        if *piece == Piece::Name("event".into()) {
            let values = match pieces.get(index + 1) {
                Some(Piece::Sign('=')) => 1,
                Some(Piece::Name(word)) if word == "in" => usize::MAX,
                _ => 0,
            };
            let rest = pieces.iter().skip(index + 2).take_while(|piece| **piece != Piece::Sign(']'));
            let texts = rest.filter_map(|piece| if let Piece::Text(text) = piece { Some(text.clone()) } else { None });
            events.extend(texts.take(values));
        }
    }
    events
}

/// One line for each fault that Logs Insights would refuse, or that would make the query find nothing.
fn faults(query: &str, lines: &Lines) -> Vec<String> {
    let language: Value = serde_json::from_str(LANGUAGE).unwrap();
    let has = |list: &str, word: &str| language[list].as_array().unwrap().iter().any(|known| *known == word);
    let pieces = pieces(query);
    let mut faults = Vec::new();

    let kept = events(&pieces);
    let none = kept.iter().filter(|event| !lines.contains_key(*event));
    faults.extend(none.map(|event| format!("no line has the event {event}")));
    let kinds = lines.iter().filter(|(event, _)| kept.is_empty() || kept.contains(event));
    let kinds = kinds.map(|(_, fields)| fields.clone());
    let common = |a: BTreeSet<String>, b: BTreeSet<String>| if kept.is_empty() { &a | &b } else { &a & &b };
    let mut known = kinds.reduce(common).unwrap_or_default();
    known.extend(language["fields"].as_array().unwrap().iter().map(text));

    for command in pieces.split(|piece| *piece == Piece::Sign('|')) {
        let [Piece::Name(name), arguments @ ..] = command else {
            faults.push(format!("{command:?} is not a command"));
            continue;
        };
        if !has("commands", name) {
            faults.push(format!("there is no command {name}"));
        }
        if name == "limit" {
            let most = if let [Piece::Number(most)] = arguments { most.parse().unwrap_or(0) } else { 0 };
            let is_one = (1..=MOST_LINES).contains(&most);
            faults.extend((!is_one).then(|| format!("limit needs a number up to {MOST_LINES}")));
        }
        let (mut left, mut is_group) = (BTreeSet::new(), false);
        for (index, piece) in arguments.iter().enumerate() {
            let Piece::Name(word) = piece else { continue };
            let is_called = arguments.get(index + 1) == Some(&Piece::Sign('('));
            let is_alias = index > 0 && arguments[index - 1] == Piece::Name("as".into());
            if is_alias {
                left.insert(word.clone());
            } else if has("words", word) {
                is_group |= word == "by";
            } else if is_called {
                faults.extend((!has("functions", word)).then(|| format!("there is no function {word}")));
            } else {
                faults.extend((!known.contains(word)).then(|| format!("no line has {word}")));
                left.extend(is_group.then(|| word.clone()));
            }
        }
        // After an aggregation, the fields of the lines are gone.
        if name == "stats" {
            known = left;
        } else {
            known.extend(left);
        }
    }
    faults
}

#[test]
fn every_saved_query_is_valid_and_can_find_something() {
    let stack = Stack::new(&[]).named(&"s".repeat(LONGEST_NAME));
    let queries = stack.resources("AWS::Logs::QueryDefinition");
    assert!(queries.len() >= 7, "{queries:?}");
    for (name, query) in &queries {
        for (property, most) in MOST {
            assert!(query[property].as_str().unwrap().chars().count() <= most, "{property} of {name}");
        }
        let groups = query["LogGroupNames"].as_array().unwrap();
        let group = |name: &str| stack.properties(name).unwrap()["LogGroupName"].clone();
        let lines = if *groups == [group("FunctionsLog")] {
            lines::of_functions()
        } else {
            assert_eq!(*groups, [group("AccessLog")], "{name}");
            lines::of_gateway(&stack)
        };
        assert_eq!(faults(query["QueryString"].as_str().unwrap(), &lines), [""; 0], "{name}");
    }
    let names: BTreeSet<_> = queries.iter().map(|(_, query)| query["Name"].as_str()).collect();
    assert_eq!(names.len(), queries.len(), "{names:?}");
}

fn faults_of(query: &str) -> Vec<String> {
    let fields = |fields: &str| fields.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    let failed = ("failed".to_owned(), fields("event user_id reason request_id"));
    let refused = ("refused".to_owned(), fields("event user_id endpoint"));
    faults(query, &Lines::from([failed, refused]))
}

#[rstest]
#[case::one_event("filter event = \"failed\" | fields @timestamp, reason, request_id | sort @timestamp desc")]
#[case::two_events("filter event in ['failed', 'refused'] and not isblank(user_id) | display user_id")]
#[case::all_events("filter reason = 'x' or endpoint like 'me' # a comment, of nothing\n| fields `request_id`")]
#[case::an_aggregation(
    "stats count(*) as n, max(@timestamp) as last by user_id, bin(5m) as time | sort n desc | display time, user_id"
)]
#[case::a_calculated_field("fields strlen(reason) as length | filter length > 5 | dedup user_id | limit 20")]
fn valid_queries_pass(#[case] query: &str) {
    assert_eq!(faults_of(query), [""; 0]);
}

#[rstest]
#[case::a_command_of_another_language("select user_id", "there is no command select")]
#[case::an_empty_command("filter event = 'failed' | | limit 5", "[] is not a command")]
#[case::a_function_of_another_language("stats average(user_id) as n", "there is no function average")]
#[case::an_unknown_field("fields user", "no line has user")]
#[case::a_field_of_another_event("filter event = 'refused' | fields reason", "no line has reason")]
#[case::a_field_of_one_of_two("filter event in ['failed', 'refused'] | fields reason", "no line has reason")]
#[case::an_unknown_event("filter event = 'fail'", "no line has the event fail")]
#[case::one_unknown_event_of_two("filter event in ['failed', 'fail']", "no line has the event fail")]
#[case::a_field_lost_in_an_aggregation("stats count(*) as n by user_id | fields reason", "no line has reason")]
#[case::too_high_a_limit("limit 10001", "limit needs a number up to 10000")]
#[case::a_limit_in_words("limit many", "limit needs a number up to 10000")]
fn queries_that_are_invalid_or_find_nothing_are_reported(#[case] query: &str, #[case] expected: &str) {
    assert!(faults_of(query).iter().any(|fault| fault == expected), "{:?}", faults_of(query));
}
