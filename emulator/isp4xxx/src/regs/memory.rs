//! Guest memory as the adapter sees it: bus addresses, checked at every access.
//!
//! Owns the seam between the register file and whoever maps the guest. It must not know how the guest is mapped. Payload is
//! lent in place ([`GuestMemory::in_place`]) where the memory can do that, and goes through one bounded buffer otherwise.

use iscsi::Buffer;
use thiserror::Error;

use crate::fw::Direction;

/// A range of the bus that is not guest memory, or not writable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("bus address {at:#x}, {len} bytes, is not guest memory")]
pub struct BadAddress {
    /// Where the access began.
    pub at: u64,
    /// How long it was.
    pub len: u64,
}

/// A piece of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Bus address.
    pub at: u64,
    /// Bytes.
    pub len: usize,
}

/// The memory a function may reach by DMA.
pub trait GuestMemory {
    /// Copies bytes out of the guest.
    ///
    /// # Errors
    /// A part of the range is not guest memory.
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), BadAddress>;

    /// Copies bytes into the guest.
    ///
    /// # Errors
    /// A part of the range is not guest memory, or read-only.
    fn write(&self, at: u64, from: &[u8]) -> Result<(), BadAddress>;

    /// Whether the whole range can be read (written, if `writes`).
    ///
    /// # Errors
    /// It cannot.
    fn check(&self, at: u64, len: u64, writes: bool) -> Result<(), BadAddress>;

    /// The payload of a command where it lies, if that can be lent; nothing is copied then.
    fn in_place(&self, segments: &[Segment], direction: Direction) -> Option<Box<dyn Buffer>> {
        let _ = (segments, direction);
        None
    }

    /// A buffer for the payload of a command that cannot be lent in place. The default reads what the guest sends and checks where it wants to receive.
    ///
    /// # Errors
    /// A segment is not guest memory.
    fn lend(&self, segments: &[Segment], direction: Direction) -> Result<Box<dyn Buffer>, BadAddress> {
        let mut bytes = vec![0; segments.iter().map(|segment| segment.len).sum()];
        let mut rest = bytes.as_mut_slice();
        for segment in segments {
            let (piece, tail) = rest.split_at_mut(segment.len);
            match direction {
                Direction::Write => self.read(segment.at, piece)?,
                _ => self.check(segment.at, segment.len as u64, true)?,
            }
            rest = tail;
        }
        Ok(Box::new(bytes))
    }

    /// A lent buffer comes back; `moved` of its bytes are to reach the guest. The default copies them.
    ///
    /// # Errors
    /// A segment is not guest memory any more.
    fn give_back(
        &self,
        segments: &[Segment],
        buffer: Box<dyn Buffer>,
        moved: usize,
    ) -> Result<(), BadAddress> {
        let bytes = buffer.into_vec();
        let mut rest = bytes.get(..moved).unwrap_or(&bytes);
        for segment in segments {
            let (piece, tail) = rest.split_at(segment.len.min(rest.len()));
            if !piece.is_empty() {
                self.write(segment.at, piece)?;
            }
            rest = tail;
        }
        Ok(())
    }
}
