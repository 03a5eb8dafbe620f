//! The seam to whatever keeps the bytes.
//!
//! Owns the contract: a commit is atomic. It must not know files. A [`Change`] names bytes in the card's image or in the
//! EEPROM; the changes of one commit become permanent together or not at all, whatever happens.

use zeroize::Zeroize;

/// One of the two chips that keep things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// The flash chip: the card's image, all ports.
    Flash,
    /// The serial EEPROM.
    Nvram,
}

/// New bytes for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// Which chip.
    pub region: Region,
    /// Byte offset in the image.
    pub offset: u64,
    /// The new bytes.
    pub bytes: &'a [u8],
}

/// What a store holds: the areas of every port, and the EEPROM.
#[derive(Clone, PartialEq, Eq)]
pub struct Loaded {
    /// `(offset in the card's image, bytes)`, one for each area of each port, in any order.
    pub areas: Vec<(u64, Vec<u8>)>,
    /// Length of the card's image, data and holes.
    pub flash_len: u64,
    /// The EEPROM image.
    pub nvram: Vec<u8>,
}

impl Loaded {
    /// Forgets the bytes: the CHAP tables hold secrets.
    pub fn wipe(&mut self) {
        for (_, bytes) in &mut self.areas {
            bytes.zeroize();
        }
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("areas", &self.areas.len())
            .field("flash_len", &self.flash_len)
            .field("nvram_len", &self.nvram.len())
            .finish()
    }
}

/// Keeps the bytes.
pub trait FlashStore: Send {
    /// Reads everything.
    ///
    /// # Errors
    /// The store cannot be read or is not a flash image at all. Nothing is changed by a failure.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Makes the changes permanent, all of them or none.
    ///
    /// # Errors
    /// Nothing was changed (full disk, I/O error).
    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), StoreError>;

    /// What [`FlashStore::load`] gave is a flash image: the store may now put right what an interrupted commit left behind.
    /// Nothing that can be read changes by that.
    ///
    /// # Errors
    /// It could not be written; the next start tries again.
    fn settle(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Why a store failed. What it held before it still holds.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The image has another length than the card.
    #[error("{what} is {found} bytes long, expected {expected}")]
    Size {
        /// Which image.
        what: String,
        /// Length found.
        found: u64,
        /// Length wanted.
        expected: u64,
    },
    /// A change lies outside of the image.
    #[error("a write of {len} bytes at {offset:#x} lies outside of the {what}")]
    Range {
        /// Which image.
        what: &'static str,
        /// Where.
        offset: u64,
        /// How long.
        len: usize,
    },
    /// Reading or writing failed.
    #[error("{doing}")]
    Io {
        /// What was tried, with the path.
        doing: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Power was lost on purpose (fault injection).
    #[error("power lost during the write")]
    PowerLost,
}
