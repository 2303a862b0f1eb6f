//! Readers that make text out of what others read, a piece at a time: however long a file is, a piece of it is in memory.

use std::io::{self, BufRead, Read};

/// What is read, whatever was made of it.
pub(super) type Input = Box<dyn BufRead + Send>;

/// What makes text.
pub(super) trait Pieces {
    /// Appends the next piece of text, or nothing at the end.
    fn next(&mut self, piece: &mut Vec<u8>) -> io::Result<()>;
}

/// Reads what is made in pieces.
#[derive(Debug)]
pub(super) struct Reader<P> {
    pieces: P,
    piece: Vec<u8>,
    read: usize,
    /// Why no piece comes behind this one.
    failed: Option<io::Error>,
}

impl<P: Pieces> Reader<P> {
    pub(super) fn new(pieces: P) -> Self {
        Self { pieces, piece: Vec::new(), read: 0, failed: None }
    }
}

impl<P: Pieces> Read for Reader<P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<P: Pieces> BufRead for Reader<P> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read >= self.piece.len() {
            (self.read, self.failed) = (0, self.next()?);
        }
        Ok(self.piece.get(self.read..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.read = self.read.saturating_add(amount);
    }
}

impl<P: Pieces> Reader<P> {
    /// Makes the next piece, and tells why it is the last one, if it is for a fault.
    fn next(&mut self) -> io::Result<Option<io::Error>> {
        self.piece.clear();
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match self.pieces.next(&mut self.piece) {
            Err(error) if self.piece.is_empty() => Err(error),
            result => Ok(result.err()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Faulty(Vec<io::Result<&'static [u8]>>);

    impl Pieces for Faulty {
        fn next(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
            piece.extend(self.0.pop().unwrap()?);
            if self.0.is_empty() { Err(io::Error::other("faulty")) } else { Ok(()) }
        }
    }

    #[test]
    fn what_came_before_a_fault_is_read_before_the_fault_is_told() {
        let mut reader = Reader::new(Faulty(vec![Ok(b"cd".as_slice()), Ok(b"ab".as_slice())]));
        let mut text = Vec::new();
        let error = reader.read_to_end(&mut text).unwrap_err();
        assert_eq!((text.as_slice(), error.to_string().as_str()), (b"abcd".as_slice(), "faulty"));
    }
}
