//! Files with a user per line.

use std::io::{self, BufRead, Read};

use super::{chunks::Input, detect::trim_bom, reason::Reason};

/// The longest line that is read completely.
const LONGEST_BYTES: u64 = 16 * 1_048_576;

/// Passes on all lines that are not blank, with their numbers, as long as `take` returns true.
///
/// # Errors
/// The input cannot be read.
pub(super) fn each(mut input: Input, mut take: impl FnMut(u64, Result<&[u8], Reason>) -> bool) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = input.by_ref().take(LONGEST_BYTES).read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        let mut found = Ok(trim_bom(&line));
        if length as u64 == LONGEST_BYTES && !line.ends_with(b"\n") {
            input.skip_until(b'\n')?;
            found = Err(Reason::LineTooLong);
        }
        if !matches!(found, Ok([])) && !take(number, found) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn lines(text: impl Into<Vec<u8>>, most: usize) -> Vec<(u64, Result<usize, Reason>)> {
        let mut lines = Vec::new();
        let text: Vec<u8> = text.into();
        each(Box::new(Cursor::new(text)), |number, line| {
            lines.push((number, line.map(<[u8]>::len)));
            lines.len() < most
        })
        .unwrap();
        lines
    }

    #[test]
    fn blank_lines_count_and_are_skipped() {
        assert_eq!(lines("a\n\n \r\nbcd\r\nef", 9), [(1, Ok(1)), (4, Ok(3)), (5, Ok(2))]);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_a_line() {
        assert_eq!(lines("\u{feff}a\n\u{feff}\nb\u{feff}", 9), [(1, Ok(1)), (3, Ok(4))]);
    }

    #[test]
    fn reading_ends_when_no_more_lines_are_wanted() {
        assert_eq!(lines("a\nb\nc\n", 2), [(1, Ok(1)), (2, Ok(1))]);
    }

    #[test]
    fn a_line_that_is_too_long_is_reported_and_the_next_one_is_read() {
        let longest = LONGEST_BYTES as usize;
        let text = [vec![b'x'; longest + 5], b"\nab\n".to_vec(), vec![b'y'; longest - 1], b"\nc".to_vec()].concat();
        let expected = [(1, Err(Reason::LineTooLong)), (2, Ok(2)), (3, Ok(longest - 1)), (4, Ok(1))];
        assert_eq!(lines(text, 9), expected);
    }
}
