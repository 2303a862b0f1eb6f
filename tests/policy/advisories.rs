//! Known faults of dependencies: that somebody looks for them, and that none is let pass without a reason.

use rstest::rstest;
use serde_norway::Value;

const CONFIGURATION: &str = include_str!("../../deny.toml");
const WORKFLOW: &str = include_str!("../../.github/workflows/advisories.yml");

/// What stands in the list of exceptions, line by line.
fn exceptions(configuration: &str) -> Vec<&str> {
    let lines = configuration.lines().skip_while(|line| *line != "ignore = [").skip(1);
    lines.take_while(|line| *line != "]").map(str::trim).filter(|line| !line.starts_with('#')).collect()
}

/// Whether an exception names an advisory of RUSTSEC's, and tells in some words why it is one.
fn is_explained(exception: &str) -> bool {
    let inner = exception.strip_prefix("{ id = \"RUSTSEC-").and_then(|rest| rest.strip_suffix("\" },"));
    let Some((number, reason)) = inner.and_then(|inner| inner.split_once("\", reason = \"")) else { return false };
    let is_number = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    number.split_once('-').is_some_and(|(year, number)| is_number(year) && is_number(number))
        && reason.split_whitespace().count() > 2
}

#[test]
fn every_exception_has_a_reason() {
    let exceptions = exceptions(CONFIGURATION);
    let bare: Vec<_> = exceptions.iter().filter(|exception| !is_explained(exception)).collect();
    assert!(bare.is_empty(), "{bare:?}");
    // None stands elsewhere, where it is not looked at.
    let named = CONFIGURATION.lines().filter(|line| !line.starts_with('#') && line.contains("RUSTSEC-")).count();
    assert_eq!((named, CONFIGURATION.matches("\nignore = [\n").count()), (exceptions.len(), 1));
}

#[rstest]
#[case::in_words(r#"{ id = "RUSTSEC-2026-0140", reason = "only in a transport that is not built here" },"#, true)]
#[case::with_none(r#"{ id = "RUSTSEC-2026-0140" },"#, false)]
#[case::with_an_empty_one(r#"{ id = "RUSTSEC-2026-0140", reason = "" },"#, false)]
#[case::in_one_word(r#"{ id = "RUSTSEC-2026-0140", reason = "later" },"#, false)]
#[case::alone(r#""RUSTSEC-2026-0140","#, false)]
#[case::of_another_list(r#"{ id = "CVE-2026-42559", reason = "only in a transport that is not built here" },"#, false)]
#[case::of_a_whole_year(r#"{ id = "RUSTSEC-2026", reason = "only in a transport that is not built here" },"#, false)]
#[case::of_a_crate(r#"{ crate = "axum@0.8.9", reason = "only in a transport that is not built here" },"#, false)]
fn an_exception_is_read_as_it_stands(#[case] exception: &str, #[case] explained: bool) {
    let configuration = format!("[advisories]\nignore = [\n    # Why.\n    {exception}\n]\n\n[bans]\n");
    assert_eq!(exceptions(&configuration), [exception]);
    assert_eq!(is_explained(exception), explained);
}

#[test]
fn advisories_are_looked_at_once_a_week_and_with_every_change() {
    let workflow: Value = serde_norway::from_str(WORKFLOW).unwrap();
    let times: Vec<_> = workflow["on"]["schedule"][0]["cron"].as_str().unwrap().split(' ').collect();
    // On one day of every week.
    assert_eq!(times[2..4], ["*", "*"]);
    assert!(times[4].parse::<u8>().unwrap() < 7);
    let steps = workflow["jobs"]["advisories"]["steps"].as_sequence().unwrap();
    assert!(steps.iter().any(|step| step["run"] == "cargo deny check advisories"), "{steps:?}");

    let (ci, recipes) = (include_str!("../../.ci/run"), include_str!("../../justfile"));
    assert!(ci.lines().any(|line| line == "step deny"));
    let (_, deny) = recipes.split_once("\ndeny:\n").unwrap();
    let mut deny = deny.lines().take_while(|line| !line.is_empty());
    assert!(deny.any(|line| line.trim() == "cargo deny check --disable-fetch advisories"));
}
