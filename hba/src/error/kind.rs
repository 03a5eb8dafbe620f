//! What kind of failure it was, and what the request has come to. Owns the names that scripts rely on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Status;

/// What kind of failure it was.
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
    /// Nobody knows whether it was done: it was sent, and no answer, or no look at the result, could be had.
    Unknown,
    /// Somebody asked for the end before it was done (a signal).
    Interrupted,
}

/// What a request has come to. There is no fourth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done, or nothing was to do.
    Done,
    /// Not done: everything is as it was.
    NotDone,
    /// Not known, or done in part: somebody has to look.
    Unknown,
}

impl Kind {
    /// What the request has come to.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Unknown | Self::RollbackFailed | Self::VerifyFailed { rolled_back: false } => {
                Outcome::Unknown
            }
            _ => Outcome::NotDone,
        }
    }

    /// How a message begins, before what was tried.
    #[must_use]
    pub fn verdict(self) -> &'static str {
        match self {
            Self::Unknown => "it is not known whether this was done:",
            _ => "cannot",
        }
    }

    /// The status that this kind means when nothing more is known.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Failed => Status::Failed,
            Self::Invalid => Status::Invalid,
            Self::NotFound => Status::NotFound,
            Self::Unsupported => Status::NotSupported,
            Self::Permission => Status::Access,
            Self::Busy => Status::Busy,
            Self::Timeout => Status::TimedOut,
            Self::VerifyFailed { .. } => Status::VerifyFailed,
            Self::RollbackFailed => Status::RollbackFailed,
            Self::Unknown => Status::Unknown,
            Self::Interrupted => Status::Interrupted,
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
            Self::Unknown => "unknown",
            Self::Interrupted => "interrupted",
        }
    }
}
