//! Fields of the commands that give blocks up: WRITE SAME, UNMAP, GET LBA STATUS, SANITIZE (SBC-3 clause 5).

use super::block::{Range, no_protection};
use super::raw::{CdbError, RawCdb};
use crate::opcode::code;

/// WRITE SAME(10) and (16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteSame {
    /// Which blocks; 0 is refused (WSNZ).
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
            // ANCHOR: anchored blocks are not supported (ANC_SUP 0), with or without UNMAP.
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

/// GET LBA STATUS (SBC-3 §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetLbaStatus {
    /// STARTING LOGICAL BLOCK ADDRESS.
    pub lba: u64,
    /// ALLOCATION LENGTH.
    pub allocation: usize,
}

impl GetLbaStatus {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Self {
        Self {
            lba: raw.wide(2, 8),
            allocation: raw.int(10, 4),
        }
    }
}

/// SANITIZE (SBC-3 §5.24). BLOCK ERASE gives every block up; there is no failure mode to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sanitize {
    /// BLOCK ERASE.
    BlockErase,
    /// EXIT FAILURE MODE.
    ExitFailureMode,
}

impl Sanitize {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        if raw.bit(1, 6) {
            return Err(CdbError::Field { byte: 1, bit: 6 });
        }
        // Neither takes a parameter list.
        if raw.wide(7, 2) != 0 {
            return Err(CdbError::Field { byte: 7, bit: 7 });
        }
        if raw.opcode.service_action == Some(code::SA_EXIT_FAILURE_MODE) {
            return Ok(Self::ExitFailureMode);
        }
        if let Some(byte) = (2..7).find(|byte| raw.byte(*byte) != 0) {
            return Err(CdbError::Field {
                byte: byte as u16,
                bit: 7,
            });
        }
        Ok(Self::BlockErase)
    }
}
