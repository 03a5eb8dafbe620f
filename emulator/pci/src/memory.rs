//! The guest's memory: ranges of the bus, each a piece of a descriptor that the client sent.
//!
//! Owns the map and its bounds. Rings and control structures are moved with pread(2) and pwrite(2), so a client that shortens
//! its file gets errors back and cannot kill this process. Payload lies in place where the file is sealed (see [`crate::dma`])
//! and is moved the same way where it is not. Ranges without a descriptor (ROM) are known but cannot be reached.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use iscsi::Buffer;
use isp4xxx::fw::Direction;
use isp4xxx::regs::{BadAddress, GuestMemory, Segment};
use nix::libc;

use crate::dma::{GuestBuffer, Mapping, Place};

/// Most ranges a client may map.
const MAX_RANGES: usize = 4096;

#[derive(Debug)]
struct Range {
    size: u64,
    offset: u64,
    file: Option<File>,
    mapping: Option<Arc<Mapping>>,
    read: bool,
    write: bool,
}

/// The map of one function.
#[derive(Debug, Default)]
pub struct DmaMap {
    ranges: BTreeMap<u64, Range>,
}

impl DmaMap {
    /// Maps a range.
    ///
    /// # Errors
    /// `EINVAL` for an empty range, one beyond the address space, or a descriptor that is no plain file, `EEXIST` for an overlap, `ENOSPC` for too many ranges.
    pub fn map(
        &mut self,
        address: u64,
        size: u64,
        offset: u64,
        (read, write): (bool, bool),
        fd: Option<OwnedFd>,
    ) -> Result<(), i32> {
        let end = address.checked_add(size).ok_or(libc::EINVAL)?;
        offset
            .checked_add(size)
            .filter(|end| *end <= i64::MAX as u64)
            .ok_or(libc::EINVAL)?;
        if size == 0 {
            return Err(libc::EINVAL);
        }
        let before = self.ranges.range(..end).next_back();
        if before.is_some_and(|(at, range)| at + range.size > address) {
            return Err(libc::EEXIST);
        }
        if self.ranges.len() >= MAX_RANGES {
            return Err(libc::ENOSPC);
        }
        let file = fd.map(File::from);
        // Reading from anything else could block.
        if let Some(file) = &file
            && !file.metadata().is_ok_and(|meta| meta.is_file())
        {
            return Err(libc::EINVAL);
        }
        let mapping = file
            .as_ref()
            .filter(|_| read)
            .and_then(|file| Mapping::new(file, offset, size, write));
        self.ranges.insert(
            address,
            Range {
                size,
                offset,
                mapping: mapping.map(Arc::new),
                file,
                read,
                write,
            },
        );
        Ok(())
    }

    /// Takes a range away, exactly as it was mapped.
    ///
    /// # Errors
    /// `ENOENT`: there is no such range.
    pub fn unmap(&mut self, address: u64, size: u64) -> Result<(), i32> {
        match self.ranges.get(&address) {
            Some(range) if range.size == size => {
                self.ranges.remove(&address);
                Ok(())
            }
            _ => Err(libc::ENOENT),
        }
    }

    /// Takes everything away.
    pub fn clear(&mut self) {
        self.ranges.clear();
    }

    /// How many ranges there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Nothing is mapped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// A payload's pieces in place; `None` when one of them is not mapped.
    fn places(&self, segments: &[Segment], writes: bool) -> Option<Vec<Place>> {
        let mut places = Vec::with_capacity(segments.len());
        for segment in segments {
            let mut done = 0;
            while done < segment.len {
                let here = segment.at.checked_add(done as u64)?;
                let (start, range) = self.ranges.range(..=here).next_back()?;
                let within = here - start;
                let left = usize::try_from(range.size.checked_sub(within)?).unwrap_or(usize::MAX);
                let len = left.min(segment.len - done);
                if len == 0 {
                    return None;
                }
                places.push(Place::new(range.mapping.as_ref()?, within, len, writes)?);
                done += len;
            }
        }
        Some(places)
    }

    /// Calls `each` with file, offset and the part of `0..len` for every piece of a range of the bus.
    fn walk(
        &self,
        at: u64,
        len: usize,
        writes: bool,
        mut each: impl FnMut(&File, u64, std::ops::Range<usize>) -> std::io::Result<()>,
    ) -> Result<(), BadAddress> {
        let bad = BadAddress { at, len: len as u64 };
        at.checked_add(len as u64).ok_or(bad)?;
        let mut done = 0;
        while done < len {
            let here = at + done as u64;
            let (start, range) = self.ranges.range(..=here).next_back().ok_or(bad)?;
            let within = here - start;
            let left = range
                .size
                .checked_sub(within)
                .filter(|left| *left > 0)
                .ok_or(bad)?;
            let allowed = if writes { range.write } else { range.read };
            let file = range.file.as_ref().filter(|_| allowed).ok_or(bad)?;
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(len - done);
            each(file, range.offset + within, done..done + piece).map_err(|_| bad)?;
            done += piece;
        }
        Ok(())
    }
}

impl GuestMemory for DmaMap {
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), BadAddress> {
        let len = into.len();
        self.walk(at, len, false, |file, offset, piece| {
            file.read_exact_at(&mut into[piece], offset)
        })
    }

    fn write(&self, at: u64, from: &[u8]) -> Result<(), BadAddress> {
        self.walk(at, from.len(), true, |file, offset, piece| {
            file.write_all_at(&from[piece], offset)
        })
    }

    fn in_place(&self, segments: &[Segment], direction: Direction) -> Option<Box<dyn Buffer>> {
        let writes = direction == Direction::Read;
        let places = self.places(segments, writes)?;
        Some(Box::new(GuestBuffer::new(places, writes)))
    }

    fn check(&self, at: u64, len: u64, writes: bool) -> Result<(), BadAddress> {
        let bad = BadAddress { at, len };
        let len = usize::try_from(len).map_err(|_| bad)?;
        self.walk(at, len, writes, |_, _, _| Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(bytes: u64) -> OwnedFd {
        let file = tempfile::tempfile().unwrap();
        file.set_len(bytes).unwrap();
        file.into()
    }

    #[test]
    fn accesses_cross_ranges_and_stop_where_memory_ends() {
        let mut map = DmaMap::default();
        map.map(0x1000, 0x1000, 0, (true, true), Some(memory(0x1000)))
            .unwrap();
        map.map(0x2000, 0x1000, 0x800, (true, true), Some(memory(0x1800)))
            .unwrap();
        map.map(0x3000, 0x1000, 0, (true, false), Some(memory(0x1000)))
            .unwrap();
        map.map(0x4000, 0x1000, 0, (true, true), None).unwrap();
        map.write(0x1FFE, &[1, 2, 3, 4]).unwrap();
        let mut back = [0; 4];
        map.read(0x1FFE, &mut back).unwrap();
        assert_eq!(back, [1, 2, 3, 4]);
        assert!(
            map.write(0x2FFE, &[0; 4]).is_err(),
            "the last two bytes are read-only"
        );
        assert!(map.read(0x3FFE, &mut back).is_err(), "ROM without a descriptor");
        assert!(map.read(0x5000, &mut back).is_err());
        assert!(map.read(u64::MAX - 1, &mut back).is_err());
        assert!(map.check(0x1000, 0x2000, true).is_ok());
        assert!(map.check(0x1000, u64::MAX, false).is_err());
    }

    #[test]
    fn ranges_may_not_overlap_and_go_as_they_came() {
        let mut map = DmaMap::default();
        map.map(0x1000, 0x1000, 0, (true, true), None).unwrap();
        for (address, size) in [(0x1000, 1), (0xFFF, 2), (0x1FFF, 0x1000), (0, 0x4000)] {
            assert_eq!(
                map.map(address, size, 0, (true, true), None),
                Err(libc::EEXIST),
                "{address:#x}"
            );
        }
        assert_eq!(map.map(0, 0, 0, (true, true), None), Err(libc::EINVAL));
        assert_eq!(map.map(2, u64::MAX, 0, (true, true), None), Err(libc::EINVAL));
        assert_eq!(
            map.map(0, 0x1000, u64::MAX, (true, true), None),
            Err(libc::EINVAL)
        );
        assert_eq!(map.unmap(0x1000, 0x800), Err(libc::ENOENT));
        assert_eq!(map.unmap(0x1000, 0x1000), Ok(()));
        assert!(map.is_empty());
    }

    #[test]
    fn a_file_that_is_too_short_is_no_memory() {
        let mut map = DmaMap::default();
        map.map(0, 0x2000, 0, (true, true), Some(memory(0x1000))).unwrap();
        assert!(map.read(0x0FFF, &mut [0; 2]).is_err());
    }
}
