//! Where the JSON of a file begins, and what the file is if it holds none.

use std::io::{self, BufRead};

use super::{
    pieces::Input,
    text::{self, joined},
};

/// How the users of a file are set down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// In one list.
    List,
    /// Each in a line.
    Lines,
}

/// A file whose users can be read.
pub(super) struct Opening {
    pub(super) shape: Shape,
    /// Lines of text that come before.
    before: Vec<u8>,
    /// Everything from the first user on.
    users: Input,
}

impl Opening {
    /// How many lines of text come before the users.
    pub(super) fn lines_before(&self) -> usize {
        self.before.split(|byte| *byte == b'\n').filter(|line| !unmarked(line).is_empty()).count()
    }

    /// The users. In the place of each line before is an empty one, so that lines keep their numbers.
    pub(super) fn users(self) -> Input {
        let empty: Vec<_> = self.before.into_iter().filter(|byte| *byte == b'\n').collect();
        joined(&empty, self.users)
    }

    /// The users with what comes before.
    pub(super) fn whole(self) -> Input {
        joined(&self.before, self.users)
    }
}

/// A line without blanks around it, and without the mark that stands before each part of a file that was put together of
/// several.
pub(super) fn unmarked(line: &[u8]) -> &[u8] {
    line.strip_prefix(MARK).unwrap_or(line).trim_ascii()
}

/// U+FEFF in UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// What a file is that holds no users.
#[derive(Debug)]
pub(super) enum Odd {
    /// It cannot be read, or not unpacked.
    Unreadable(io::Error),
    /// It is this.
    Named(&'static str),
    /// It is nothing that is known here.
    Unknown,
}

impl From<io::Error> for Odd {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl Odd {
    /// Why a file is not what was expected.
    pub(super) fn told(&self, expected: &str) -> String {
        match self {
            Self::Unreadable(error) => format!("cannot be read: {error}"),
            Self::Named(what) => format!("is {what}, and no {expected}"),
            Self::Unknown => format!("is no {expected}"),
        }
    }
}

/// So many bytes may come before the users.
const MOST_BYTES: usize = 65_536;

/// How lines begin of which no file with users has one, without regard to case.
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

/// Finds the users of a file, of whatever encoding. Only as much of it is read as is needed for that.
pub(super) fn find(input: Input) -> Result<Opening, Odd> {
    let mut input = text::of(input)?;
    let mut head = Vec::new();
    loop {
        let chunk = input.fill_buf()?;
        let length = chunk.len();
        head.extend_from_slice(chunk);
        input.consume(length);
        let is_all = length == 0 || head.len() >= MOST_BYTES;
        if let Some((start, shape)) = start(&head, is_all)? {
            let (before, users) = head.split_at_checked(start).ok_or(Odd::Unknown)?;
            let users = joined(users.strip_prefix(MARK).unwrap_or(users), input);
            return Ok(Opening { shape, before: before.into(), users });
        }
        if is_all {
            return Err(named(&head));
        }
    }
}

/// Where in the first bytes of a file the users begin; none if they do not begin here, or if that cannot be told yet.
fn start(head: &[u8], is_all: bool) -> Result<Option<(usize, Shape)>, Odd> {
    let mut start = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        match Line::of(line, is_all || line.ends_with(b"\n")) {
            Line::Opens(shape) => return Ok(Some((start, shape))),
            Line::OpensOther(what) => return Err(Odd::Named(what)),
            Line::Open => return Ok(None),
            Line::Text => start += line.len(),
        }
    }
    Ok(None)
}

/// What a line is, as far as its beginning tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Users begin with it.
    Opens(Shape),
    /// Something else begins with it.
    OpensOther(&'static str),
    /// Text, or nothing.
    Text,
    /// That cannot be told yet.
    Open,
}

impl Line {
    pub(super) fn of(line: &[u8], is_whole: bool) -> Self {
        match unmarked(line) {
            [b'[', rest @ ..] => match rest.trim_ascii_start() {
                [b'{' | b']', ..] => Self::Opens(Shape::List),
                [] if is_whole => Self::Opens(Shape::List),
                [] => Self::Open,
                // A date or a level, as loggers write it.
                _ => Self::Text,
            },
            [b'{', rest @ ..] => match rest.trim_ascii_start() {
                [b'"', ..] => Self::Opens(Shape::Lines),
                [] | [b'}'] if !is_whole => Self::Open,
                // A line, though of nobody.
                [b'}'] => Self::Opens(Shape::Lines),
                [b'}', ..] | [] => Self::OpensOther("an object of several lines"),
                _ => Self::Text,
            },
            _ if !is_whole => Self::Open,
            text => {
                let is_sign =
                    |sign: &[u8]| text.get(..sign.len()).is_some_and(|start| start.eq_ignore_ascii_case(sign));
                SIGNS.iter().find(|(sign, _)| is_sign(sign)).map_or(Self::Text, |&(_, what)| Self::OpensOther(what))
            }
        }
    }
}

/// What a file without users is.
fn named(head: &[u8]) -> Odd {
    let Some(first) = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()) else {
        return if head.len() < MOST_BYTES { Odd::Named("empty") } else { Odd::Unknown };
    };
    // Escape sequences colour the text of terminals.
    let is_binary = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != b'\x1b';
    let is_table = |separator: u8| {
        let mut names = first.split(|byte| *byte == separator).map(<[u8]>::trim_ascii);
        first.contains(&separator) && names.all(|name| !name.is_empty() && !name.contains(&b' '))
    };
    if head.iter().any(is_binary) {
        Odd::Named("no text")
    } else if !first.starts_with(b"[") && [b',', b';', b'\t'].into_iter().any(is_table) {
        Odd::Named("a table (CSV)")
    } else {
        Odd::Unknown
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Read};

    use rstest::rstest;

    use super::*;

    /// The opening of a text that comes in chunks of so many bytes.
    fn open(text: &str, chunk: usize) -> Result<Opening, Odd> {
        find(Box::new(BufReader::with_capacity(chunk, Cursor::new(text.to_owned()))))
    }

    #[rstest]
    #[case::a_list("[{\"model\": 1}]", Shape::List, 0, "[{\"model\": 1}]")]
    #[case::an_indented_list("[\r\n{\n", Shape::List, 0, "[\r\n{\n")]
    #[case::a_bracket_alone("\n [", Shape::List, 0, "\n [")]
    #[case::an_empty_list("[ ]", Shape::List, 0, "[ ]")]
    #[case::lines("{\"id\": 1}\n{\"id\": 2}\n", Shape::Lines, 0, "{\"id\": 1}\n{\"id\": 2}\n")]
    #[case::lines_of_which_the_first_is_of_nobody("{ }\n{\"id\": 2}\n", Shape::Lines, 0, "{ }\n{\"id\": 2}\n")]
    #[case::lines_of_text_before("Loading .env…\n\n[2026-01-01 12:00] INFO {\n[{}]", Shape::List, 2, "\n\n\n[{}]")]
    #[case::a_line_before_lines("{ is how it begins: no\n{\"id\": 1}", Shape::Lines, 1, "\n{\"id\": 1}")]
    #[case::a_mark_behind_text("Loading…\n\u{feff}[{}]", Shape::List, 1, "\n[{}]")]
    #[case::a_mark_before_lines("Loading…\n\u{feff}{\"id\": 1}", Shape::Lines, 1, "\n{\"id\": 1}")]
    fn the_users_are_found(
        #[case] text: &str,
        #[case] shape: Shape,
        #[case] before: usize,
        #[case] users: &str,
        #[values(1, 7, 8_192)] chunk: usize,
    ) {
        let opening = open(text, chunk).unwrap_or_else(|odd| panic!("{odd:?}"));
        let mut read = String::new();
        assert_eq!((opening.shape, opening.lines_before()), (shape, before));
        opening.users().read_to_string(&mut read).unwrap();
        assert_eq!(read, users);
    }

    #[test]
    fn what_comes_before_the_users_is_read_too_where_that_is_asked_for() {
        let opening = open("Loading…\n[6]\n{\"id\": 1}", 7).unwrap_or_else(|odd| panic!("{odd:?}"));
        let mut read = String::new();
        opening.whole().read_to_string(&mut read).unwrap();
        assert_eq!(read, "Loading…\n[6]\n{\"id\": 1}");
    }

    #[rstest]
    #[case::nothing("", "is empty, and no dump")]
    #[case::blank(" \n\n", "is empty, and no dump")]
    #[case::xml("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<django-objects version=\"1.0\">", "is XML, and no dump")]
    #[case::xml_behind_text("Loading .env…\n<django-objects version=\"1.0\">\n[{}]", "is XML, and no dump")]
    #[case::yaml("- model: auth.user\n  pk: 1\n", "is YAML, and no dump")]
    #[case::sql("--\n-- PostgreSQL database dump\n--\n", "is SQL, and no dump")]
    #[case::sql_of_sqlite("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "is SQL, and no dump")]
    #[case::csv("id,username,email\n1,ada,ada@example.com\n", "is a table (CSV), and no dump")]
    #[case::csv_with_semicolons("id;name;email\n1;ada;ada@example.com", "is a table (CSV), and no dump")]
    #[case::an_object("{\n}", "is an object of several lines, and no dump")]
    #[case::an_indented_object("{\n  \"id\": 1\n}", "is an object of several lines, and no dump")]
    #[case::binary("\u{7f}ELF\u{2}\u{1}\u{1}", "is no text, and no dump")]
    #[case::text("Traceback (most recent call last):\n  KeyError: 'SECRET_KEY'\n", "is no dump")]
    #[case::another_list("[1, 2]", "is no dump")]
    #[case::lists_without_end(&"[".repeat(1_000_000), "is no dump")]
    #[case::text_without_end(&"text\n".repeat(1_000_000), "is no dump")]
    fn a_file_without_users_is_named(#[case] text: &str, #[case] expected: &str) {
        let odd = open(text, 8_192).err().map(|odd| odd.told("dump"));
        assert_eq!(odd.as_deref(), Some(expected));
    }

    #[test]
    fn no_more_is_read_than_is_needed() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("the users have begun")
            }
        }
        let input = Cursor::new("[{\"model\"").chain(BufReader::new(Endless));
        assert_eq!(find(Box::new(input)).map(|opening| opening.shape).ok(), Some(Shape::List));
    }
}
