//! The initiator session identifier, 48 bits.
//!
//! Source: RFC 7143 section 11.12.5.

use std::{fmt, str::FromStr};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// ISID: which initiator port half of an I_T nexus this is. Six bytes, on the wire as they are.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(transparent)]
pub struct Isid(pub [u8; 6]);

impl Isid {
    /// OUI form (type 0): a 22-bit OUI remainder and a 24-bit qualifier; excess bits are cut off.
    #[must_use]
    pub const fn from_oui(oui: u32, qualifier: u32) -> Self {
        let [_, a, b, c] = oui.to_be_bytes();
        let [_, x, y, z] = qualifier.to_be_bytes();
        Self([a & 0x3f, b, c, x, y, z])
    }

    /// Random form (type 2): 24 random bits and a 16-bit qualifier.
    #[must_use]
    pub const fn from_random(random: u32, qualifier: u16) -> Self {
        let [_, a, b, c] = random.to_be_bytes();
        let [x, y] = qualifier.to_be_bytes();
        Self([0x80, a, b, c, x, y])
    }
}

impl fmt::Display for Isid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Isid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Isid({self})")
    }
}

/// Not twelve hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an ISID is twelve hexadecimal digits")]
pub struct BadIsid;

impl FromStr for Isid {
    type Err = BadIsid;

    fn from_str(s: &str) -> Result<Self, BadIsid> {
        if s.len() != 12 || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(BadIsid);
        }
        let value = u64::from_str_radix(s, 16).map_err(|_| BadIsid)?;
        let [_, _, bytes @ ..] = value.to_be_bytes();
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_rejects_the_rest() {
        let isid: Isid = "00023d010203".parse().unwrap();
        assert_eq!(isid, Isid::from_oui(0x00_023d, 0x01_0203));
        assert_eq!(isid.to_string(), "00023d010203");
        for bad in [
            "",
            "00023d01020",
            "00023d0102030",
            "00023d01020g",
            "+0023d010203",
            "äääääää",
        ] {
            assert_eq!(bad.parse::<Isid>(), Err(BadIsid), "{bad}");
        }
        assert_eq!(Isid::from_random(0xff01_0203, 0x0405).0, [0x80, 1, 2, 3, 4, 5]);
    }
}
