//! Errors of the control plane: what was tried, what answered, what to do next. Tables map kernel error numbers and other
//! systems' codes; nothing here knows an exit status except through [`Kind::exit_code`]. Texts never carry secrets.

pub mod codes;
mod errno;
mod files;

use std::fmt;
use std::io;

pub use errno::{Operation, explain};

/// A control-plane result.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of failure it was; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The operation failed.
    Failed,
    /// The request itself is wrong: bad argument, bad range.
    Invalid,
    /// The named object does not exist.
    NotFound,
    /// This adapter, driver or kernel cannot do it.
    Unsupported,
    /// Not allowed: privileges, or an object that must not be touched (boot targets).
    Permission,
    /// Something else uses the object.
    Busy,
    /// Nothing answered in time.
    Timeout,
    /// What was read back is not what was written.
    VerifyFailed {
        /// Whether the state before was restored and verified.
        rolled_back: bool,
    },
    /// What was read back is wrong, and so is the state after the rollback.
    RollbackFailed,
}

impl Kind {
    /// The exit code of the command line for this kind.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed | Self::Busy | Self::Timeout => 1,
            Self::Invalid => 2,
            Self::NotFound => 3,
            Self::Unsupported => 4,
            Self::Permission => 5,
            Self::VerifyFailed { rolled_back: true } => 6,
            Self::VerifyFailed { rolled_back: false } | Self::RollbackFailed => 7,
        }
    }

    /// A stable name for JSON output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Unsupported => "unsupported",
            Self::Permission => "permission",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::VerifyFailed { .. } => "verify_failed",
            Self::RollbackFailed => "rollback_failed",
        }
    }
}

/// A failure: what was tried, what answered, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    tried: String,
    answered: Option<String>,
    hint: Option<String>,
    errno: Option<i32>,
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.tried)?;
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
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Replaces what was tried by the larger operation, keeping answer and hint.
    #[must_use]
    pub fn during(mut self, tried: impl Into<String>) -> Self {
        self.0.tried = tried.into();
        self
    }

    /// Changes the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Remembers the kernel's error number (positive).
    #[must_use]
    pub fn with_errno(mut self, errno: i32) -> Self {
        self.0.errno = Some(errno);
        self
    }

    /// A wait that ended without an answer: says what was waited for.
    pub fn timeout(tried: impl Into<String>, waited_for: impl fmt::Display) -> Self {
        Self::new(Kind::Timeout, tried)
            .answered(format!("no answer in time; waited for {waited_for}"))
            .hint("try again with a longer --timeout, or look at the adapter with hbactl event")
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
    pub fn next_step(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The kernel's error number (positive), if one answered.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        self.0.errno
    }
}

#[cfg(test)]
mod tests;
