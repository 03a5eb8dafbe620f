//! A fuzzer's bytes read as a script: numbers, choices, pieces of bytes. The end of the input reads as zeros.

use crate::pdu::{BHS_LEN, Bhs};

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
        match self.0.split_first() {
            Some((byte, rest)) => {
                self.0 = rest;
                *byte
            }
            None => 0,
        }
    }

    pub(super) fn flag(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    pub(super) fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// At most `max` bytes; fewer at the end.
    pub(super) fn take(&mut self, max: usize) -> &'a [u8] {
        let (piece, rest) = self.0.split_at(max.min(self.0.len()));
        self.0 = rest;
        piece
    }

    /// A piece whose length the script tells.
    pub(super) fn piece(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte());
        self.take(len)
    }

    /// A header and a data segment. Lengths in the header are the framer's to fill in.
    pub(super) fn pdu(&mut self) -> (Bhs, &'a [u8]) {
        let mut header = [0; BHS_LEN];
        header
            .iter_mut()
            .zip(self.take(BHS_LEN))
            .for_each(|(to, from)| *to = *from);
        (Bhs::from_array(header), self.piece())
    }
}
