//! Errors of the control plane: what was tried, what answered, what to do next. One table maps kernel error numbers,
//! another one our statuses to the numbers of the neighbours. Must not know how
//! an error is shown, nor an exit status. Texts never carry secrets.

mod codes;
mod errno;
mod files;
mod helper;
mod kind;
mod operation;
mod wait;

use std::fmt;
use std::io;

pub use codes::{Code, Number, Status};
pub use errno::explain;
pub use kind::{Kind, Outcome};
pub use operation::Operation;

use crate::message::Message;

/// A control-plane result.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure: what was tried, what answered, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    tried: String,
    answered: Option<String>,
    hint: Option<Message>,
    errno: Option<i32>,
    status: Option<Status>,
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.verdict())?;
        write!(f, " {}", self.tried)?;
        match &self.answered {
            Some(answer) => write!(f, ": {answer}"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// A failure of `kind` when trying to `tried` (a verb phrase: "remove flash target 3").
    pub fn new(kind: Kind, tried: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            tried: tried.into(),
            answered: None,
            hint: None,
            errno: None,
            status: None,
        }))
    }

    /// Adds what answered.
    #[must_use]
    pub fn answered(mut self, answer: impl Into<String>) -> Self {
        self.0.answered = Some(answer.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Message>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Replaces what was tried by the larger operation, keeping answer and hint.
    #[must_use]
    pub fn during(mut self, tried: impl Into<String>) -> Self {
        self.0.tried = tried.into();
        self
    }

    /// Changes the kind. Another kind has its own status.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        if self.0.kind != kind {
            self.0.status = None;
        }
        self.0.kind = kind;
        self
    }

    /// Says more precisely than the kind what it was.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Remembers the kernel's error number (positive).
    #[must_use]
    pub fn with_errno(mut self, errno: i32) -> Self {
        self.0.errno = Some(errno);
        self
    }

    /// A failed system call on a file or socket.
    pub fn io(tried: impl Into<String>, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            io::ErrorKind::PermissionDenied => Kind::Permission,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Kind::Timeout,
            io::ErrorKind::Unsupported => Kind::Unsupported,
            _ => Kind::Failed,
        };
        let mut e = Self::new(kind, tried).answered(error.to_string());
        e.0.errno = error.raw_os_error();
        e
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What came of it, as precisely as it is known: what was said, else what the kind means.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status.unwrap_or_else(|| self.0.kind.status())
    }

    /// What was tried, as a verb phrase.
    #[must_use]
    pub fn tried(&self) -> &str {
        &self.0.tried
    }

    /// What answered, if anything.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.0.answered.as_deref()
    }

    /// What to do next, if known.
    #[must_use]
    pub fn next_step(&self) -> Option<&Message> {
        self.0.hint.as_ref()
    }

    /// The kernel's error number (positive), if one answered.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        self.0.errno
    }
}

#[cfg(test)]
mod tests;
