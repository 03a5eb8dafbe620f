//! Sense data in fixed and descriptor format (SPC-4 §4.5).
//!
//! The table of additional sense codes in `codes` is the only one: code, tests and texts use it.

use std::fmt;

mod codes;

pub use codes::{AdditionalSense, SenseKey};

/// Where the offending bit is (SPC-4 table 34).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPointer {
    /// True: a CDB byte, false: a byte of the parameter list.
    pub in_cdb: bool,
    /// The byte.
    pub byte: u16,
    /// The most significant bit of the field, if one is meant.
    pub bit: Option<u8>,
}

/// Sense data, independent of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sense {
    /// Sense key.
    pub key: SenseKey,
    /// Additional sense code and qualifier.
    pub additional: AdditionalSense,
    /// INFORMATION: an LBA, or the offset of a miscompare.
    pub information: Option<u64>,
    /// Which field was wrong.
    pub field: Option<FieldPointer>,
    /// Reports the failure of an earlier command (response codes 71h and 73h).
    pub deferred: bool,
}

impl Sense {
    /// Length of [`Sense::to_fixed`] in bytes.
    pub const FIXED_LEN: usize = 18;

    /// Sense with a key and an additional code.
    #[must_use]
    pub const fn new(key: SenseKey, additional: AdditionalSense) -> Self {
        Self {
            key,
            additional,
            information: None,
            field: None,
            deferred: false,
        }
    }

    /// ILLEGAL REQUEST.
    #[must_use]
    pub const fn illegal(additional: AdditionalSense) -> Self {
        Self::new(SenseKey::IllegalRequest, additional)
    }

    /// ILLEGAL REQUEST, INVALID FIELD IN CDB, pointing at the field.
    #[must_use]
    pub const fn cdb_field(byte: u16, bit: u8) -> Self {
        let mut sense = Self::illegal(AdditionalSense::INVALID_FIELD_IN_CDB);
        sense.field = Some(FieldPointer {
            in_cdb: true,
            byte,
            bit: Some(bit),
        });
        sense
    }

    /// ILLEGAL REQUEST, INVALID FIELD IN PARAMETER LIST, pointing at the byte.
    #[must_use]
    pub const fn parameter_field(byte: u16) -> Self {
        let mut sense = Self::illegal(AdditionalSense::INVALID_FIELD_IN_PARAMETER_LIST);
        sense.field = Some(FieldPointer {
            in_cdb: false,
            byte,
            bit: None,
        });
        sense
    }

    /// The same sense with INFORMATION set.
    #[must_use]
    pub const fn with_information(mut self, information: u64) -> Self {
        self.information = Some(information);
        self
    }

    /// Fixed format, 18 bytes (SPC-4 table 53). INFORMATION over 32 bits is left invalid.
    #[must_use]
    pub fn to_fixed(&self) -> Vec<u8> {
        let mut b = vec![0u8; Self::FIXED_LEN];
        b[0] = if self.deferred { 0x71 } else { 0x70 };
        b[2] = self.key as u8;
        if let Some(information) = self.information.and_then(|i| u32::try_from(i).ok()) {
            b[0] |= 0x80;
            b[3..7].copy_from_slice(&information.to_be_bytes());
        }
        b[7] = 10;
        b[12] = self.additional.code;
        b[13] = self.additional.qualifier;
        if let Some(field) = self.field {
            b[15..18].copy_from_slice(&field.to_bytes());
        }
        b
    }

    /// Descriptor format (SPC-4 table 39) with the information and sense-key-specific descriptors that apply.
    #[must_use]
    pub fn to_descriptor(&self) -> Vec<u8> {
        let code = if self.deferred { 0x73 } else { 0x72 };
        let mut b = vec![
            code,
            self.key as u8,
            self.additional.code,
            self.additional.qualifier,
            0,
            0,
            0,
            0,
        ];
        if let Some(information) = self.information {
            b.extend_from_slice(&[0x00, 0x0a, 0x80, 0x00]);
            b.extend_from_slice(&information.to_be_bytes());
        }
        if let Some(field) = self.field {
            b.extend_from_slice(&[0x02, 0x06, 0x00, 0x00]);
            b.extend_from_slice(&field.to_bytes());
            b.push(0);
        }
        b[7] = u8::try_from(b.len() - 8).unwrap_or(u8::MAX);
        b
    }

    /// Reads either format; what is cut off reads as zero. `None` if it is no sense data at all.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
        let response = bytes.first()? & 0x7f;
        match response {
            0x70 | 0x71 => {
                let mut sense = Self::new(
                    SenseKey::from_code(at(2)),
                    AdditionalSense {
                        code: at(12),
                        qualifier: at(13),
                    },
                );
                sense.deferred = response == 0x71;
                if at(0) & 0x80 != 0 {
                    sense.information = Some(u64::from(u32::from_be_bytes([at(3), at(4), at(5), at(6)])));
                }
                sense.field = FieldPointer::from_bytes([at(15), at(16), at(17)]);
                Some(sense)
            }
            0x72 | 0x73 => {
                let mut sense = Self::new(
                    SenseKey::from_code(at(1)),
                    AdditionalSense {
                        code: at(2),
                        qualifier: at(3),
                    },
                );
                sense.deferred = response == 0x73;
                let mut rest = bytes.get(8..).unwrap_or(&[]);
                rest = rest.get(..usize::from(at(7))).unwrap_or(rest);
                while let [kind, len, ..] = *rest {
                    let Some((body, next)) = rest.get(2..).and_then(|r| r.split_at_checked(usize::from(len)))
                    else {
                        break;
                    };
                    match (kind, body) {
                        (0x00, [flags, _, value @ ..]) if flags & 0x80 != 0 => {
                            sense.information = <[u8; 8]>::try_from(value).ok().map(u64::from_be_bytes);
                        }
                        (0x02, [_, _, a, b, c, ..]) => sense.field = FieldPointer::from_bytes([*a, *b, *c]),
                        _ => {}
                    }
                    rest = next;
                }
                Some(sense)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key.name(), self.additional)
    }
}

impl FieldPointer {
    fn to_bytes(self) -> [u8; 3] {
        let mut first = 0x80;
        if self.in_cdb {
            first |= 0x40;
        }
        if let Some(bit) = self.bit {
            first |= 0x08 | (bit & 0x07);
        }
        let [high, low] = self.byte.to_be_bytes();
        [first, high, low]
    }

    fn from_bytes([first, high, low]: [u8; 3]) -> Option<Self> {
        (first & 0x80 != 0).then(|| Self {
            in_cdb: first & 0x40 != 0,
            byte: u16::from_be_bytes([high, low]),
            bit: (first & 0x08 != 0).then_some(first & 0x07),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_format_byte_by_byte() {
        let sense = Sense::cdb_field(2, 7).with_information(0x0102_0304);
        assert_eq!(
            sense.to_fixed(),
            [
                0xf0, 0, 5, // current error, INFORMATION valid; ILLEGAL REQUEST
                1, 2, 3, 4, // INFORMATION
                10, 0, 0, 0, 0, // additional length, command specific
                0x24, 0x00, 0, // INVALID FIELD IN CDB, FRU
                0xcf, 0x00, 0x02, // SKSV, C/D, BPV, bit 7, byte 2
            ]
        );
    }

    #[test]
    fn both_formats_round_trip() {
        for (additional, _) in AdditionalSense::TABLE {
            for sense in [
                Sense::new(SenseKey::UnitAttention, *additional),
                Sense::new(SenseKey::MediumError, *additional).with_information(77),
                Sense::parameter_field(9),
            ] {
                assert_eq!(Sense::parse(&sense.to_fixed()), Some(sense));
                assert_eq!(Sense::parse(&sense.to_descriptor()), Some(sense));
            }
        }
        let wide = Sense::new(SenseKey::MediumError, AdditionalSense::WRITE_ERROR).with_information(u64::MAX);
        assert_eq!(Sense::parse(&wide.to_descriptor()), Some(wide));
        assert_eq!(Sense::parse(&wide.to_fixed()).and_then(|s| s.information), None);
    }

    #[test]
    fn table_has_no_code_twice() {
        for (i, (code, _)) in AdditionalSense::TABLE.iter().enumerate() {
            assert!(
                !AdditionalSense::TABLE[..i].iter().any(|(other, _)| other == code),
                "{code}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn parse_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = Sense::parse(&bytes);
            let mut descriptor = bytes;
            if let Some(first) = descriptor.first_mut() { *first = 0x72; }
            let _ = Sense::parse(&descriptor);
        }
    }
}
