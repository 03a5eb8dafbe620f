//! Messages on stderr. Colour only marks, it never carries meaning.
//!
//! Owns their look, and that only what is printable leaves. It must not know what went wrong. A closed stderr leaves nobody to tell.

use std::ffi::OsString;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::printable;

/// Prints what is wrong with a command line. It quotes the arguments, which may come from a script that read them somewhere: with a
/// character in them that commands a terminal, it is printed without colours, printable.
pub fn usage(error: &clap::Error, args: &[OsString]) {
    let hazard = |arg: &OsString| arg.to_string_lossy().contains(printable::is_hazard);
    if args.iter().any(hazard) && error.use_stderr() {
        note(error.render().to_string().trim_end());
    } else {
        let _ = error.print();
    }
}

/// Prints a remark of an operation.
pub fn warning(text: &str) {
    let yellow = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
    let text = printable::text(text);
    let _ = writeln!(anstream::stderr().lock(), "{yellow}warning:{yellow:#} {text}");
}

/// Prints a note, such as an empty list's explanation.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", printable::lines(text));
}

/// Prints an error that has only a text.
pub fn plain_error(text: &str) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let text = printable::lines(text);
    let _ = writeln!(anstream::stderr().lock(), "{red}error:{red:#} {text}");
}

/// Stderr for what is logged, which quotes others too.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let text = match std::str::from_utf8(buf) {
            Ok(text) => printable::lines(text).into_owned(),
            Err(_) => printable::bytes(buf),
        };
        io::stderr().lock().write_all(text.as_bytes())?;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
