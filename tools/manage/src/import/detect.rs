//! Detects where the users of a file begin, or what the file is if it has none.

use std::io::{self, BufRead};

use super::{
    chunks::Input,
    decode::{decode, prepend},
};
use crate::Failure;

/// The layout of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One list of users.
    List,
    /// A user per line.
    Lines,
}

/// A file with users.
pub(super) struct Detected {
    pub(super) shape: Shape,
    /// Lines of text before the users.
    before: Vec<u8>,
    /// Everything from the first user on.
    users: Input,
}

impl Detected {
    /// How many lines of text are before the users.
    pub(super) fn lines_before(&self) -> usize {
        self.before.split(|byte| *byte == b'\n').filter(|line| !trim_bom(line).is_empty()).count()
    }

    /// The users, after as many empty lines as there are lines before them, so that lines keep their numbers.
    pub(super) fn users(self) -> Input {
        let empty: Vec<_> = self.before.into_iter().filter(|byte| *byte == b'\n').collect();
        prepend(&empty, self.users)
    }

    /// The users with the text before them.
    pub(super) fn all(self) -> Input {
        prepend(&self.before, self.users)
    }
}

/// A line without blanks around it, and without a byte order mark, which each part of a concatenated file may have.
pub(super) fn trim_bom(line: &[u8]) -> &[u8] {
    line.strip_prefix(BOM).unwrap_or(line).trim_ascii()
}

/// U+FEFF in UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// A file without users.
#[derive(Debug)]
pub(super) enum Unrecognized {
    /// It cannot be read or decompressed.
    Unreadable(io::Error),
    /// It is of another known kind.
    Named(&'static str),
    /// It is of no known kind.
    Unknown,
}

impl From<io::Error> for Unrecognized {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl Unrecognized {
    /// Why a file is not what was expected, with a hint where to get that.
    pub(super) fn failure(&self, expected: &str, hint: &str) -> Failure {
        match self {
            Self::Unreadable(error) => format!("cannot be read: {error}").into(),
            Self::Named(what) => Failure::new(format!("found {what}, expected {expected}"), hint),
            Self::Unknown => Failure::new(format!("not {expected}"), hint),
        }
    }
}

/// How many bytes of text may come before the users.
const MAX_TEXT: usize = 65_536;

/// Beginnings of lines that no file with users has, in lower case, and what such a file is.
const SIGNS: [(&[u8], &str); 13] = [
    (b"<?xml", "XML"),
    (b"<django-objects", "XML"),
    (b"<!doctype", "HTML"),
    (b"- model:", "YAML"),
    (b"- fields:", "YAML"),
    (b"- pk:", "YAML"),
    (b"pragma ", "SQL"),
    (b"insert into ", "SQL"),
    (b"create table ", "SQL"),
    (b"begin transaction", "SQL"),
    (b"-- postgresql", "SQL"),
    (b"-- mysql", "SQL"),
    (b"-- mariadb", "SQL"),
];

/// Finds the users of a file in any encoding. No more is read than that takes.
pub(super) fn detect(input: Input) -> Result<Detected, Unrecognized> {
    let mut input = decode(input)?;
    let mut head = Vec::new();
    loop {
        let chunk = input.fill_buf()?;
        let length = chunk.len();
        head.extend_from_slice(chunk);
        input.consume(length);
        let is_all = length == 0 || head.len() >= MAX_TEXT;
        if let Some((start, shape)) = start(&head, is_all)? {
            let (before, users) = head.split_at_checked(start).ok_or(Unrecognized::Unknown)?;
            let users = prepend(users.strip_prefix(BOM).unwrap_or(users), input);
            return Ok(Detected { shape, before: before.into(), users });
        }
        if is_all {
            return Err(identify(&head));
        }
    }
}

/// Where the users begin in the first bytes of a file; none if they do not begin there, or if more bytes are needed.
fn start(head: &[u8], is_all: bool) -> Result<Option<(usize, Shape)>, Unrecognized> {
    let mut start = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        match Line::of(line, is_all || line.ends_with(b"\n")) {
            Line::Users(shape) => return Ok(Some((start, shape))),
            Line::Other(what) => return Err(Unrecognized::Named(what)),
            Line::Undecided => return Ok(None),
            Line::Text => start += line.len(),
        }
    }
    Ok(None)
}

/// What a line is, judged by its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// The first users.
    Users(Shape),
    /// The beginning of something else.
    Other(&'static str),
    /// Text, or an empty line.
    Text,
    /// More bytes are needed.
    Undecided,
}

impl Line {
    pub(super) fn of(line: &[u8], is_whole: bool) -> Self {
        match trim_bom(line) {
            [b'[', rest @ ..] => match rest.trim_ascii_start() {
                [b'{' | b']', ..] => Self::Users(Shape::List),
                [] if is_whole => Self::Users(Shape::List),
                [] => Self::Undecided,
                // A date or a level, as loggers write it.
                _ => Self::Text,
            },
            [b'{', rest @ ..] => match rest.trim_ascii_start() {
                [b'"', ..] => Self::Users(Shape::Lines),
                [] | [b'}'] if !is_whole => Self::Undecided,
                // An entry, though without a user.
                [b'}'] => Self::Users(Shape::Lines),
                [b'}', ..] | [] => Self::Other("a JSON object of several lines"),
                _ => Self::Text,
            },
            _ if !is_whole => Self::Undecided,
            text => {
                let is_sign =
                    |sign: &[u8]| text.get(..sign.len()).is_some_and(|start| start.eq_ignore_ascii_case(sign));
                SIGNS.iter().find(|(sign, _)| is_sign(sign)).map_or(Self::Text, |&(_, what)| Self::Other(what))
            }
        }
    }
}

/// What a file without users is.
fn identify(head: &[u8]) -> Unrecognized {
    let Some(first) = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()) else {
        return if head.len() < MAX_TEXT { Unrecognized::Named("an empty file") } else { Unrecognized::Unknown };
    };
    // Escape sequences colour text on a terminal.
    let is_binary = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != b'\x1b';
    let is_table = |separator: u8| {
        let mut names = first.split(|byte| *byte == separator).map(<[u8]>::trim_ascii);
        first.contains(&separator) && names.all(|name| !name.is_empty() && !name.contains(&b' '))
    };
    if head.iter().any(is_binary) {
        Unrecognized::Named("binary data")
    } else if !first.starts_with(b"[") && [b',', b';', b'\t'].into_iter().any(is_table) {
        Unrecognized::Named("CSV")
    } else {
        Unrecognized::Unknown
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read};

    use rstest::rstest;

    use super::*;

    /// Reads a text in chunks of this many bytes.
    fn detect_in(text: &str, chunk: usize) -> Result<Detected, Unrecognized> {
        detect(Box::new(BufReader::with_capacity(chunk, Cursor::new(text.to_owned()))))
    }

    #[rstest]
    #[case::a_list("[{\"model\": 1}]", Shape::List, 0, "[{\"model\": 1}]")]
    #[case::an_indented_list("[\r\n{\n", Shape::List, 0, "[\r\n{\n")]
    #[case::a_bracket_alone("\n [", Shape::List, 0, "\n [")]
    #[case::an_empty_list("[ ]", Shape::List, 0, "[ ]")]
    #[case::lines("{\"id\": 1}\n{\"id\": 2}\n", Shape::Lines, 0, "{\"id\": 1}\n{\"id\": 2}\n")]
    #[case::lines_of_which_the_first_is_empty("{ }\n{\"id\": 2}\n", Shape::Lines, 0, "{ }\n{\"id\": 2}\n")]
    #[case::lines_of_text_before("Loading .env…\n\n[2026-01-01 12:00] INFO {\n[{}]", Shape::List, 2, "\n\n\n[{}]")]
    #[case::a_line_before_lines("{ is how it begins: no\n{\"id\": 1}", Shape::Lines, 1, "\n{\"id\": 1}")]
    #[case::a_byte_order_mark_after_text("Loading…\n\u{feff}[{}]", Shape::List, 1, "\n[{}]")]
    #[case::a_byte_order_mark_before_lines("Loading…\n\u{feff}{\"id\": 1}", Shape::Lines, 1, "\n{\"id\": 1}")]
    fn the_users_are_found(
        #[case] text: &str,
        #[case] shape: Shape,
        #[case] before: usize,
        #[case] users: &str,
        #[values(1, 7, 8_192)] chunk: usize,
    ) {
        let detected = detect_in(text, chunk).unwrap_or_else(|error| panic!("{error:?}"));
        let mut read = String::new();
        assert_eq!((detected.shape, detected.lines_before()), (shape, before));
        detected.users().read_to_string(&mut read).unwrap();
        assert_eq!(read, users);
    }

    #[test]
    fn the_text_before_the_users_can_be_read_too() {
        let detected = detect_in("Loading…\n[6]\n{\"id\": 1}", 7).unwrap_or_else(|error| panic!("{error:?}"));
        let mut read = String::new();
        detected.all().read_to_string(&mut read).unwrap();
        assert_eq!(read, "Loading…\n[6]\n{\"id\": 1}");
    }

    #[rstest]
    #[case::nothing("", "found an empty file, expected a dump")]
    #[case::blank(" \n\n", "found an empty file, expected a dump")]
    #[case::xml(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<django-objects version=\"1.0\">",
        "found XML, expected a dump"
    )]
    #[case::xml_after_text("Loading .env…\n<django-objects version=\"1.0\">\n[{}]", "found XML, expected a dump")]
    #[case::yaml("- model: auth.user\n  pk: 1\n", "found YAML, expected a dump")]
    #[case::sql("--\n-- PostgreSQL database dump\n--\n", "found SQL, expected a dump")]
    #[case::sql_of_sqlite("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "found SQL, expected a dump")]
    #[case::csv("id,username,email\n1,ada,ada@example.com\n", "found CSV, expected a dump")]
    #[case::csv_with_semicolons("id;name;email\n1;ada;ada@example.com", "found CSV, expected a dump")]
    #[case::an_object("{\n}", "found a JSON object of several lines, expected a dump")]
    #[case::an_indented_object("{\n  \"id\": 1\n}", "found a JSON object of several lines, expected a dump")]
    #[case::binary("\u{7f}ELF\u{2}\u{1}\u{1}", "found binary data, expected a dump")]
    #[case::text("Traceback (most recent call last):\n  KeyError: 'SECRET_KEY'\n", "not a dump")]
    #[case::another_list("[1, 2]", "not a dump")]
    #[case::lists_without_end(&"[".repeat(1_000_000), "not a dump")]
    #[case::text_without_end(&"text\n".repeat(1_000_000), "not a dump")]
    fn a_file_without_users_is_named(#[case] text: &str, #[case] expected: &str) {
        let failure = detect_in(text, 8_192).err().unwrap().failure("a dump", "make one");
        assert_eq!((failure.message.as_str(), failure.hint.as_deref()), (expected, Some("make one")));
    }

    #[test]
    fn no_more_is_read_than_necessary() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("the users have begun")
            }
        }
        let input = Cursor::new("[{\"model\"").chain(BufReader::new(Endless));
        assert_eq!(detect(Box::new(input)).map(|detected| detected.shape).ok(), Some(Shape::List));
    }
}
