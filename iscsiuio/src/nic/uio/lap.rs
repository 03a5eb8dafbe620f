//! Indices of rings whose last entries of a page are pointers to the next page.
//!
//! An index counts on for ever (16 bits), pointers included. Source: `bnx2.h` (`BNX2_NEXT_RX_BD`), `bnx2x.h` (`NEXT_RX_IDX`,
//! `NEXT_RCQ_IDX`).

/// How a ring is laid out: `slots` entries in a page (a power of two), of which the first `used` can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lap {
    slots: u16,
    used: u16,
}

impl Lap {
    pub(super) const fn new(slots: u16, used: u16) -> Self {
        assert!(slots.is_power_of_two() && 0 < used && used < slots);
        Self { slots, used }
    }

    /// The entry in the page.
    pub(super) fn entry(self, index: u16) -> u16 {
        index & (self.slots - 1)
    }

    /// An index that stands on a pointer is the one behind it.
    pub(super) fn settle(self, index: u16) -> u16 {
        match self.entry(index) {
            entry if entry >= self.used => index.wrapping_add(self.slots - entry),
            _ => index,
        }
    }

    /// The next index.
    pub(super) fn next(self, index: u16) -> u16 {
        self.settle(self.settle(index).wrapping_add(1))
    }

    /// How many entries from one index to another, forwards.
    pub(super) fn ahead(self, from: u16, to: u16) -> u32 {
        let place = |index| {
            let index = self.settle(index);
            u32::from(index / self.slots) * u32::from(self.used) + u32::from(self.entry(index))
        };
        let all = (1 + u32::from(u16::MAX)) / u32::from(self.slots) * u32::from(self.used);
        (place(to) + all - place(from)) % all
    }
}
