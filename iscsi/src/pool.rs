//! Memory of tasks that is used again, in whole pages.
//!
//! Large allocations cost more than the copy they are for: the allocator maps, clears and unmaps them. A pool keeps what was given
//! back, up to a bound, by powers of two. Pages matter as much: the kernel copies from a file's pages, and x86 processors with fast
//! string moves take three times as long where the destination lies a few bytes behind its source modulo the page, which is
//! where a general allocator puts large blocks. A pool also knows how much of its memory is out and says who may have more, so that
//! all who share it together stay within a bound. Must not know what the bytes were; whoever takes memory overwrites all of it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

use crate::buffer::Buffer;

/// Bytes of a page, to which memory is aligned.
pub const PAGE: usize = 4096;
/// Powers of two of pages that are kept: 4 KiB to 1 MiB.
const CLASSES: usize = 9;
/// Bytes that are kept at most.
const KEPT: usize = 16 << 20;
/// Bytes that may be out at once, unless [`Pool::with_limit`] says otherwise.
pub const LIMIT: usize = 256 << 20;
/// What each holder may have whatever the others hold.
pub const SHARE: usize = 1 << 20;

#[derive(FromBytes, IntoBytes, Immutable)]
#[repr(C, align(4096))]
struct Page([u8; PAGE]);

/// A pool that any number of connections share.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<Kept>>);

struct Kept {
    classes: [Vec<Vec<Page>>; CLASSES],
    bytes: usize,
    /// Bytes that are out.
    lent: usize,
    limit: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            classes: Default::default(),
            bytes: 0,
            lent: 0,
            limit: LIMIT,
        }
    }
}

impl Pool {
    /// A pool that grants no more than `limit` bytes, beside [`SHARE`] bytes to each holder.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        let pool = Self::default();
        pool.kept().limit = limit;
        pool
    }

    /// Bytes that are out.
    #[must_use]
    pub fn lent(&self) -> usize {
        self.kept().lent
    }

    /// Whether somebody who holds `own` bytes may take `len` more. [`Pool::take`] does not ask.
    #[must_use]
    pub fn grants(&self, len: usize, own: usize) -> bool {
        let kept = self.kept();
        kept.lent.saturating_add(len) <= kept.limit || own.saturating_add(len) <= SHARE
    }

    /// So much of the pool is free that nobody need be frugal with `len` bytes.
    #[must_use]
    pub fn plenty(&self, len: usize) -> bool {
        let kept = self.kept();
        kept.lent.saturating_add(len) <= kept.limit / 4
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Memory of `len` bytes that hold anything: zeros, or what was left by an earlier task of any connection. It goes back when
    /// it is dropped.
    #[must_use]
    pub fn take(&self, len: usize) -> Memory {
        Memory {
            pages: self.pages(len),
            len,
            pool: self.clone(),
        }
    }

    fn pages(&self, len: usize) -> Vec<Page> {
        let count = len.div_ceil(PAGE);
        if count == 0 {
            return Vec::new();
        }
        let class = count.next_power_of_two().ilog2() as usize;
        let mut kept = self.kept();
        let count = if class < CLASSES { 1 << class } else { count };
        kept.lent = kept.lent.saturating_add(count * PAGE);
        match kept.classes.get_mut(class).and_then(Vec::pop) {
            Some(pages) => {
                kept.bytes = kept.bytes.saturating_sub(pages.len() * PAGE);
                pages
            }
            None => {
                drop(kept);
                zeroed(count)
            }
        }
    }

    fn give(&self, pages: Vec<Page>) {
        let size = pages.len() * PAGE;
        let Some(class) = pages.len().checked_ilog2() else {
            return;
        };
        let mut kept = self.kept();
        kept.lent = kept.lent.saturating_sub(size);
        if kept.bytes.saturating_add(size) > KEPT {
            return;
        }
        if let Some(class) = kept.classes.get_mut(class as usize) {
            class.push(pages);
            kept.bytes += size;
        }
    }
}

fn zeroed(count: usize) -> Vec<Page> {
    let mut pages = Vec::new();
    pages.resize_with(count, Page::new_zeroed);
    pages
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        f.debug_struct("Pool")
            .field("kept", &kept.bytes)
            .field("lent", &kept.lent)
            .finish_non_exhaustive()
    }
}

/// Memory out of a [`Pool`]. It begins with a page.
pub struct Memory {
    pages: Vec<Page>,
    len: usize,
    pool: Pool,
}

impl Memory {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.pages
            .as_slice()
            .as_bytes()
            .get(..self.len)
            .unwrap_or_default()
    }

    /// The bytes, writable.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let bytes = self.pages.as_mut_slice().as_mut_bytes();
        bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("len", &self.len).finish()
    }
}

impl Buffer for Memory {
    fn len(&self) -> usize {
        self.len
    }

    fn chunk(&self, offset: usize) -> &[u8] {
        self.bytes().get(offset..).unwrap_or_default()
    }

    fn chunk_mut(&mut self, offset: usize) -> &mut [u8] {
        self.bytes_mut().get_mut(offset..).unwrap_or_default()
    }

    fn into_vec(self: Box<Self>) -> Vec<u8> {
        self.bytes().to_vec()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.pages));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_when_it_is_dropped() {
        let pool = Pool::default();
        let mut memory = pool.take(8192);
        let place = memory.bytes().as_ptr();
        memory.bytes_mut().fill(9);
        drop(memory);
        let again = pool.take(8000);
        assert_eq!((again.bytes().as_ptr(), again.bytes().len()), (place, 8000));
        // What is taken is not there any more, and smaller memory does not do for a longer task.
        let other = pool.take(8192);
        assert_ne!(other.bytes().as_ptr(), place);
        drop(again);
        let larger = pool.take(8193);
        assert_ne!(larger.bytes().as_ptr(), place);
        assert_eq!(Box::new(pool.take(100)).into_vec().len(), 100);
    }

    #[test]
    fn memory_begins_with_a_page_and_ends_where_it_ends() {
        let pool = Pool::default();
        for len in [1, 511, 4096, 4097, 128 << 10, 1 << 20, (1 << 20) + 1, 3 << 20] {
            let mut memory = pool.take(len);
            assert_eq!(memory.bytes().as_ptr().align_offset(PAGE), 0, "{len}");
            assert_eq!(memory.bytes_mut().len(), len);
            assert_eq!(memory.chunk(len - 1).len(), 1);
            assert!(memory.chunk(len).is_empty() && memory.chunk_mut(usize::MAX).is_empty());
        }
        assert!(pool.take(0).bytes().is_empty());
    }

    #[test]
    fn what_is_out_is_counted_and_bounds_what_is_granted() {
        let pool = Pool::with_limit(4 << 20);
        assert!(pool.grants(4 << 20, 0) && !pool.grants((4 << 20) + 1, 0));
        assert!(pool.plenty(1 << 20) && !pool.plenty((1 << 20) + 1));
        let (large, small) = (pool.take(3 << 20), pool.take(5000));
        assert_eq!(
            pool.lent(),
            (3 << 20) + 8192,
            "whole pages, as they are used again"
        );
        assert!(!pool.plenty(1) && !pool.grants(1 << 20, 1));
        assert!(pool.grants(SHARE, 0), "everybody has a share");
        drop((large, small));
        assert_eq!((pool.lent(), pool.take(0).len()), (0, 0));
    }

    #[test]
    fn no_more_than_the_bound_is_kept() {
        let pool = Pool::default();
        let taken: Vec<Memory> = (0..100)
            .flat_map(|_| [pool.take(1 << 20), pool.take(4 << 20), pool.take(0)])
            .collect();
        drop(taken);
        let kept = pool.0.lock().unwrap();
        let pages: usize = kept.classes.iter().flatten().map(Vec::len).sum();
        assert_eq!((pages * PAGE, kept.bytes), (KEPT, KEPT));
    }
}
