//! Memory of a device, mapped.
//!
//! Every access is checked against the bounds and is one volatile load or store of its width: the device changes the memory at
//! any time, so no reference to it ever exists. All pages are there from the beginning (`MAP_POPULATE`): one that a driver
//! has taken back could only be missed by a fault, and that fault would be a SIGBUS.
#![allow(unsafe_code, reason = "memory of devices is mapped")]

use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// An access that is not inside of the memory, or not aligned to its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{width} bytes at {at:#x} are not in a memory of {len:#x} bytes")]
pub struct Outside {
    /// Where.
    pub at: usize,
    /// How many bytes.
    pub width: usize,
    /// How long the memory is.
    pub len: usize,
}

/// A mapping; it ends when it is dropped.
#[derive(Debug)]
pub struct Map {
    base: NonNull<u8>,
    mapped: NonZeroUsize,
    offset: usize,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone and is bound to no thread.
unsafe impl Send for Map {}

/// Declares a volatile load and a store of one width.
macro_rules! access {
    ($($ty:ty, $read:ident, $write:ident;)*) => { $(
        #[doc = concat!("Reads a `", stringify!($ty), "` in this machine's byte order.")]
        ///
        /// # Errors
        /// [`Outside`].
        pub fn $read(&self, at: usize) -> Result<$ty, Outside> {
            let place = self.place(at, size_of::<$ty>())?;
            // SAFETY: `place` checked that the bytes are inside of the mapping and aligned; integers have no invalid values.
            Ok(unsafe { place.cast::<$ty>().read_volatile() })
        }

        #[doc = concat!("Writes a `", stringify!($ty), "` in this machine's byte order.")]
        ///
        /// # Errors
        /// [`Outside`].
        pub fn $write(&self, at: usize, value: $ty) -> Result<(), Outside> {
            let place = self.place(at, size_of::<$ty>())?;
            // SAFETY: as above; the mapping is writable, and nobody holds a reference into it.
            unsafe { place.cast::<$ty>().write_volatile(value) };
            Ok(())
        }
    )* };
}

impl Map {
    /// Maps `mapped` bytes of a descriptor at `position`; the memory is the `len` bytes from `offset` on.
    pub(super) fn new(
        fd: impl AsFd,
        position: i64,
        mapped: NonZeroUsize,
        offset: usize,
        len: usize,
    ) -> Result<Self, Errno> {
        if offset.checked_add(len).is_none_or(|end| end > mapped.get()) {
            return Err(Errno::EINVAL);
        }
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_POPULATE;
        // SAFETY: a new mapping at a place of the kernel's choice replaces nothing.
        let base = unsafe { mmap(None, mapped, protection, flags, fd, position) }?;
        Ok(Self {
            base: base.cast(),
            mapped,
            offset,
            len,
        })
    }

    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn place(&self, at: usize, width: usize) -> Result<NonNull<u8>, Outside> {
        let outside = Outside {
            at,
            width,
            len: self.len,
        };
        let fits = at.checked_add(width).is_some_and(|end| end <= self.len);
        let start = self.offset.wrapping_add(at);
        if !fits || !start.is_multiple_of(width.max(1)) {
            return Err(outside);
        }
        // SAFETY: `start` is at most offset + len, which `new` checked against the mapping's length.
        Ok(unsafe { self.base.add(start) })
    }

    access! {
        u8, read8, write8;
        u16, read16, write16;
        u32, read32, write32;
    }

    /// Copies out of the memory.
    ///
    /// # Errors
    /// [`Outside`]: nothing is copied.
    pub fn read(&self, at: usize, to: &mut [u8]) -> Result<(), Outside> {
        self.span(at, to.len())?;
        for (index, byte) in to.iter_mut().enumerate() {
            *byte = self.read8(at + index)?;
        }
        Ok(())
    }

    /// Copies into the memory.
    ///
    /// # Errors
    /// [`Outside`]: nothing is copied.
    pub fn write(&self, at: usize, from: &[u8]) -> Result<(), Outside> {
        self.span(at, from.len())?;
        for (index, byte) in from.iter().enumerate() {
            self.write8(at + index, *byte)?;
        }
        Ok(())
    }

    fn span(&self, at: usize, width: usize) -> Result<(), Outside> {
        let fits = at.checked_add(width).is_some_and(|end| end <= self.len);
        fits.then_some(()).ok_or(Outside {
            at,
            width,
            len: self.len,
        })
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new` with this length; no pointer into it leaves this file.
        let unmapped = unsafe { munmap(self.base.cast(), self.mapped.get()) };
        debug_assert_eq!(unmapped, Ok(()), "a mapping of ours can be unmapped");
    }
}
