//! Memory of tasks that is used again.
//!
//! Large allocations cost more than the copy they are for: the allocator maps, clears and unmaps them. A pool keeps what was given
//! back, up to a bound, by powers of two. Must not know what the bytes were; whoever takes memory overwrites all of it or says how
//! much of it counts.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::buffer::Buffer;

/// Sizes that are kept: 512 bytes to 1 MiB.
const SMALLEST: u32 = 9;
const CLASSES: usize = 12;
/// Bytes that are kept at most.
const KEPT: usize = 16 << 20;

/// A pool that any number of connections share.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    classes: [Vec<Vec<u8>>; CLASSES],
    bytes: usize,
}

impl Pool {
    /// A vector of `len` bytes that hold anything: zeros, or what was left by an earlier task of any connection.
    #[must_use]
    pub fn take(&self, len: usize) -> Vec<u8> {
        let mut bytes = self.take_any(len);
        bytes.resize(len, 0);
        bytes
    }

    /// A vector of any length with room for `len` bytes if there is one, else an empty one without memory.
    #[must_use]
    pub fn take_any(&self, len: usize) -> Vec<u8> {
        let class = (len.max(1) - 1).checked_ilog2().map_or(0, |log| log + 1);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept
            .classes
            .get_mut(class.saturating_sub(SMALLEST) as usize)
            .and_then(Vec::pop);
        let bytes = found.unwrap_or_default();
        kept.bytes -= bytes.capacity();
        bytes
    }

    /// Gives memory back.
    pub fn give(&self, bytes: Vec<u8>) {
        let size = bytes.capacity();
        let Some(class) = size.checked_ilog2().and_then(|log| log.checked_sub(SMALLEST)) else {
            return;
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes.saturating_add(size) > KEPT {
            return;
        }
        if let Some(class) = kept.classes.get_mut(class as usize) {
            class.push(bytes);
            kept.bytes += size;
        }
    }

    /// The vector as a buffer that goes back to this pool in the end.
    #[must_use]
    pub fn buffer(&self, bytes: Vec<u8>) -> Box<dyn Buffer> {
        Box::new(Pooled {
            bytes,
            pool: self.clone(),
        })
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Pool").field("bytes", &kept.bytes).finish()
    }
}

struct Pooled {
    bytes: Vec<u8>,
    pool: Pool,
}

impl Buffer for Pooled {
    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self, offset: usize) -> &[u8] {
        self.bytes.get(offset..).unwrap_or_default()
    }

    fn chunk_mut(&mut self, offset: usize) -> &mut [u8] {
        self.bytes.get_mut(offset..).unwrap_or_default()
    }

    fn into_vec(mut self: Box<Self>) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_when_its_buffer_is_dropped() {
        let pool = Pool::default();
        let bytes = pool.take(4096);
        let place = bytes.as_ptr();
        drop(pool.buffer(bytes));
        let again = pool.take(4000);
        assert_eq!((again.as_ptr(), again.len()), (place, 4000));
        // What is taken is not there any more, and smaller memory does not do for a longer task.
        let other = pool.take(4096);
        assert_ne!(other.as_ptr(), place);
        pool.give(again);
        let larger = pool.take(4097);
        assert_ne!(larger.as_ptr(), place);
        assert_eq!(pool.buffer(pool.take(100)).into_vec().len(), 100);
    }

    #[test]
    fn no_more_than_the_bound_is_kept() {
        let pool = Pool::default();
        for _ in 0..100 {
            pool.give(Vec::with_capacity(1 << 20));
            pool.give(Vec::with_capacity(4 << 20));
            pool.give(Vec::new());
        }
        let kept: usize = pool
            .0
            .lock()
            .unwrap()
            .classes
            .iter()
            .flatten()
            .map(Vec::capacity)
            .sum();
        assert_eq!((kept, pool.0.lock().unwrap().bytes), (KEPT, KEPT));
        for length in [0, 1, 512, 513, 1 << 20, (1 << 20) + 1, 3 << 20] {
            assert_eq!(pool.take(length).len(), length);
        }
    }
}
