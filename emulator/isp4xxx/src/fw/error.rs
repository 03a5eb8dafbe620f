//! How a mailbox command fails.
//!
//! Owns the completion codes of mailbox 0 and the details of mailbox 1. Sources: `ql4_fw.h` `MBOX_STS_*` of the kernel's driver
//! (0x4000, 0x4005) and of the maker's own (0x4001, 0x4006 beside them); the same numbers stand in `qla_def.h` `MBS_*`. The driver
//! takes any 0x4xxx for a completion (`qla4xxx_isr_decode_mailbox`) and any but 0x4000 for a failure, with two exceptions that see
//! 0x4005 only: LUN and target reset, which count it as done, and a logout, which reads mailbox 1.

use std::fmt;

use driver_sys::hw::mailbox::{DDB_NOT_LOGGED_IN, MBOX_REG_COUNT, MboxStatus};

/// A mailbox command that did not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MboxError {
    /// Mailbox 0.
    pub status: MboxStatus,
    /// Mailbox 1 (`0x09`: the DDB is not logged in).
    pub detail: u32,
    /// Why, for people; never holds a secret.
    pub why: String,
}

impl MboxError {
    /// Refused or failed.
    pub fn command(why: impl Into<String>) -> Self {
        Self {
            status: MboxStatus::CommandError,
            detail: 0,
            why: why.into(),
        }
    }

    /// A parameter is out of range.
    pub fn parameter(why: impl Into<String>) -> Self {
        Self {
            status: PARAMETER_ERROR,
            detail: 0,
            why: why.into(),
        }
    }

    /// This chip's firmware has no such command.
    pub fn unsupported(why: impl Into<String>) -> Self {
        Self {
            status: INVALID_COMMAND,
            detail: 0,
            why: why.into(),
        }
    }

    /// The out-mailboxes of the command.
    #[must_use]
    pub fn mailboxes(&self) -> [u32; MBOX_REG_COUNT] {
        let mut out = [0; MBOX_REG_COUNT];
        out[0] = self.status.raw().into();
        out[1] = self.detail;
        out
    }

    pub(crate) fn not_logged_in(ddb: u16) -> Self {
        Self {
            status: MboxStatus::CommandError,
            detail: DDB_NOT_LOGGED_IN,
            why: format!("DDB {ddb} is not logged in"),
        }
    }
}

impl fmt::Display for MboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (mailbox status {:#06x})", self.why, self.status.raw())
    }
}

impl std::error::Error for MboxError {}

/// `0x4001`: the firmware does not know the command.
const INVALID_COMMAND: MboxStatus = MboxStatus::Unknown(0x4001);
/// `0x4006`: a parameter is out of range.
const PARAMETER_ERROR: MboxStatus = MboxStatus::Unknown(0x4006);
