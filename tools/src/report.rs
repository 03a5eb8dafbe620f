//! How failures reach stderr: what was tried, what answered, what to do next.

use std::io::Write;

use anstyle::{AnsiColor, Style};

/// Prints an error. Colour only marks, it never carries meaning.
pub(crate) fn error(error: &hba::Error) {
    let mut err = anstream::stderr().lock();
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(err, "{red}error:{red:#} cannot {}", error.tried());
    if let Some(answer) = error.answer() {
        let _ = writeln!(err, "  answer: {answer}");
    }
    if let Some(next) = error.next_step() {
        let _ = writeln!(err, "  next:   {next}");
    }
}

/// Prints a remark of an operation.
pub(crate) fn warning(text: &str) {
    let yellow = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
    let _ = writeln!(anstream::stderr().lock(), "{yellow}warning:{yellow:#} {text}");
}

/// Prints a note, such as an empty list's explanation.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints an error that has only a text.
pub(crate) fn plain_error(text: &str) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let _ = writeln!(anstream::stderr().lock(), "{red}error:{red:#} {text}");
}
