//! Numbers that Python writes and JSON does not have: `NaN`, `Infinity` and `-Infinity`.

use std::io::{self, BufRead};

use super::chunks::{Chunks, Input, Reader};

/// Replaces each such number by an object of the same length, which no field accepts. So the text is valid JSON with the same
/// positions, the number does not matter where nobody reads it, and it is rejected where it is read.
pub(super) fn replace(input: Input) -> Input {
    Box::new(Reader::new(Replacer { input, state: State::default() }))
}

struct Replacer {
    input: Input,
    state: State,
}

/// What was read last.
#[derive(Debug, Default)]
struct State {
    in_string: bool,
    escaped: bool,
    /// Letters outside of strings.
    word: Vec<u8>,
}

/// The length of `-Infinity`.
const LONGEST_WORD: usize = 9;

impl Chunks for Replacer {
    fn next(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        while chunk.is_empty() {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                self.state.end_word(chunk);
                return Ok(());
            }
            for byte in bytes {
                self.state.push(*byte, chunk);
            }
            let length = bytes.len();
            self.input.consume(length);
        }
        Ok(())
    }
}

impl State {
    fn push(&mut self, byte: u8, chunk: &mut Vec<u8>) {
        if self.in_string {
            chunk.push(byte);
            // A string ends with its line at the latest, so that a broken line does not affect the next one.
            self.in_string = byte != b'\n' && (byte != b'"' || self.escaped);
            self.escaped = byte == b'\\' && !self.escaped;
        } else if byte.is_ascii_alphabetic() || byte == b'-' {
            self.word.push(byte);
            if self.word.len() > LONGEST_WORD {
                chunk.append(&mut self.word);
            }
        } else {
            self.end_word(chunk);
            chunk.push(byte);
            (self.in_string, self.escaped) = (byte == b'"', false);
        }
    }

    fn end_word(&mut self, chunk: &mut Vec<u8>) {
        chunk.extend_from_slice(match self.word.as_slice() {
            b"NaN" => b"{} ",
            b"Infinity" => b"{}      ",
            b"-Infinity" => b"{}       ",
            word => word,
        });
        self.word.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read};

    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    /// Reads a text that comes in chunks of so many bytes.
    fn read(text: &str, chunk: usize) -> String {
        let mut read = String::new();
        replace(Box::new(BufReader::with_capacity(chunk, Cursor::new(text.to_owned()))))
            .read_to_string(&mut read)
            .unwrap();
        read
    }

    #[rstest]
    #[case::between_others("[1, NaN,Infinity , -Infinity, -1, null]", "[1, {} ,{}       , {}       , -1, null]")]
    #[case::as_a_member("{\"a\": NaN}", "{\"a\": {} }")]
    #[case::alone("NaN", "{} ")]
    #[case::in_strings(
        "[\"NaN\", \"-Infinity\\\" NaN\", \"\\\\\", NaN]",
        "[\"NaN\", \"-Infinity\\\" NaN\", \"\\\\\", {} ]"
    )]
    #[case::in_longer_words("[NaNa, Infinityx, -NaN, nan]", "[NaNa, Infinityx, -NaN, nan]")]
    #[case::after_a_line_that_ends_in_a_string("\"a\n[NaN]", "\"a\n[{} ]")]
    fn numbers_that_are_not_json_become_objects(#[case] text: &str, #[case] expected: &str) {
        for chunk in 1..=text.len() {
            assert_eq!(read(text, chunk), expected, "in chunks of {chunk}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            "(NaN|-Infinity|\"|\\\\){0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                (".{0,4}", inner).prop_map(|(name, value)| json!({ name: value })),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_is_not_changed(value in value(), chunk in 1_usize..20) {
            let text = value.to_string();
            prop_assert_eq!(read(&text, chunk), text);
        }
    }
}
