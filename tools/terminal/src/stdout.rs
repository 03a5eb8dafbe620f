//! Stdout for text.
//!
//! Owns the buffer, and that only what is printable leaves it. It must not know what an answer looks like.

use std::io::{self, BufWriter, Write};

use crate::printable;

/// Buffered stdout for text; flush it to learn of errors. Whatever is written, only printable characters, line ends and tabs arrive.
#[derive(Debug)]
pub struct Stdout(BufWriter<io::StdoutLock<'static>>);

/// See [`Stdout`].
#[must_use]
pub fn stdout() -> Stdout {
    Stdout(BufWriter::with_capacity(16 * 1024, io::stdout().lock()))
}

impl Write for Stdout {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(buf) {
            Ok(text) => self.0.write_all(printable::lines(text).as_bytes())?,
            Err(_) => self.0.write_all(printable::bytes(buf).as_bytes())?,
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
