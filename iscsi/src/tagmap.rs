//! Maps by task tag.
//!
//! The standard hasher resists peers that choose colliding keys, at a price that a map of at most a window of tasks need not pay.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map with 32-bit keys and a bounded number of entries: colliding keys cost a walk over those.
pub(crate) type TagMap<V> = HashMap<u32, V, BuildHasherDefault<TagHasher>>;

/// Multiplies by the golden ratio.
#[derive(Debug, Default)]
pub(crate) struct TagHasher(u64);

impl Hasher for TagHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        let mixed = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}
