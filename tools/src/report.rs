//! How failures reach stderr: what was tried, what answered, what to do next. Texts quote what others wrote: they are made printable.

use std::ffi::OsString;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use hba::model::Envelope;
use hba::{Outcome, printable};
use schemars::JsonSchema;
use serde::Serialize;

/// Prints an error. Colour only marks, it never carries meaning.
pub(crate) fn error(error: &hba::Error) {
    let mut err = anstream::stderr().lock();
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(
        err,
        "{red}error:{red:#} {} {}",
        error.kind().verdict(),
        printable::text(error.tried())
    );
    if let Some(answer) = error.answer() {
        let _ = writeln!(err, "  answer: {}", printable::text(answer));
    }
    if let Some(next) = error.next_step() {
        let _ = writeln!(err, "  next:   {}", printable::text(next));
    }
}

/// Prints what is wrong with a command line. It quotes the arguments, which may come from a script that read them somewhere: with a
/// character in them that commands a terminal, it is printed without colours, printable.
pub(crate) fn usage(error: &clap::Error, args: &[OsString]) {
    let hazard = |arg: &OsString| arg.to_string_lossy().contains(printable::is_hazard);
    if args.iter().any(hazard) && error.use_stderr() {
        note(error.render().to_string().trim_end());
    } else {
        let _ = error.print();
    }
}

/// Prints an error for programs: an envelope as on stdout, but on stderr, with the remarks of the operation in it.
pub(crate) fn error_json(error: &hba::Error, code: u8, warnings: &[String]) {
    let mut envelope = Envelope::new("error", ErrorReport::of(error, code));
    envelope.warnings = warnings.to_vec();
    let text = serde_json::to_string_pretty(&envelope).unwrap_or_default();
    let _ = writeln!(io::stderr().lock(), "{}", printable::json(&text));
}

/// A failure, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ErrorReport {
    /// What kind of failure: `failed`, `invalid`, `not_found`, `unsupported`, `permission`, `busy`, `timeout`, `verify_failed`,
    /// `rollback_failed`, `unknown`, `interrupted`.
    kind: String,
    /// What the request has come to.
    outcome: Outcome,
    /// The exit code.
    exit_code: u8,
    /// What was tried.
    tried: String,
    /// What answered.
    answer: Option<String>,
    /// What to do next, or where to look.
    next: Option<String>,
    /// The kernel's error number.
    errno: Option<i32>,
}

impl ErrorReport {
    fn of(error: &hba::Error, exit_code: u8) -> Self {
        Self {
            kind: error.kind().name().to_owned(),
            outcome: error.kind().outcome(),
            exit_code,
            tried: error.tried().to_owned(),
            answer: error.answer().map(str::to_owned),
            next: error.next_step().map(str::to_owned),
            errno: error.errno(),
        }
    }
}

/// Prints a remark of an operation.
pub(crate) fn warning(text: &str) {
    let yellow = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
    let text = printable::text(text);
    let _ = writeln!(anstream::stderr().lock(), "{yellow}warning:{yellow:#} {text}");
}

/// Prints a note, such as an empty list's explanation.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", printable::lines(text));
}

/// Prints an error that has only a text.
pub(crate) fn plain_error(text: &str) {
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
