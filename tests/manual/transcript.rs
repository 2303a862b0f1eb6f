//! The commands of a page.

/// A command, and what the page says of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) text: String,
    /// Its line in the page.
    pub(crate) line: usize,
    pub(crate) output: String,
    pub(crate) status: i32,
}

/// The commands in the transcripts of a page, in their order.
pub(crate) fn of(page: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut is_transcript = false;
    for (number, line) in (1..).zip(page.lines()) {
        if line.starts_with("```") {
            is_transcript = !is_transcript && line == "```console";
        } else if !is_transcript {
        } else if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Command { text: text.into(), line: number, output: String::new(), status: 0 });
        } else {
            let command = commands.last_mut().unwrap_or_else(|| panic!("line {number}: output without a command"));
            match (line.strip_prefix("> "), line.strip_prefix("? ").map(str::parse)) {
                (Some(rest), _) if command.output.is_empty() => command.text += &format!("\n{rest}"),
                (_, Some(Ok(status))) => command.status = status,
                _ => command.output += &format!("{line}\n"),
            }
        }
    }
    commands
}

#[test]
fn commands_have_their_continuation_their_output_and_their_status() {
    let page =
        "# Page\n\n```sh\n$ not this\n```\n\n```console\n$ one \\\n>   more\nfirst\n> quoted\n$ two\n? 3\n```\ntext\n";
    let command =
        |text: &str, line, output: &str, status| Command { text: text.into(), line, output: output.into(), status };
    assert_eq!(of(page), [command("one \\\n  more", 8, "first\n> quoted\n", 0), command("two", 12, "", 3)]);
}
