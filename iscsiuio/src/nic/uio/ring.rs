//! What the rings of all adapters have in common, for whoever owns one.

use std::io;

use driver_sys::uio::Outside;

/// What was in the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Nothing.
    Nothing,
    /// Something that is no frame; there may be more behind it.
    NoFrame,
    /// A frame of that length, tag included.
    Frame(usize),
}

/// Why a ring cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The driver has taken the ring back: its descriptors are wiped.
    #[error("the adapter's driver has taken the ring back")]
    Closed,
    /// The device's index is one that it cannot have: it was reset, or what is read is not its status.
    #[error("the adapter says that it is {ahead} entries ahead, and it has {most}")]
    Index {
        /// How far it says.
        ahead: u32,
        /// How far it can be.
        most: u32,
    },
    /// The memory is not laid out as the driver is known to do it.
    #[error("the ring is not laid out as it is known: {what}")]
    Layout {
        /// What is not.
        what: &'static str,
    },
    /// Registers that are needed cannot be reached through the UIO device.
    #[error("{what} cannot be reached through the UIO device: {remedy}")]
    Unreachable {
        /// Which.
        what: &'static str,
        /// What can be done.
        remedy: &'static str,
    },
    /// The chip is none that is known.
    #[error("the chip {chip:#06x} is not known")]
    Chip {
        /// Its number.
        chip: u32,
    },
    /// An access outside of what is mapped.
    #[error(transparent)]
    Outside(#[from] Outside),
    /// The kernel does not send.
    #[error("the adapter's driver was not told to send")]
    Transmit(#[source] io::Error),
}

/// The ring of an adapter. Sending has one buffer, so there is one frame at a time.
pub trait Ring: Send {
    /// What kind it is.
    const NAME: &'static str;

    /// The longest frame that it sends, without a tag, in bytes.
    fn longest(&self) -> usize;

    /// Takes the next frame out.
    ///
    /// # Errors
    /// The ring cannot be used any more.
    fn take(&mut self, room: &mut [u8]) -> Result<Taken, RingError>;

    /// Whether the frame before is sent.
    ///
    /// # Errors
    /// The ring cannot be used any more.
    fn idle(&mut self) -> Result<bool, RingError>;

    /// Sends a frame of at most [`Ring::longest`] bytes (and a tag); only when [`Ring::idle`].
    ///
    /// # Errors
    /// The ring cannot be used any more.
    fn put(&mut self, frame: &[u8]) -> Result<(), RingError>;
}

/// Shortest frame on a wire without its checksum; what is shorter is filled up with zeros.
pub(super) const SHORTEST: usize = 60;
