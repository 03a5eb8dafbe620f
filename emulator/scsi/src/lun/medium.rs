//! Where the blocks are. Files are the shell's: it implements [`Medium`] for them.

use std::collections::BTreeMap;

use crate::sense::{AdditionalSense, Sense, SenseKey};

/// A medium failed. Becomes sense data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediumError {
    /// The bytes cannot be read.
    #[error("read error")]
    Read,
    /// The bytes cannot be written.
    #[error("write error")]
    Write,
    /// The storage behind the medium is full.
    #[error("no space left behind the medium")]
    NoSpace,
    /// The medium takes no writes.
    #[error("write protected")]
    ReadOnly,
}

impl MediumError {
    /// The sense data that reports it.
    #[must_use]
    pub const fn sense(self) -> Sense {
        match self {
            Self::Read => Sense::new(SenseKey::MediumError, AdditionalSense::UNRECOVERED_READ_ERROR),
            Self::Write => Sense::new(SenseKey::MediumError, AdditionalSense::WRITE_ERROR),
            Self::NoSpace => Sense::new(SenseKey::DataProtect, AdditionalSense::SPACE_ALLOCATION_FAILED),
            Self::ReadOnly => Sense::new(SenseKey::DataProtect, AdditionalSense::WRITE_PROTECTED),
        }
    }
}

/// Bytes that can be read and written. Offsets and lengths are in bytes and lie within [`Medium::size`].
pub trait Medium: Send {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Fills `into` from `offset`.
    ///
    /// # Errors
    /// [`MediumError::Read`].
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), MediumError>;

    /// Writes `from` at `offset`.
    ///
    /// # Errors
    /// Any other [`MediumError`].
    fn write_at(&mut self, offset: u64, from: &[u8]) -> Result<(), MediumError>;

    /// Makes everything written durable.
    ///
    /// # Errors
    /// [`MediumError::Write`] or [`MediumError::NoSpace`].
    fn flush(&mut self) -> Result<(), MediumError>;

    /// Gives up the storage of a range, which reads as zeros afterwards.
    ///
    /// # Errors
    /// As [`Medium::write_at`].
    fn discard(&mut self, offset: u64, len: u64) -> Result<(), MediumError> {
        static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
        let mut done = 0;
        while done < len {
            let step = (len - done).min(ZEROS.len() as u64);
            self.write_at(offset + done, &ZEROS[..step as usize])?;
            done += step;
        }
        Ok(())
    }

    /// The medium takes no writes.
    fn read_only(&self) -> bool {
        false
    }
}

/// Memory, allocated where it has been written.
#[derive(Debug, Default)]
pub struct MemoryMedium {
    size: u64,
    pieces: BTreeMap<u64, Box<[u8]>>,
}

const PIECE: u64 = 256 << 10;

impl MemoryMedium {
    /// `size` bytes of zeros.
    #[must_use]
    pub const fn new(size: u64) -> Self {
        Self {
            size,
            pieces: BTreeMap::new(),
        }
    }

    /// Bytes of memory in use.
    #[must_use]
    pub fn allocated(&self) -> u64 {
        self.pieces.len() as u64 * PIECE
    }
}

/// Cuts a byte range at piece borders: piece number, offset in the piece, range of the caller's bytes.
fn cut(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0usize;
    std::iter::from_fn(move || {
        if done >= len {
            return None;
        }
        let at = offset + done as u64;
        let within = (at % PIECE) as usize;
        let step = (PIECE as usize - within).min(len - done);
        let range = done..done + step;
        done += step;
        Some((at / PIECE, within, range))
    })
}

impl Medium for MemoryMedium {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), MediumError> {
        for (piece, within, range) in cut(offset, into.len()) {
            let into = &mut into[range];
            match self.pieces.get(&piece) {
                Some(bytes) => into.copy_from_slice(&bytes[within..within + into.len()]),
                None => into.fill(0),
            }
        }
        Ok(())
    }

    fn write_at(&mut self, offset: u64, from: &[u8]) -> Result<(), MediumError> {
        for (piece, within, range) in cut(offset, from.len()) {
            let from = &from[range];
            let bytes = self
                .pieces
                .entry(piece)
                .or_insert_with(|| vec![0; PIECE as usize].into());
            bytes[within..within + from.len()].copy_from_slice(from);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), MediumError> {
        Ok(())
    }

    fn discard(&mut self, offset: u64, len: u64) -> Result<(), MediumError> {
        let end = offset.saturating_add(len);
        let touched: Vec<u64> = self
            .pieces
            .range(offset / PIECE..end.div_ceil(PIECE))
            .map(|(k, _)| *k)
            .collect();
        for piece in touched {
            let start = piece * PIECE;
            let from = offset.max(start) - start;
            let to = end.min(start + PIECE) - start;
            if (from, to) == (0, PIECE) {
                self.pieces.remove(&piece);
            } else if let Some(bytes) = self.pieces.get_mut(&piece) {
                bytes[from as usize..to as usize].fill(0);
            }
        }
        Ok(())
    }
}
