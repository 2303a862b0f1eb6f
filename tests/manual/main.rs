//! The manual: its transcripts are run, page by page, each page against a fresh local stack, and show what the pages say.
//!
//! A transcript is a block ```` ```console ````. A line that begins with `$ ` is a command and one with `> ` goes on with it; the
//! rest is its output, standard error included, in which `[..]` stands for anything within a line and `...` alone for any number of
//! lines. A last line such as `? 1` is the exit status, which is 0 otherwise.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, their helpers too"
)]

mod output;
mod pages;
mod shell;
mod transcript;

use rstest::rstest;
use shell::Shell;
use transcript::Command;

#[rstest]
#[case::readme("README.md")]
#[case::tutorial("docs/tutorial.md")]
#[case::operations("docs/operations.md")]
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_a_page_print_what_it_shows(#[case] page: &str) {
    let commands = transcript::of(&pages::read(page));
    assert!(!commands.is_empty(), "{page} has no transcript");
    let results = Shell::start().await.run(&commands);
    let differs = |(command, (output, status)): &(&Command, (String, i32))| {
        !output::matches(&command.output, output) || *status != command.status
    };
    let differences = commands.iter().zip(results).filter(differs).map(|(command, (output, status))| {
        let Command { text, line, output: expected, status: expected_status } = command;
        format!(
            "{page}, line {line}: $ {text}\n--- the page has, with status {expected_status}:\n{expected}\
             --- it printed, with status {status}:\n{output}"
        )
    });
    let differences: Vec<_> = differences.collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_page_with_a_transcript_is_run() {
    let with_transcripts: Vec<_> =
        pages::all().into_iter().filter(|page| !transcript::of(&pages::read(page)).is_empty()).collect();
    assert_eq!(with_transcripts, ["README.md", "docs/operations.md", "docs/tutorial.md"]);
}

#[test]
fn the_readme_is_short_and_every_page_has_one_title() {
    assert!(pages::read("README.md").lines().count() <= 150);
    for page in pages::all() {
        let mut is_code = false;
        let titles = pages::read(&page)
            .lines()
            .filter(|line| {
                is_code ^= line.starts_with("```");
                !is_code && line.starts_with("# ")
            })
            .count();
        assert_eq!(titles, 1, "{page}");
    }
}
