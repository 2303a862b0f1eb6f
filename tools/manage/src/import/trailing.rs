//! Text after the users of a dump, such as output of a shell or a warning. A second dump must not be taken for such text, since
//! its users would be lost.

use std::io::Read;

use serde_json::Value;

use super::{
    chunks::Input,
    detect::{Line, trim_bom},
};
use crate::Failure;

/// The longest text after a list, in bytes.
const MAX_TEXT: u64 = 65_536;

/// Whether there is text after a list.
///
/// # Errors
/// There is anything else, or it cannot be read.
pub(super) fn after_list(input: Input) -> Result<bool, Failure> {
    let mut text = Vec::new();
    let read = input.take(MAX_TEXT).read_to_end(&mut text);
    read.map_err(|error| format!("cannot be read to its end: {error}"))?;
    let mut lines = text.split(|byte| *byte == b'\n');
    if continues_json(&text) || !lines.all(is_plain) || text.len() as u64 == MAX_TEXT {
        return Err(Failure::new("more data after the list", "import one dump at a time"));
    }
    Ok(!text.trim_ascii().is_empty())
}

/// Whether a line is text that may come after lines of objects.
pub(super) fn is_text(line: &[u8]) -> bool {
    !continues_json(line) && is_plain(line)
}

/// Whether this can be the rest of a JSON document.
fn continues_json(text: &[u8]) -> bool {
    matches!(trim_bom(text), [b',' | b']' | b'}' | b'{' | b'"' | b':', ..])
}

/// Whether a line has nothing of a dump, in any encoding.
fn is_plain(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    Line::of(line, true) == Line::Text && !text.contains('\0') && !is_json(line) && !names_a_model(text)
}

fn is_json(line: &[u8]) -> bool {
    let value = serde_json::from_slice::<Value>(trim_bom(line));
    value.is_ok_and(|value| value.is_array() || value.is_object())
}

/// Whether a text has the key that every entry has, as it is, or in its bytes, where UTF-8 was decoded as UTF-16.
fn names_a_model(text: &str) -> bool {
    let has_name = |bytes: &[u8]| bytes.windows(b"\"model\"".len()).any(|word| word == b"\"model\"");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    has_name(text.as_bytes()) || has_name(&little) || has_name(&big)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use rstest::rstest;

    use super::*;

    const DUMP: &str = "[{\"model\": \"auth.user\"}]\r\n";

    fn trailing(text: &[u8]) -> Option<bool> {
        after_list(Box::new(Cursor::new(text.to_owned()))).ok()
    }

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[rstest]
    #[case::nothing("", false)]
    #[case::blank(" \r\n\n", false)]
    #[case::a_prompt("\n[ada@host shop]$ ", true)]
    #[case::a_log("\n[2026-01-01 12:00] INFO {}\nDone: 2 objects.\n", true)]
    #[case::a_sentence("\nFertig: 2 Einträge…\n", true)]
    fn text_after_a_list_is_skipped(#[case] text: &str, #[case] is_text: bool) {
        assert_eq!(trailing(text.as_bytes()), Some(is_text));
    }

    #[rstest]
    #[case::a_dump(DUMP.as_bytes().to_vec())]
    #[case::a_dump_after_a_byte_order_mark(format!("\n\u{feff}{DUMP}").into_bytes())]
    #[case::a_dump_in_utf_16(utf_16(&format!("\u{feff}{DUMP}"), u16::to_le_bytes))]
    #[case::a_dump_in_utf_16_without_a_byte_order_mark(utf_16(DUMP, u16::to_le_bytes))]
    #[case::a_dump_in_big_endian_utf_16(utf_16(DUMP, u16::to_be_bytes))]
    #[case::nul(b"\nDone\0".to_vec())]
    #[case::bytes_that_are_not_text(b"\nTermin\xe9".to_vec())]
    #[case::a_list_of_other_things(b"\n[1, 2]\n".to_vec())]
    #[case::an_object(b"\nDone:\n{ }".to_vec())]
    #[case::an_end_of_json(b"}]".to_vec())]
    #[case::more_than_a_shell_leaves("Done.\n".repeat(20_000).into_bytes())]
    fn anything_like_a_dump_is_an_error(#[case] text: Vec<u8>) {
        assert_eq!(trailing(&text), None);
    }

    #[rstest]
    #[case::little(u16::from_le_bytes)]
    #[case::big(u16::from_be_bytes)]
    fn a_dump_that_was_decoded_wrongly_is_an_error(#[case] unit: fn([u8; 2]) -> u16) {
        let units: Vec<_> = DUMP.as_bytes().chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        let text = String::from_utf16(&units).unwrap();
        assert_eq!(trailing(text.as_bytes()), None);
    }

    #[rstest]
    #[case::a_sentence("Done: 1", true)]
    #[case::a_log("[2026-01-01 12:00] INFO ended", true)]
    #[case::a_list("[5, 6]", false)]
    #[case::a_truncated_object("{\"model\": \"auth.user\", \"pk\": 2, \"fie", false)]
    #[case::an_object_without_its_beginning("el\": 5, \"model\": \"auth.user\"}", false)]
    #[case::an_end_of_an_object("\"email\": \"ada@example.com\"}}", false)]
    fn a_line_is_text_if_it_is_no_part_of_an_object(#[case] line: &str, #[case] expected: bool) {
        assert_eq!(is_text(line.as_bytes()), expected);
    }
}
