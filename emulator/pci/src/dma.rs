//! Guest memory in place: mappings of the client's memory, and payload buffers that lie in them.
//!
//! Owns the only `unsafe` of this crate. Payload then goes between a socket and guest memory without a copy. Only files that are
//! sealed against shrinking are mapped: a client could otherwise cut its file short and kill this process with SIGBUS.
#![expect(unsafe_code, reason = "guest memory is mapped")]

use std::fs::File;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::Arc;

use iscsi::Buffer;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// A piece of a file, mapped.
#[derive(Debug)]
pub(crate) struct Mapping {
    at: NonNull<u8>,
    len: usize,
    writable: bool,
}

// SAFETY: the mapping is plain bytes without an owner thread; `at` is valid until drop, from any thread.
unsafe impl Send for Mapping {}
// SAFETY: as above; writes go through `Place`s, of which the single-threaded owner uses one at a time.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps a piece of a file; `None` when that is not safe (it may shrink) or not possible.
    pub(crate) fn new(file: &File, offset: u64, size: u64, writable: bool) -> Option<Self> {
        let seals = fcntl(file, FcntlArg::F_GET_SEALS).ok()?;
        let sealed = SealFlag::from_bits_truncate(seals).contains(SealFlag::F_SEAL_SHRINK);
        let end = offset.checked_add(size)?;
        if !sealed || file.metadata().ok()?.len() < end {
            return None;
        }
        let len = NonZeroUsize::new(usize::try_from(size).ok()?)?;
        let mut protection = ProtFlags::PROT_READ;
        protection.set(ProtFlags::PROT_WRITE, writable);
        let offset = i64::try_from(offset).ok()?;
        // SAFETY: a new shared mapping at an address of the kernel's choice; it aliases nothing of ours.
        let at = unsafe { mmap(None, len, protection, MapFlags::MAP_SHARED, file, offset) }.ok()?;
        Some(Self {
            at: at.cast(),
            len: len.get(),
            writable,
        })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `at` and `len` are what mmap gave; nobody holds a slice of it, since every `Place` holds an `Arc` of this.
        let _ = unsafe { munmap(self.at.cast(), self.len) };
    }
}

/// A piece of a mapping.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    mapping: Arc<Mapping>,
    offset: usize,
    len: usize,
}

impl Place {
    /// `len` bytes at `offset`; `None` when they are not all in the mapping, or to be written and read-only.
    pub(crate) fn new(mapping: &Arc<Mapping>, offset: u64, len: usize, writes: bool) -> Option<Self> {
        let offset = usize::try_from(offset).ok()?;
        let inside = offset.checked_add(len)? <= mapping.len;
        (inside && (mapping.writable || !writes)).then(|| Self {
            mapping: Arc::clone(mapping),
            offset,
            len,
        })
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: `new` checked the bounds and the mapping lives as long as `self`. The file cannot shrink (sealed). The guest
        // may change the bytes at any time, as with any DMA: they are only ever copied or summed, no decision about memory
        // depends on them, and every bit pattern is a valid u8.
        unsafe { std::slice::from_raw_parts(self.mapping.at.as_ptr().add(self.offset), self.len) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; writable, since whoever asked for a place to write to was checked. Two places may overlap when
        // a guest names the same memory twice; slices of them never live at the same time, since the one thread that drives
        // the engines holds a writable slice only for the length of one read(2).
        unsafe { std::slice::from_raw_parts_mut(self.mapping.at.as_ptr().add(self.offset), self.len) }
    }
}

/// A payload that lies in guest memory, in pieces.
#[derive(Debug)]
pub(crate) struct GuestBuffer {
    places: Vec<Place>,
    len: usize,
    writes: bool,
}

impl GuestBuffer {
    /// From pieces in order; `writes` when bytes are to be put into them.
    pub(crate) fn new(places: Vec<Place>, writes: bool) -> Self {
        let len = places.iter().map(|place| place.len).sum();
        Self { places, len, writes }
    }

    /// Which piece an offset falls into, and where in it.
    fn find(&self, offset: usize) -> Option<(usize, usize)> {
        let mut left = offset;
        for (number, place) in self.places.iter().enumerate() {
            if left < place.len {
                return Some((number, left));
            }
            left -= place.len;
        }
        None
    }
}

impl Buffer for GuestBuffer {
    fn len(&self) -> usize {
        self.len
    }

    fn chunk(&self, offset: usize) -> &[u8] {
        let found = self.find(offset);
        let place = found.and_then(|(number, at)| self.places.get(number)?.bytes().get(at..));
        place.unwrap_or_default()
    }

    fn chunk_mut(&mut self, offset: usize) -> &mut [u8] {
        // A payload to be sent is never written to, whatever memory it lies in.
        let Some((number, at)) = self.find(offset).filter(|_| self.writes) else {
            return &mut [];
        };
        let place = self
            .places
            .get_mut(number)
            .and_then(|place| place.bytes_mut().get_mut(at..));
        place.unwrap_or_default()
    }

    fn into_vec(self: Box<Self>) -> Vec<u8> {
        self.places
            .iter()
            .flat_map(|place| place.bytes().iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;

    pub(crate) fn memfd(len: u64, sealed: bool) -> File {
        let file =
            File::from(memfd_create("guest", MFdFlags::MFD_ALLOW_SEALING | MFdFlags::MFD_CLOEXEC).unwrap());
        file.set_len(len).unwrap();
        if sealed {
            fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK)).unwrap();
        }
        file
    }

    #[test]
    fn only_memory_that_cannot_shrink_is_mapped() {
        assert!(Mapping::new(&memfd(8192, false), 0, 8192, true).is_none());
        assert!(Mapping::new(&tempfile::tempfile().unwrap(), 0, 4096, true).is_none());
        let file = memfd(8192, true);
        assert!(Mapping::new(&file, 0, 8192, true).is_some());
        assert!(Mapping::new(&file, 4096, 8192, true).is_none(), "beyond its end");
        assert!(Mapping::new(&file, 100, 4096, true).is_none(), "not at a page");
        assert!(Mapping::new(&file, 0, 0, true).is_none());
        assert!(Mapping::new(&file, u64::MAX, 2, true).is_none());
    }

    #[test]
    fn a_scattered_payload_lies_in_the_guests_own_bytes() {
        let file = memfd(8192, true);
        let mapping = Arc::new(Mapping::new(&file, 4096, 4096, true).unwrap());
        let place = |offset, len| Place::new(&mapping, offset, len, true);
        assert!(place(4090, 7).is_none());
        assert!(place(u64::MAX, 7).is_none());
        let mut buffer = GuestBuffer::new(
            vec![
                place(10, 3).unwrap(),
                place(0, 0).unwrap(),
                place(100, 2).unwrap(),
            ],
            true,
        );
        drop(mapping);
        assert_eq!(buffer.len(), 5);
        buffer.chunk_mut(1).copy_from_slice(&[1, 2]);
        buffer.chunk_mut(3)[..2].copy_from_slice(&[3, 4]);
        assert!(buffer.chunk_mut(5).is_empty() && buffer.chunk(usize::MAX).is_empty());
        let mut bytes = [0; 2];
        file.read_exact_at(&mut bytes, 4096 + 11).unwrap();
        assert_eq!(bytes, [1, 2]);
        file.write_all_at(&[9], 4096 + 10).unwrap();
        assert_eq!(Box::new(buffer).into_vec(), [9, 1, 2, 3, 4]);
    }

    #[test]
    fn a_payload_to_be_sent_is_not_written_to() {
        let mapping = Arc::new(Mapping::new(&memfd(4096, true), 0, 4096, false).unwrap());
        assert!(Place::new(&mapping, 0, 8, true).is_none());
        let mut buffer = GuestBuffer::new(vec![Place::new(&mapping, 0, 8, false).unwrap()], false);
        assert_eq!(buffer.chunk(0), [0; 8]);
        assert!(buffer.chunk_mut(0).is_empty());
    }
}
