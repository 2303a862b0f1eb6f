//! Text from elsewhere (users, files, AWS), as a terminal may have it. Addresses hold control characters where Django's rules
//! let them, and on a terminal these write the clipboard, wipe out a line or turn it around, and change what is asked.

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde_json::Value;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A text in one line whose characters stay where they are: what moves others, turns them around or cannot be seen is
/// written as `\u{1b}`.
pub(crate) fn escaped(text: &str) -> String {
    rewritten(text, |c, shown| shown.extend(c.escape_unicode()))
}

/// A document in one line of JSON. Of what [`escaped`] writes otherwise, JSON itself escapes the first 32 characters alone.
pub(crate) fn json(document: &Value) -> String {
    // Outside of strings JSON has none of them.
    rewritten(&document.to_string(), |c, shown| {
        let mut units = [0; 2];
        shown.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
    })
}

/// A time as RFC 3339 has it, in UTC.
pub(crate) fn time(seconds: u64) -> Option<String> {
    DateTime::from_secs(seconds.try_into().ok()?).fmt(DateTimeFormat::DateTime).ok()
}

fn rewritten(text: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if changes_a_line(c) {
            escape(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    shown
}

/// C0, DEL and C1; what sets the direction of text, joins or parts without being seen; ends of lines and paragraphs; and
/// letters and marks that nobody sees.
fn changes_a_line(c: char) -> bool {
    let by_category = matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    by_category || is_ignorable(c)
}

/// What Unicode says is not shown (`Default_Ignorable_Code_Point`), but for what its category tells already.
/// <https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt>
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2065}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::the_clipboard_by_osc_52("\u{1b}]52;c;cHduZWQ=\u{7}", r"\u{1b}]52;c;cHduZWQ=\u{7}")]
    #[case::a_line_wiped_out_by_csi("\u{1b}[2K\u{1b}[1GDelete bot", r"\u{1b}[2K\u{1b}[1GDelete bot")]
    #[case::csi_in_one_character("\u{9b}2K", r"\u{9b}2K")]
    #[case::ends_of_lines("a\rb\nc\u{85}d\u{2028}e\u{2029}f", r"a\u{d}b\u{a}c\u{85}d\u{2028}e\u{2029}f")]
    #[case::backspace_tab_and_del("a\u{8}\t\u{7f}", r"a\u{8}\u{9}\u{7f}")]
    #[case::text_turned_around("\u{202e}moc.elpmaxe\u{202c}", r"\u{202e}moc.elpmaxe\u{202c}")]
    #[case::text_that_is_isolated("\u{2067}ada\u{2069}", r"\u{2067}ada\u{2069}")]
    #[case::marks_of_direction("\u{200e}\u{200f}\u{61c}", r"\u{200e}\u{200f}\u{61c}")]
    #[case::what_nobody_sees("a\u{200b}d\u{feff}a\u{ad}\u{e0041}", r"a\u{200b}d\u{feff}a\u{ad}\u{e0041}")]
    #[case::letters_that_nobody_sees("a\u{3164}d\u{ffa0}a\u{115f}\u{1160}", r"a\u{3164}d\u{ffa0}a\u{115f}\u{1160}")]
    #[case::vowels_that_nobody_sees("\u{17b4}\u{17b5}", r"\u{17b4}\u{17b5}")]
    #[case::a_joiner_that_joins_nothing("a\u{34f}da", r"a\u{34f}da")]
    #[case::selectors_of_mongolian("\u{180b}\u{180d}\u{180e}\u{180f}", r"\u{180b}\u{180d}\u{180e}\u{180f}")]
    #[case::selectors_of_variants("a\u{fe00}\u{fe0f}\u{e0100}\u{e01ef}", r"a\u{fe00}\u{fe0f}\u{e0100}\u{e01ef}")]
    #[case::what_is_kept_for_such("\u{2065}\u{fff0}\u{fff8}\u{e0fff}", r"\u{2065}\u{fff0}\u{fff8}\u{e0fff}")]
    fn what_changes_a_line_is_written_out(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(escaped(text), expected);
        assert_eq!(escaped(expected), expected);
    }

    #[rstest]
    #[case::letters_of_any_script("Ада, 愛達, עדה, e\u{301}, 에이다, 🦀")]
    #[case::signs("\"a b\\c\"@[2001:db8::1]")]
    fn everything_else_stays(#[case] text: &str) {
        assert_eq!(escaped(text), text);
    }

    #[test]
    fn a_document_says_the_same_to_a_program_and_nothing_to_a_terminal() {
        let document = json!({ "a\u{7f}": ["\u{1b}[2K\u{9b}1m", "\u{202e}\u{e0041}", "é\"\\"] });
        let line = json(&document);
        assert_eq!(line, r#"{"a\u007f":["\u001b[2K\u009b1m","\u202e\udb40\udc41","é\"\\"]}"#);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), document);
    }
}
