//! Text from elsewhere (users, files, AWS), made safe to print on a terminal. Django's rules allow control characters in some
//! addresses. On a terminal these could write the clipboard, erase or reverse a line, and so change what is asked.

use serde_json::Value;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A text in one line, in which every character that moves or reverses others, or is invisible, is written as `\u{1b}`.
pub(crate) fn text(text: &str) -> String {
    rewrite(text, |c, shown| shown.extend(c.escape_unicode()))
}

/// A document in one line of JSON. Of the characters that [`text`] escapes, JSON itself only escapes the first 32.
pub(crate) fn json(document: &Value) -> String {
    // JSON has none of them outside strings.
    rewrite(&document.to_string(), |c, shown| {
        let mut units = [0; 2];
        shown.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
    })
}

fn rewrite(text: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            escape(c, &mut shown);
        } else {
            shown.push(c);
        }
    }
    shown
}

/// C0, DEL and C1; invisible characters that set the direction of text, join or separate; ends of lines and paragraphs; and
/// letters and marks that are not shown.
fn is_unsafe(c: char) -> bool {
    let by_category = matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    by_category || is_ignorable(c)
}

/// The characters that Unicode says are not shown (`Default_Ignorable_Code_Point`), except those that have such a category.
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
    #[case::a_line_erased_by_csi("\u{1b}[2K\u{1b}[1GDelete bot", r"\u{1b}[2K\u{1b}[1GDelete bot")]
    #[case::csi_in_one_character("\u{9b}2K", r"\u{9b}2K")]
    #[case::ends_of_lines("a\rb\nc\u{85}d\u{2028}e\u{2029}f", r"a\u{d}b\u{a}c\u{85}d\u{2028}e\u{2029}f")]
    #[case::backspace_tab_and_del("a\u{8}\t\u{7f}", r"a\u{8}\u{9}\u{7f}")]
    #[case::reversed_text("\u{202e}moc.elpmaxe\u{202c}", r"\u{202e}moc.elpmaxe\u{202c}")]
    #[case::isolated_text("\u{2067}ada\u{2069}", r"\u{2067}ada\u{2069}")]
    #[case::marks_of_direction("\u{200e}\u{200f}\u{61c}", r"\u{200e}\u{200f}\u{61c}")]
    #[case::invisible_characters("a\u{200b}d\u{feff}a\u{ad}\u{e0041}", r"a\u{200b}d\u{feff}a\u{ad}\u{e0041}")]
    #[case::invisible_letters("a\u{3164}d\u{ffa0}a\u{115f}\u{1160}", r"a\u{3164}d\u{ffa0}a\u{115f}\u{1160}")]
    #[case::invisible_vowels("\u{17b4}\u{17b5}", r"\u{17b4}\u{17b5}")]
    #[case::a_grapheme_joiner("a\u{34f}da", r"a\u{34f}da")]
    #[case::mongolian_selectors("\u{180b}\u{180d}\u{180e}\u{180f}", r"\u{180b}\u{180d}\u{180e}\u{180f}")]
    #[case::variation_selectors("a\u{fe00}\u{fe0f}\u{e0100}\u{e01ef}", r"a\u{fe00}\u{fe0f}\u{e0100}\u{e01ef}")]
    #[case::reserved_code_points("\u{2065}\u{fff0}\u{fff8}\u{e0fff}", r"\u{2065}\u{fff0}\u{fff8}\u{e0fff}")]
    fn characters_that_change_a_line_are_escaped(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(super::text(text), expected);
        assert_eq!(super::text(expected), expected);
    }

    #[rstest]
    #[case::letters_of_any_script("Ада, 愛達, עדה, e\u{301}, 에이다, 🦀")]
    #[case::signs("\"a b\\c\"@[2001:db8::1]")]
    fn other_characters_stay(#[case] text: &str) {
        assert_eq!(super::text(text), text);
    }

    #[test]
    fn escaped_json_is_equal_json_without_control_characters() {
        let document = json!({ "a\u{7f}": ["\u{1b}[2K\u{9b}1m", "\u{202e}\u{e0041}", "é\"\\"] });
        let line = json(&document);
        assert_eq!(line, r#"{"a\u007f":["\u001b[2K\u009b1m","\u202e\udb40\udc41","é\"\\"]}"#);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), document);
    }
}
