//! A fuzzer's bytes read as a script: numbers, choices, pieces of bytes. The end of the input reads as zeros.

use std::time::Duration;

/// The unread rest of an input.
pub(super) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(super) const fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    pub(super) fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    pub(super) fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    /// A piece of up to 511 bytes whose length the script tells.
    pub(super) fn piece(&mut self) -> &'a [u8] {
        let length = usize::from(self.short() & 0x1ff).min(self.0.len());
        let (piece, rest) = self.0.split_at(length);
        self.0 = rest;
        piece
    }

    /// From milliseconds to months.
    pub(super) fn span(&mut self) -> Duration {
        Duration::from_millis(u64::from(self.byte()) << (self.byte() % 28))
    }
}
