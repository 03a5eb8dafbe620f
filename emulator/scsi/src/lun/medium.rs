//! Where the blocks are. Files are the shell's: it implements [`Medium`] for them.

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

/// What stands behind a range of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Storage.
    Mapped,
    /// Nothing; it reads as zeros.
    Hole,
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

    /// Whether storage stands behind the byte at `offset`, and for how many bytes from there on (at least one, at most `len`) it is
    /// alike. A medium that does not know says that it does.
    ///
    /// # Errors
    /// [`MediumError::Read`].
    fn extent(&mut self, offset: u64, len: u64) -> Result<(u64, Extent), MediumError> {
        let _ = offset;
        Ok((len, Extent::Mapped))
    }

    /// The medium takes no writes.
    fn read_only(&self) -> bool {
        false
    }
}
