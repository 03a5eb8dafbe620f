//! Task memory of tests, and what stands in it.

use iscsi::Buffer;

/// Memory in segments of 700 bytes.
pub(crate) struct Scattered(Vec<u8>);

impl Scattered {
    const SEGMENT: usize = 700;

    pub(crate) fn new(len: usize) -> Self {
        Self(vec![0; len])
    }

    fn end(&self, offset: usize) -> usize {
        (offset / Self::SEGMENT)
            .saturating_add(1)
            .saturating_mul(Self::SEGMENT)
            .min(self.0.len())
    }
}

impl Buffer for Scattered {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn chunk(&self, offset: usize) -> &[u8] {
        self.0.get(offset..self.end(offset)).unwrap_or_default()
    }
    fn chunk_mut(&mut self, offset: usize) -> &mut [u8] {
        let end = self.end(offset);
        self.0.get_mut(offset..end).unwrap_or_default()
    }
    fn into_vec(self: Box<Self>) -> Vec<u8> {
        self.0
    }
}

/// Bytes that tell their place.
pub(crate) fn pattern(len: usize, seed: u8) -> Vec<u8> {
    (0..len)
        .map(|at| (at / 251) as u8 ^ (at as u8).wrapping_mul(31) ^ seed)
        .collect()
}
