//! Readers that convert text chunk by chunk, so that only a chunk of a file is in memory.

use std::io::{self, BufRead, Read};

/// An input, converted or not.
pub(super) type Input = Box<dyn BufRead + Send>;

/// Converts text.
pub(super) trait Chunks {
    /// Appends the next chunk of text, or nothing at the end.
    fn next(&mut self, chunk: &mut Vec<u8>) -> io::Result<()>;
}

/// Reads text that is converted in chunks.
#[derive(Debug)]
pub(super) struct Reader<P> {
    chunks: P,
    chunk: Vec<u8>,
    read: usize,
    /// Why no chunk comes after this one.
    failed: Option<io::Error>,
}

impl<P: Chunks> Reader<P> {
    pub(super) fn new(chunks: P) -> Self {
        Self { chunks, chunk: Vec::new(), read: 0, failed: None }
    }
}

impl<P: Chunks> Read for Reader<P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<P: Chunks> BufRead for Reader<P> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read >= self.chunk.len() {
            (self.read, self.failed) = (0, self.next()?);
        }
        Ok(self.chunk.get(self.read..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.read = self.read.saturating_add(amount);
    }
}

impl<P: Chunks> Reader<P> {
    /// Converts the next chunk, and returns the error that makes it the last one, if any.
    fn next(&mut self) -> io::Result<Option<io::Error>> {
        self.chunk.clear();
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match self.chunks.next(&mut self.chunk) {
            Err(error) if self.chunk.is_empty() => Err(error),
            result => Ok(result.err()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Faulty(Vec<io::Result<&'static [u8]>>);

    impl Chunks for Faulty {
        fn next(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
            chunk.extend(self.0.pop().unwrap()?);
            if self.0.is_empty() { Err(io::Error::other("faulty")) } else { Ok(()) }
        }
    }

    #[test]
    fn text_before_an_error_is_read_before_the_error_is_returned() {
        let mut reader = Reader::new(Faulty(vec![Ok(b"cd".as_slice()), Ok(b"ab".as_slice())]));
        let mut text = Vec::new();
        let error = reader.read_to_end(&mut text).unwrap_err();
        assert_eq!((text.as_slice(), error.to_string().as_str()), (b"abcd".as_slice(), "faulty"));
    }
}
