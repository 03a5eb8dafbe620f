//! Logical unit numbers on the wire (SAM-5 §4.7).

use std::fmt;

/// The eight bytes of a LUN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lun(pub [u8; 8]);

impl Lun {
    /// Highest number that flat space addressing can carry.
    pub const MAX: u16 = 0x3fff;

    /// Encodes a number below 256 by peripheral device addressing, others by flat space addressing. Numbers over
    /// [`Lun::MAX`] have no encoding.
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        let [high, low] = number.to_be_bytes();
        match number {
            0..=0xff => Some(Self([0, low, 0, 0, 0, 0, 0, 0])),
            0x100..=Self::MAX => Some(Self([0x40 | high, low, 0, 0, 0, 0, 0, 0])),
            _ => None,
        }
    }

    /// The number; `None` for hierarchies, other buses and well-known logical units, none of which exist here.
    #[must_use]
    pub const fn number(self) -> Option<u16> {
        let [first, second, rest @ ..] = self.0;
        if !matches!(rest, [0, 0, 0, 0, 0, 0]) {
            return None;
        }
        match first >> 6 {
            0 if first == 0 => Some(second as u16),
            1 => Some(u16::from_be_bytes([first & 0x3f, second])),
            _ => None,
        }
    }
}

impl fmt::Display for Lun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            Some(number) => write!(f, "{number}"),
            None => write!(f, "{:016x}", u64::from_be_bytes(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_the_rest_is_nobody() {
        for number in [0, 1, 255, 256, 0x3fff] {
            assert_eq!(Lun::from_number(number).and_then(Lun::number), Some(number));
        }
        assert_eq!(Lun::from_number(0x4000), None);
        assert_eq!(
            Lun([0x40, 1, 0, 0, 0, 0, 0, 0]).number(),
            Some(1),
            "flat addressing of a small number"
        );
        for bytes in [
            [0, 1, 0, 2, 0, 0, 0, 0],
            [1, 1, 0, 0, 0, 0, 0, 0],
            [0xc1, 1, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(Lun(bytes).number(), None);
        }
    }
}
