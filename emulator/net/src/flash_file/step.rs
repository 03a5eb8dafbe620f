//! Kill points: what a store is about to do and what it has done, told to a test that may lose power there.

/// One of the files of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The flash image.
    Flash,
    /// The EEPROM.
    Nvram,
    /// The journal.
    Journal,
}

/// What happens next, or has just happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// These bytes are written next.
    Writing {
        /// Which file.
        part: Part,
        /// Byte offset in it.
        at: u64,
        /// Bytes.
        len: usize,
    },
    /// Everything written to the file so far outlives a power loss.
    Synced(Part),
}

/// Called at every step; `true` loses power there.
pub type Hook = Box<dyn FnMut(Step) -> bool + Send>;
