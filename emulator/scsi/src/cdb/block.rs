//! Fields of the block commands (SBC-3 clause 5).

use super::raw::{CdbError, RawCdb};

/// A range of logical blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First logical block address.
    pub lba: u64,
    /// Number of logical blocks; what 0 means depends on the command.
    pub blocks: u32,
}

impl Range {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Self {
        match raw.len() {
            // In six bytes 21 bits of address, and a length of 0 means 256.
            6 => Self {
                lba: raw.wide(1, 3) & 0x1f_ffff,
                blocks: match raw.byte(4) {
                    0 => 256,
                    n => n.into(),
                },
            },
            10 => Self {
                lba: raw.wide(2, 4),
                blocks: raw.wide(7, 2) as u32,
            },
            12 => Self {
                lba: raw.wide(2, 4),
                blocks: raw.wide(6, 4) as u32,
            },
            _ => Self {
                lba: raw.wide(2, 8),
                blocks: raw.wide(10, 4) as u32,
            },
        }
    }
}

/// READ and WRITE of any CDB length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Which blocks.
    pub range: Range,
    /// FUA: through the cache to the medium.
    pub force_unit_access: bool,
}

impl Transfer {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        let range = Range::parse(raw);
        if raw.len() == 6 {
            return Ok(Self {
                range,
                force_unit_access: false,
            });
        }
        no_protection(raw)?;
        Ok(Self {
            range,
            force_unit_access: raw.bit(1, 3),
        })
    }

    /// COMPARE AND WRITE has a length of one byte.
    pub(super) fn compare(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        no_protection(raw)?;
        Ok(Self {
            range: Range {
                lba: raw.wide(2, 8),
                blocks: raw.byte(13).into(),
            },
            force_unit_access: raw.bit(1, 3),
        })
    }
}

/// VERIFY and WRITE AND VERIFY of any CDB length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verify {
    /// Which blocks.
    pub range: Range,
    /// BYTCHK: 0 no data, 1 compare with the data sent, 3 compare each block with the one block sent.
    pub byte_check: u8,
}

impl Verify {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        no_protection(raw)?;
        let byte_check = raw.byte(1) >> 1 & 3;
        if byte_check == 2 {
            return Err(CdbError::Field { byte: 1, bit: 2 });
        }
        Ok(Self {
            range: Range::parse(raw),
            byte_check,
        })
    }
}

/// WRITE ATOMIC(16) (SBC-4 §5.48).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtomicWrite {
    /// Which blocks.
    pub range: Range,
    /// FUA.
    pub force_unit_access: bool,
    /// ATOMIC BOUNDARY in blocks; 0 means that all is one.
    pub boundary: u16,
}

impl AtomicWrite {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        no_protection(raw)?;
        Ok(Self {
            range: Range {
                lba: raw.wide(2, 8),
                blocks: raw.wide(12, 2) as u32,
            },
            force_unit_access: raw.bit(1, 3),
            boundary: raw.wide(10, 2) as u16,
        })
    }
}

/// READ DEFECT DATA(10) and (12) (SBC-3 §5.17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefectData {
    /// The twelve-byte form, with its eight-byte header.
    pub twelve: bool,
    /// REQ_PLIST, REQ_GLIST and DEFECT LIST FORMAT, as they go back.
    pub lists: u8,
    /// ALLOCATION LENGTH.
    pub allocation: usize,
}

impl DefectData {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Self {
        let twelve = raw.len() == 12;
        Self {
            twelve,
            lists: raw.byte(if twelve { 1 } else { 2 }) & 0x1f,
            allocation: if twelve { raw.int(6, 4) } else { raw.int(7, 2) },
        }
    }
}

/// RDPROTECT, WRPROTECT, VRPROTECT: the logical units have no protection information.
pub(super) fn no_protection(raw: &RawCdb<'_>) -> Result<(), CdbError> {
    if raw.byte(1) >> 5 != 0 {
        Err(CdbError::Field { byte: 1, bit: 7 })
    } else {
        Ok(())
    }
}
