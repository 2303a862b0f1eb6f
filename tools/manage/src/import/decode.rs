//! Decodes a file: decompressed, in UTF-8, and without a byte order mark.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::{
    chunks::{Chunks, Input, Reader},
    detect::Unrecognized,
};

/// Files that are not text, by their first bytes.
const BINARIES: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a ZIP archive (unpack it first)"),
    (b"BZh", "data compressed with bzip2 (decompress it first)"),
    (b"\xfd7zXZ", "data compressed with xz (decompress it first)"),
    (b"\x28\xb5\x2f\xfd", "data compressed with zstd (decompress it first)"),
    (b"SQLite", "an SQLite database"),
    (b"PGDMP", "a PostgreSQL dump"),
    (b"\x1f\x8b", "data compressed twice (decompress it first)"),
];

/// How many bytes are enough to identify a file.
const HEAD_BYTES: u64 = 6;

/// The shortest chunk of text, except for the last one.
const CHUNK_BYTES: usize = 8_192;

/// The text of a file, which may be compressed with gzip, and in UTF-8 with a byte order mark, or in UTF-16 as PowerShell writes it.
pub(super) fn decode(input: Input) -> Result<Input, Unrecognized> {
    let (head, rest) = peek(input)?;
    let whole = prepend(&head, rest);
    if head.starts_with(b"\x1f\x8b") {
        return to_utf_8(Box::new(BufReader::new(MultiGzDecoder::new(whole))));
    }
    to_utf_8(whole)
}

fn to_utf_8(input: Input) -> Result<Input, Unrecognized> {
    let (head, rest) = peek(input)?;
    if let Some(&(_, what)) = BINARIES.iter().find(|(start, _)| head.starts_with(start)) {
        return Err(Unrecognized::Named(what));
    }
    Ok(match head.as_slice() {
        [0xef, 0xbb, 0xbf, text @ ..] => prepend(text, rest),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err(Unrecognized::Named("UTF-32 text")),
        [0xff, 0xfe, text @ ..] => utf_16(prepend(text, rest), u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf_16(prepend(text, rest), u16::from_be_bytes),
        // Without a byte order mark: JSON begins with an ASCII character and has no NUL.
        [1..=255, 0, ..] => utf_16(prepend(&head, rest), u16::from_le_bytes),
        [0, 1..=255, ..] => utf_16(prepend(&head, rest), u16::from_be_bytes),
        _ => prepend(&head, rest),
    })
}

/// The first bytes, and the rest.
fn peek(mut input: Input) -> io::Result<(Vec<u8>, Input)> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok((head, input))
}

/// These bytes, followed by the rest.
pub(super) fn prepend(head: &[u8], rest: Input) -> Input {
    Box::new(Cursor::new(head.to_vec()).chain(rest))
}

fn utf_16(input: Input, unit: fn([u8; 2]) -> u16) -> Input {
    Box::new(Reader::new(Utf16 { input, unit }))
}

/// Text in UTF-16.
struct Utf16 {
    input: Input,
    unit: fn([u8; 2]) -> u16,
}

impl Chunks for Utf16 {
    fn next(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        while chunk.len() < CHUNK_BYTES {
            let Some(character) = self.character()? else { break };
            chunk.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        Ok(())
    }
}

impl Utf16 {
    fn character(&mut self) -> io::Result<Option<char>> {
        if self.input.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let first = self.unit()?;
        let second = if (0xd800..0xdc00).contains(&first) { Some(self.unit()?) } else { None };
        let mut characters = char::decode_utf16([first].into_iter().chain(second));
        match characters.next() {
            Some(Ok(character)) => Ok(Some(character)),
            _ => Err(incomplete_character()),
        }
    }

    fn unit(&mut self) -> io::Result<u16> {
        let mut bytes = [0; 2];
        match self.input.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(incomplete_character()),
            result => result.map(|()| (self.unit)(bytes)),
        }
    }
}

fn incomplete_character() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "incomplete UTF-16 character")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use rstest::rstest;

    use super::*;

    const TEXT: &str = "[{\"name\": \"Ада 🐎\"}]\r\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn utf_16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    fn read(bytes: Vec<u8>) -> Result<String, Unrecognized> {
        let mut text = String::new();
        decode(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[rstest]
    #[case::as_it_is(TEXT.into())]
    #[case::with_a_byte_order_mark(format!("\u{feff}{TEXT}").into())]
    #[case::utf_16_as_powershell_writes_it(utf_16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes))]
    #[case::big_endian_utf_16(utf_16(&format!("\u{feff}{TEXT}"), u16::to_be_bytes))]
    #[case::utf_16_without_a_byte_order_mark(utf_16(TEXT, u16::to_le_bytes))]
    #[case::big_endian_utf_16_without_a_byte_order_mark(utf_16(TEXT, u16::to_be_bytes))]
    #[case::gzip(gzip(TEXT.as_bytes()))]
    #[case::gzip_in_two_members([gzip(&TEXT.as_bytes()[..5]), gzip(&TEXT.as_bytes()[5..])].concat())]
    #[case::gzip_of_utf_16(gzip(&utf_16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes)))]
    fn a_text_is_the_same_in_every_encoding(#[case] bytes: Vec<u8>) {
        assert_eq!(read(bytes).unwrap(), TEXT);
    }

    #[rstest]
    #[case::empty("")]
    #[case::of_two_bytes("[]")]
    fn a_short_text_is_complete(#[case] text: &str) {
        assert_eq!(read(text.into()).unwrap(), text);
    }

    #[test]
    fn a_long_text_in_utf_16_is_complete() {
        let text = TEXT.repeat(5_000);
        assert_eq!(read(utf_16(&text, u16::to_le_bytes)).unwrap(), text);
    }

    #[rstest]
    #[case::half_a_pair(&[b'[', 0, 0x00, 0xd8, b']', 0])]
    #[case::half_a_unit(&[b'[', 0, b']'])]
    fn broken_utf_16_is_an_error(#[case] bytes: &[u8]) {
        assert!(matches!(read(bytes.into()), Err(Unrecognized::Unreadable(_))));
    }

    #[rstest]
    #[case::truncated(gzip(TEXT.as_bytes())[..20].to_vec())]
    #[case::changed([&gzip(TEXT.as_bytes())[..15], &[0xff; 20]].concat())]
    fn broken_gzip_is_an_error(#[case] bytes: Vec<u8>) {
        assert!(matches!(read(bytes), Err(Unrecognized::Unreadable(_))));
    }

    #[rstest]
    #[case::zip(b"PK\x03\x04\x14\0\0\0")]
    #[case::sqlite(b"SQLite format 3\0")]
    #[case::postgres(b"PGDMP\x01\x0e\0")]
    #[case::utf_32(b"\xff\xfe\0\0[\0\0\0")]
    fn a_file_that_is_not_text_is_named(#[case] bytes: &[u8]) {
        assert!(matches!(read(bytes.into()), Err(Unrecognized::Named(_))));
    }

    #[test]
    fn a_file_that_is_compressed_twice_is_named() {
        assert!(matches!(read(gzip(&gzip(TEXT.as_bytes()))), Err(Unrecognized::Named(_))));
    }
}
