//! Guest memory as the adapter sees it: bus addresses, checked at every access.
//!
//! Owns the seam between the register file and whoever maps the guest. It must not know how the guest is mapped. Payload goes
//! through a buffer of ours: nobody else changes it while an engine works on it, and it stays valid when the guest takes its
//! memory away (docs/decisions/0010-guest-memory.md).

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

/// A moment of the bus. What was put there later is not what a command of that moment was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Era(pub u64);

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

    /// Now. Memory whose map never changes need not count.
    fn era(&self) -> Era {
        Era::default()
    }

    /// As [`GuestMemory::write`], for a command that was given its memory in `era`.
    ///
    /// # Errors
    /// As [`GuestMemory::write`], and if that memory is not there any more, whatever is at its address now.
    fn write_of(&self, era: Era, at: u64, from: &[u8]) -> Result<(), BadAddress> {
        let _ = era;
        self.write(at, from)
    }

    /// A buffer for the payload of a command. The default reads what the guest sends and checks where it wants to receive.
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

    /// A lent buffer comes back; `moved` of its bytes are to reach the guest's memory of `era`.
    ///
    /// # Errors
    /// A segment is not guest memory any more.
    fn give_back(
        &self,
        segments: &[Segment],
        era: Era,
        buffer: &dyn Buffer,
        moved: usize,
    ) -> Result<(), BadAddress> {
        let mut done = 0;
        for segment in segments {
            let end = moved.min(done + segment.len);
            let mut at = segment.at;
            while done < end {
                let chunk = buffer.chunk(done);
                let piece = chunk.get(..end - done).unwrap_or(chunk);
                if piece.is_empty() {
                    return Ok(());
                }
                self.write_of(era, at, piece)?;
                done += piece.len();
                at = at.saturating_add(piece.len() as u64);
            }
        }
        Ok(())
    }
}
