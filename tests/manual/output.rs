//! Whether a command printed what a page shows.

/// Whether an output is as a page has it.
pub(crate) fn matches(expected: &str, output: &str) -> bool {
    let (expected, output): (Vec<_>, Vec<_>) = (expected.lines().collect(), output.lines().collect());
    lines_match(&expected, &output)
}

fn lines_match(expected: &[&str], output: &[&str]) -> bool {
    match (expected, output) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=output.len()).any(|skipped| lines_match(rest, &output[skipped..])),
        ([line, expected @ ..], [printed, output @ ..]) => line_matches(line, printed) && lines_match(expected, output),
        _ => false,
    }
}

fn line_matches(expected: &str, line: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == line,
        Some((start, rest)) => line.strip_prefix(start).is_some_and(|line| {
            let ends = line.char_indices().map(|(end, _)| end).chain([line.len()]);
            ends.into_iter().any(|end| line_matches(rest, &line[end..]))
        }),
    }
}

#[test]
fn placeholders_stand_for_anything_and_the_rest_for_itself() {
    assert!(matches("a\nb [..] d\n", "a\nb c d\n"));
    assert!(matches("id [..], name [..]\n", "id 1, name ada\n"));
    assert!(matches("[..]\n", "\n"));
    assert!(matches("a\n...\nz\n", "a\nz\n") && matches("...\nz\n", "a\nb\nz\n"));
    assert!(!matches("a\n", "b\n") && !matches("a\n", "a\nb\n") && !matches("a\nb\n", "a\n"));
    assert!(!matches("a [..] c\n", "a b\n") && !matches("...\nz\n", "a\n"));
}
