//! What Python writes for numbers that JSON has not: `NaN`, `Infinity` and `-Infinity`.

use std::io::{self, BufRead};

use super::pieces::{Input, Pieces, Reader};

/// JSON that everybody reads. In the place of numbers that are none stands an object of the same length, which no field takes:
/// where nobody reads the value it stops nothing, and where it is read it counts for nothing that could be meant.
pub(super) fn only(input: Input) -> Input {
    Box::new(Reader::new(Finite { input, state: State::default() }))
}

struct Finite {
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

/// `-Infinity`.
const LONGEST_WORD: usize = 9;

impl Pieces for Finite {
    fn next(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        while piece.is_empty() {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                self.state.end_word(piece);
                return Ok(());
            }
            for byte in chunk {
                self.state.push(*byte, piece);
            }
            let length = chunk.len();
            self.input.consume(length);
        }
        Ok(())
    }
}

impl State {
    fn push(&mut self, byte: u8, piece: &mut Vec<u8>) {
        if self.in_string {
            piece.push(byte);
            // No string goes over the end of its line: a line that is none spoils no other.
            self.in_string = byte != b'\n' && (byte != b'"' || self.escaped);
            self.escaped = byte == b'\\' && !self.escaped;
        } else if byte.is_ascii_alphabetic() || byte == b'-' {
            self.word.push(byte);
            if self.word.len() > LONGEST_WORD {
                piece.append(&mut self.word);
            }
        } else {
            self.end_word(piece);
            piece.push(byte);
            (self.in_string, self.escaped) = (byte == b'"', false);
        }
    }

    fn end_word(&mut self, piece: &mut Vec<u8>) {
        piece.extend_from_slice(match self.word.as_slice() {
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
        only(Box::new(BufReader::with_capacity(chunk, Cursor::new(text.to_owned()))))
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
    #[case::behind_a_line_that_ends_in_a_string("\"a\n[NaN]", "\"a\n[{} ]")]
    fn numbers_that_are_none_become_objects(#[case] text: &str, #[case] expected: &str) {
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
        fn json_stays_as_it_is(value in value(), chunk in 1_usize..20) {
            let text = value.to_string();
            prop_assert_eq!(read(&text, chunk), text);
        }
    }
}
