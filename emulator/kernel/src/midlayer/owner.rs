//! Whose a running command is, from its submission to its completion.

use std::time::Instant;

use super::Waiting;

/// Who waits for a command.
pub(super) enum IoOwner {
    /// A scan of this target.
    Scan { sid: u32, lun: u64, until: Instant },
    /// An sg client.
    Sg { sid: u32, waiting: Waiting },
    /// The ladder of its host has it: it took too long.
    Late,
    /// A test of the ladder of its host.
    Test { sid: u32 },
    /// A test that took too long itself.
    Nobody,
}

impl IoOwner {
    /// When it is late; none for what is late already.
    pub(super) fn until(&self) -> Option<Instant> {
        match self {
            Self::Sg { waiting, .. } => Some(waiting.until),
            Self::Scan { until, .. } => Some(*until),
            Self::Late | Self::Test { .. } | Self::Nobody => None,
        }
    }
}
