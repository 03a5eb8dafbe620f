//! A piece of a device's memory, as the rings see it.

use driver_sys::uio::{Map, Outside};

/// Registers, status blocks, rings and buffers: read and written while the device does the same.
pub trait Memory: Send {
    /// Its length in bytes.
    fn len(&self) -> usize;

    /// Whether it has no byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads 8 bits.
    ///
    /// # Errors
    /// [`Outside`].
    fn read8(&self, at: usize) -> Result<u8, Outside>;

    /// Reads 16 bits.
    ///
    /// # Errors
    /// [`Outside`].
    fn read16(&self, at: usize) -> Result<u16, Outside>;

    /// Reads 32 bits.
    ///
    /// # Errors
    /// [`Outside`].
    fn read32(&self, at: usize) -> Result<u32, Outside>;

    /// Writes 8 bits.
    ///
    /// # Errors
    /// [`Outside`].
    fn write8(&self, at: usize, value: u8) -> Result<(), Outside>;

    /// Writes 16 bits.
    ///
    /// # Errors
    /// [`Outside`].
    fn write16(&self, at: usize, value: u16) -> Result<(), Outside>;

    /// Writes 32 bits.
    ///
    /// # Errors
    /// [`Outside`].
    fn write32(&self, at: usize, value: u32) -> Result<(), Outside>;

    /// Copies bytes out.
    ///
    /// # Errors
    /// [`Outside`].
    fn read(&self, at: usize, to: &mut [u8]) -> Result<(), Outside>;

    /// Copies bytes in.
    ///
    /// # Errors
    /// [`Outside`].
    fn write(&self, at: usize, from: &[u8]) -> Result<(), Outside>;
}

impl Memory for Map {
    fn len(&self) -> usize {
        Self::len(self)
    }

    fn read8(&self, at: usize) -> Result<u8, Outside> {
        Self::read8(self, at)
    }

    fn read16(&self, at: usize) -> Result<u16, Outside> {
        Self::read16(self, at)
    }

    fn read32(&self, at: usize) -> Result<u32, Outside> {
        Self::read32(self, at)
    }

    fn write8(&self, at: usize, value: u8) -> Result<(), Outside> {
        Self::write8(self, at, value)
    }

    fn write16(&self, at: usize, value: u16) -> Result<(), Outside> {
        Self::write16(self, at, value)
    }

    fn write32(&self, at: usize, value: u32) -> Result<(), Outside> {
        Self::write32(self, at, value)
    }

    fn read(&self, at: usize, to: &mut [u8]) -> Result<(), Outside> {
        Self::read(self, at, to)
    }

    fn write(&self, at: usize, from: &[u8]) -> Result<(), Outside> {
        Self::write(self, at, from)
    }
}
