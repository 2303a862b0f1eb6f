//! The text of a file: unpacked, and in UTF-8 without a mark before it.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::{
    opening::Odd,
    pieces::{Input, Pieces, Reader},
};

/// Files that no text is in, by their first bytes.
const BINARIES: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a ZIP archive, which is to be unpacked first"),
    (b"BZh", "compressed with bzip2, which is to be unpacked first"),
    (b"\xfd7zXZ", "compressed with xz, which is to be unpacked first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd, which is to be unpacked first"),
    (b"SQLite", "a database of SQLite"),
    (b"PGDMP", "a dump of PostgreSQL"),
    (b"\x1f\x8b", "compressed twice, and is to be unpacked first"),
];

/// So many bytes tell what a file is.
const HEAD_BYTES: u64 = 6;

/// How long a piece of text is at least, but for the last one.
const PIECE_BYTES: usize = 8_192;

/// The text of a file, which may be in gzip, in UTF-8 with a mark, or in UTF-16 as PowerShell writes it.
pub(super) fn of(input: Input) -> Result<Input, Odd> {
    let (head, rest) = peek(input)?;
    let whole = joined(&head, rest);
    if head.starts_with(b"\x1f\x8b") {
        return decoded(Box::new(BufReader::new(MultiGzDecoder::new(whole))));
    }
    decoded(whole)
}

fn decoded(input: Input) -> Result<Input, Odd> {
    let (head, rest) = peek(input)?;
    if let Some(&(_, what)) = BINARIES.iter().find(|(start, _)| head.starts_with(start)) {
        return Err(Odd::Named(what));
    }
    Ok(match head.as_slice() {
        [0xef, 0xbb, 0xbf, text @ ..] => joined(text, rest),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => return Err(Odd::Named("text in UTF-32")),
        [0xff, 0xfe, text @ ..] => utf_16(joined(text, rest), u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf_16(joined(text, rest), u16::from_be_bytes),
        // Without a mark: JSON begins with a character of ASCII, and holds no NUL.
        [1..=255, 0, ..] => utf_16(joined(&head, rest), u16::from_le_bytes),
        [0, 1..=255, ..] => utf_16(joined(&head, rest), u16::from_be_bytes),
        _ => joined(&head, rest),
    })
}

/// The first bytes, and the rest behind them.
fn peek(mut input: Input) -> io::Result<(Vec<u8>, Input)> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok((head, input))
}

/// These bytes, and the rest behind them.
pub(super) fn joined(head: &[u8], rest: Input) -> Input {
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

impl Pieces for Utf16 {
    fn next(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        while piece.len() < PIECE_BYTES {
            let Some(character) = self.character()? else { break };
            piece.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
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
            _ => Err(half_a_character()),
        }
    }

    fn unit(&mut self) -> io::Result<u16> {
        let mut bytes = [0; 2];
        match self.input.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(half_a_character()),
            result => result.map(|()| (self.unit)(bytes)),
        }
    }
}

fn half_a_character() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "half a character of UTF-16")
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

    fn read(bytes: Vec<u8>) -> Result<String, Odd> {
        let mut text = String::new();
        of(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[rstest]
    #[case::as_it_is(TEXT.into())]
    #[case::with_a_mark(format!("\u{feff}{TEXT}").into())]
    #[case::utf_16_as_powershell_writes_it(utf_16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes))]
    #[case::utf_16_the_other_way_round(utf_16(&format!("\u{feff}{TEXT}"), u16::to_be_bytes))]
    #[case::utf_16_without_a_mark(utf_16(TEXT, u16::to_le_bytes))]
    #[case::utf_16_without_a_mark_the_other_way_round(utf_16(TEXT, u16::to_be_bytes))]
    #[case::gzip(gzip(TEXT.as_bytes()))]
    #[case::gzip_in_two_members([gzip(&TEXT.as_bytes()[..5]), gzip(&TEXT.as_bytes()[5..])].concat())]
    #[case::gzip_of_utf_16(gzip(&utf_16(&format!("\u{feff}{TEXT}"), u16::to_le_bytes)))]
    fn a_text_is_the_same_however_it_is_kept(#[case] bytes: Vec<u8>) {
        assert_eq!(read(bytes).unwrap(), TEXT);
    }

    #[rstest]
    #[case::empty("")]
    #[case::of_two_bytes("[]")]
    fn a_short_text_is_whole(#[case] text: &str) {
        assert_eq!(read(text.into()).unwrap(), text);
    }

    #[test]
    fn a_long_text_in_utf_16_is_whole() {
        let text = TEXT.repeat(5_000);
        assert_eq!(read(utf_16(&text, u16::to_le_bytes)).unwrap(), text);
    }

    #[rstest]
    #[case::half_a_pair(&[b'[', 0, 0x00, 0xd8, b']', 0])]
    #[case::half_a_unit(&[b'[', 0, b']'])]
    fn broken_utf_16_is_told_and_not_mended(#[case] bytes: &[u8]) {
        assert!(matches!(read(bytes.into()), Err(Odd::Unreadable(_))));
    }

    #[rstest]
    #[case::cut_off(gzip(TEXT.as_bytes())[..20].to_vec())]
    #[case::changed([&gzip(TEXT.as_bytes())[..15], &[0xff; 20]].concat())]
    fn broken_gzip_is_told(#[case] bytes: Vec<u8>) {
        assert!(matches!(read(bytes), Err(Odd::Unreadable(_))));
    }

    #[rstest]
    #[case::zip(b"PK\x03\x04\x14\0\0\0")]
    #[case::sqlite(b"SQLite format 3\0")]
    #[case::postgres(b"PGDMP\x01\x0e\0")]
    #[case::utf_32(b"\xff\xfe\0\0[\0\0\0")]
    fn what_is_no_text_is_named(#[case] bytes: &[u8]) {
        assert!(matches!(read(bytes.into()), Err(Odd::Named(_))));
    }

    #[test]
    fn what_is_compressed_twice_is_named() {
        assert!(matches!(read(gzip(&gzip(TEXT.as_bytes()))), Err(Odd::Named(_))));
    }
}
