//! Whose an I/O of the card is, from its submission to its completion.

use std::time::Instant;

use crate::midlayer::Waiting;

/// Who waits for an I/O of the card.
pub(super) enum IoOwner {
    /// A scan of this session.
    Scan { sid: u32, lun: u64, until: Instant },
    /// An sg client.
    Sg { sid: u32, waiting: Waiting },
    /// The ladder of this host has it: it took too long.
    Late { host: usize },
    /// A test of the ladder of this host.
    Test { host: usize, sid: u32 },
    /// A test that took too long itself.
    Nobody,
}
