//! How failures reach stderr: what was tried, what answered, what to do next. Texts quote what others wrote: they are made printable.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use hba::Outcome;
use schemars::JsonSchema;
use serde::Serialize;
use terminal::printable;

use crate::envelope::Envelope;
use crate::status::StatusReport;
use crate::words;

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
        let _ = writeln!(err, "  next:   {}", printable::text(&words::message(next)));
    }
}

/// Prints an error for programs: an envelope as on stdout, but on stderr, with the remarks of the operation in it.
pub(crate) fn error_json(error: &hba::Error, code: u8, warnings: &[String]) {
    let mut envelope = Envelope::new("error", ErrorReport::of(error, code));
    envelope.warnings = warnings.to_vec();
    let text = serde_json::to_string_pretty(&envelope).unwrap_or_default();
    let _ = writeln!(io::stderr().lock(), "{}", printable::json(&text));
}

/// Prints a remark for programs, where no answer carries it.
pub(crate) fn warning_json(text: &str) {
    let warning = Warning {
        text: text.to_owned(),
    };
    let line = serde_json::to_string(&Envelope::new("warning", warning)).unwrap_or_default();
    let _ = writeln!(io::stderr().lock(), "{}", printable::json(&line));
}

/// A remark beside answers that come one by one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Warning {
    /// What is to be said.
    text: String,
}

/// A failure, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ErrorReport {
    /// What kind of failure: `failed`, `invalid`, `not_found`, `unsupported`, `permission`, `busy`, `timeout`, `verify_failed`,
    /// `rollback_failed`, `unknown`, `interrupted`.
    kind: String,
    /// The same more precisely, and in the numbers of other systems.
    status: StatusReport,
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
            status: error.status().into(),
            outcome: error.kind().outcome(),
            exit_code,
            tried: error.tried().to_owned(),
            answer: error.answer().map(str::to_owned),
            next: error.next_step().map(words::message),
            errno: error.errno(),
        }
    }
}
