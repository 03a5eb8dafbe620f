//! Fields of the block commands (SBC-3 clause 5).

use super::raw::{CdbError, RawCdb};
use crate::opcode::code;

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
}

/// VERIFY(10) and (16).
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

/// WRITE SAME(10) and (16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteSame {
    /// Which blocks; 0 means to the end of the medium.
    pub range: Range,
    /// UNMAP: the blocks may be deallocated if the block sent is what unmapped blocks read as.
    pub unmap: bool,
    /// NDOB: no block is sent, zeros are meant.
    pub no_data: bool,
}

impl WriteSame {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        no_protection(raw)?;
        if raw.bit(1, 4) {
            // ANCHOR: anchored blocks are not supported (ANC_SUP 0).
            return Err(CdbError::Field { byte: 1, bit: 4 });
        }
        let no_data = raw.opcode.code == code::WRITE_SAME_16 && raw.bit(1, 0);
        Ok(Self {
            range: Range::parse(raw),
            unmap: raw.bit(1, 3),
            no_data,
        })
    }
}

/// UNMAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmap {
    /// PARAMETER LIST LENGTH in bytes.
    pub list_len: usize,
}

impl Unmap {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        if raw.bit(1, 0) {
            return Err(CdbError::Field { byte: 1, bit: 0 });
        }
        Ok(Self {
            list_len: raw.int(7, 2),
        })
    }
}

/// RDPROTECT, WRPROTECT, VRPROTECT: the logical units have no protection information.
fn no_protection(raw: &RawCdb<'_>) -> Result<(), CdbError> {
    if raw.byte(1) >> 5 != 0 {
        Err(CdbError::Field { byte: 1, bit: 7 })
    } else {
        Ok(())
    }
}
