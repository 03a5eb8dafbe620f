//! Memory for what a command sends to its initiator.
//!
//! Whoever transports commands chooses it: a medium fills it in place, so its place and its alignment are the transport's.

use std::fmt;

/// Where a command leaves data for the initiator.
pub trait DataIn: fmt::Debug {
    /// There is no data.
    fn clear(&mut self);

    /// There are `len` bytes of data, which the caller overwrites all: they may hold anything before.
    fn room(&mut self, len: usize) -> &mut [u8];
}

impl DataIn for Vec<u8> {
    fn clear(&mut self) {
        self.clear();
    }

    fn room(&mut self, len: usize) -> &mut [u8] {
        self.resize(len, 0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_as_long_as_its_last_data() {
        let mut data: Vec<u8> = vec![1; 8];
        data.room(3).fill(7);
        assert_eq!(data, [7; 3]);
        DataIn::clear(&mut data);
        assert!(data.is_empty());
    }
}
