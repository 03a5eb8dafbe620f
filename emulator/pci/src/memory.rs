//! The guest's memory: ranges of the bus, each a piece of a file that the client sent.
//!
//! Owns the map, its bounds, and when memory was there: what a command was given is not what lies at the same address later.
//! An answered unmap, and the bus master bit switched off, end what commands under way were given; they complete with an error and
//! touch nothing. How bytes are moved is [`crate::dma`]'s. Ranges without a descriptor (ROM) are known but cannot be reached.

use std::collections::BTreeMap;
use std::sync::Arc;

use iscsi::Buffer;
use iscsi::pool::Pool;
use isp4xxx::fw::Direction;
use isp4xxx::regs::{BadAddress, Era, GuestMemory, Segment};
use nix::libc;

use crate::descriptor::Foreign;
use crate::dma::{Piece, Store, Unfit};

/// Most ranges a client may map.
const MAX_RANGES: usize = 4096;
/// Most files they may lie in. Each is one descriptor of ours, however many ranges it has.
const MAX_STORES: usize = 64;
/// Longer payload is not kept to be used again.
const POOLED: usize = 1 << 20;

#[derive(Debug)]
struct Range {
    size: u64,
    piece: Option<Piece>,
    read: bool,
    write: bool,
    /// It was not there before.
    since: Era,
}

/// The map of one function.
#[derive(Debug, Default)]
pub struct DmaMap {
    ranges: BTreeMap<u64, Range>,
    stores: Vec<Arc<Store>>,
    /// Counts what happens to the map.
    era: Era,
    /// Commands of earlier eras have no memory any more.
    over: Era,
    /// The function must not master the bus.
    held: bool,
    /// A refusal was logged.
    told: bool,
    pool: Pool,
}

impl DmaMap {
    /// Maps a range.
    ///
    /// # Errors
    /// `EINVAL` for an empty range, one beyond the address space or the file, or a descriptor that is no memory, `EEXIST` for an
    /// overlap, `ENOSPC` for too many ranges or files.
    pub(crate) fn map(
        &mut self,
        address: u64,
        size: u64,
        offset: u64,
        (read, write): (bool, bool),
        descriptor: Option<Foreign>,
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
        let piece = match descriptor {
            None => None,
            Some(descriptor) => {
                let store = self.store(descriptor)?;
                let piece = Piece::new(store, offset, size, write);
                let piece = piece.map_err(|unfit| self.refuse(&unfit));
                self.forget_stores();
                Some(piece?)
            }
        };
        self.era.0 += 1;
        let range = Range {
            size,
            piece,
            read,
            write,
            since: self.era,
        };
        self.ranges.insert(address, range);
        Ok(())
    }

    /// Says why a range is not mapped, once a client.
    fn refuse(&mut self, unfit: &Unfit) -> i32 {
        if !std::mem::replace(&mut self.told, true) {
            tracing::warn!(%unfit, "a range of guest memory is refused");
        }
        unfit.errno()
    }

    /// The file behind a descriptor; one that is known already is not kept twice.
    fn store(&mut self, descriptor: Foreign) -> Result<Arc<Store>, i32> {
        let store = Store::new(descriptor).map_err(|unfit| self.refuse(&unfit))?;
        if let Some(known) = self.stores.iter().find(|known| known.is(&store)) {
            return Ok(Arc::clone(known));
        }
        if self.stores.len() >= MAX_STORES {
            return Err(libc::ENOSPC);
        }
        let store = Arc::new(store);
        self.stores.push(Arc::clone(&store));
        Ok(store)
    }

    /// Closes files that no range lies in.
    fn forget_stores(&mut self) {
        self.stores.retain(|store| Arc::strong_count(store) > 1);
    }

    /// Takes a range away, exactly as it was mapped. Commands under way that were given it do not reach it from now on, nor what is
    /// mapped at its address later.
    ///
    /// # Errors
    /// `ENOENT`: there is no such range.
    pub fn unmap(&mut self, address: u64, size: u64) -> Result<(), i32> {
        match self.ranges.get(&address) {
            Some(range) if range.size == size => {
                self.ranges.remove(&address);
                self.forget_stores();
                Ok(())
            }
            _ => Err(libc::ENOENT),
        }
    }

    /// Takes everything away.
    pub fn clear(&mut self) {
        self.ranges.clear();
        self.stores.clear();
        self.told = false;
    }

    /// Whether the function may master the bus. What commands under way were given is over when it no longer may.
    pub(crate) fn set_master(&mut self, may: bool) {
        if !may && !self.held {
            self.era.0 += 1;
            self.over = self.era;
        }
        self.held = !may;
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

    /// Calls `each` with every piece of a stretch of the bus that a command of `era` reaches, the place in it, and the part of
    /// `0..len`.
    fn walk(
        &self,
        era: Era,
        at: u64,
        len: usize,
        writes: bool,
        mut each: impl FnMut(&Piece, u64, std::ops::Range<usize>) -> std::io::Result<()>,
    ) -> Result<(), BadAddress> {
        let bad = BadAddress { at, len: len as u64 };
        at.checked_add(len as u64).ok_or(bad)?;
        if self.held || era < self.over {
            return Err(bad);
        }
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
            let allowed = allowed && range.since <= era;
            let piece = range.piece.as_ref().filter(|_| allowed).ok_or(bad)?;
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(len - done);
            each(piece, within, done..done + part).map_err(|_| bad)?;
            done += part;
        }
        Ok(())
    }
}

impl GuestMemory for DmaMap {
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), BadAddress> {
        let len = into.len();
        self.walk(self.era, at, len, false, |piece, within, part| {
            piece.read(within, &mut into[part])
        })
    }

    fn write(&self, at: u64, from: &[u8]) -> Result<(), BadAddress> {
        self.write_of(self.era, at, from)
    }

    fn check(&self, at: u64, len: u64, writes: bool) -> Result<(), BadAddress> {
        let bad = BadAddress { at, len };
        let len = usize::try_from(len).map_err(|_| bad)?;
        self.walk(self.era, at, len, writes, |_, _, _| Ok(()))
    }

    fn era(&self) -> Era {
        self.era
    }

    fn write_of(&self, era: Era, at: u64, from: &[u8]) -> Result<(), BadAddress> {
        self.walk(era, at, from.len(), true, |piece, within, part| {
            piece.write(within, &from[part])
        })
    }

    fn lend(&self, segments: &[Segment], direction: Direction) -> Result<Box<dyn Buffer>, BadAddress> {
        let len = segments.iter().map(|segment| segment.len).sum();
        match direction {
            Direction::Write if len <= POOLED => {
                let mut memory = self.pool.take(len);
                self.gather(segments, memory.bytes_mut())?;
                Ok(Box::new(memory))
            }
            Direction::Write => {
                let mut bytes = vec![0; len];
                self.gather(segments, &mut bytes)?;
                Ok(Box::new(bytes))
            }
            Direction::Read | Direction::None => {
                for segment in segments {
                    self.check(segment.at, segment.len as u64, true)?;
                }
                if len > POOLED {
                    // Pages come with the bytes that are put into them.
                    return Ok(Box::new(vec![0; len]));
                }
                let mut memory = self.pool.take(len);
                // What was there before is another command's.
                memory.bytes_mut().fill(0);
                Ok(Box::new(memory))
            }
        }
    }
}

impl DmaMap {
    /// Copies a payload out of its pieces.
    fn gather(&self, segments: &[Segment], mut into: &mut [u8]) -> Result<(), BadAddress> {
        for segment in segments {
            let (piece, rest) = into.split_at_mut(segment.len.min(into.len()));
            self.read(segment.at, piece)?;
            into = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
