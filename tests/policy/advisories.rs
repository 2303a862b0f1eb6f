//! Security advisories for dependencies: CI checks for them, and every exception has a reason.

use rstest::rstest;
use serde_norway::Value;

const CONFIGURATION: &str = include_str!("../../deny.toml");
const WORKFLOW: &str = include_str!("../../.github/workflows/advisories.yml");

/// The lines of the list of exceptions, without comments.
fn exceptions(configuration: &str) -> Vec<&str> {
    let lines = configuration.lines().skip_while(|line| *line != "ignore = [").skip(1);
    lines.take_while(|line| *line != "]").map(str::trim).filter(|line| !line.starts_with('#')).collect()
}

/// Whether an exception names a advisory of `RUSTSEC` and gives a reason of at least three words.
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
    // There are none outside the list, where this test would miss them.
    let named = CONFIGURATION.lines().filter(|line| !line.starts_with('#') && line.contains("RUSTSEC-")).count();
    assert_eq!((named, CONFIGURATION.matches("\nignore = [\n").count()), (exceptions.len(), 1));
}

#[rstest]
#[case::a_reason_in_words(
    r#"{ id = "RUSTSEC-2026-0140", reason = "only in a transport that is not built here" },"#,
    true
)]
#[case::no_reason(r#"{ id = "RUSTSEC-2026-0140" },"#, false)]
#[case::an_empty_reason(r#"{ id = "RUSTSEC-2026-0140", reason = "" },"#, false)]
#[case::a_reason_of_one_word(r#"{ id = "RUSTSEC-2026-0140", reason = "later" },"#, false)]
#[case::a_bare_id(r#""RUSTSEC-2026-0140","#, false)]
#[case::an_id_of_another_database(
    r#"{ id = "CVE-2026-42559", reason = "only in a transport that is not built here" },"#,
    false
)]
#[case::an_id_without_a_number(
    r#"{ id = "RUSTSEC-2026", reason = "only in a transport that is not built here" },"#,
    false
)]
#[case::a_crate(r#"{ crate = "axum@0.8.9", reason = "only in a transport that is not built here" },"#, false)]
fn only_an_advisory_with_a_reason_is_an_explained_exception(#[case] exception: &str, #[case] explained: bool) {
    let configuration = format!("[advisories]\nignore = [\n    # Why.\n    {exception}\n]\n\n[bans]\n");
    assert_eq!(exceptions(&configuration), [exception]);
    assert_eq!(is_explained(exception), explained);
}

#[test]
fn advisories_are_checked_every_week_and_with_every_change() {
    let workflow: Value = serde_norway::from_str(WORKFLOW).unwrap();
    let times: Vec<_> = workflow["on"]["schedule"][0]["cron"].as_str().unwrap().split(' ').collect();
    // On one day of the week.
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
