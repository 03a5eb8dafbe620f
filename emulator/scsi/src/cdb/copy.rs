//! Fields of the copy commands (SPC-4 §6.4, §6.18 and §6.20).

use super::raw::{CdbError, RawCdb};
use crate::opcode::code;

/// EXTENDED COPY(LID1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedCopy {
    /// PARAMETER LIST LENGTH in bytes.
    pub list_len: usize,
}

impl ExtendedCopy {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Self {
        Self {
            list_len: raw.int(10, 4),
        }
    }
}

/// RECEIVE COPY RESULTS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveCopyResults {
    /// COPY STATUS of the copy with this list identifier.
    Status {
        /// LIST IDENTIFIER.
        list_id: u8,
        /// ALLOCATION LENGTH.
        allocation: usize,
    },
    /// OPERATING PARAMETERS.
    OperatingParameters {
        /// ALLOCATION LENGTH.
        allocation: usize,
    },
}

impl ReceiveCopyResults {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        let allocation = raw.int(10, 4);
        match raw.opcode.service_action {
            Some(code::SA_COPY_STATUS) => Ok(Self::Status {
                list_id: raw.byte(2),
                allocation,
            }),
            Some(code::SA_OPERATING_PARAMETERS) => Ok(Self::OperatingParameters { allocation }),
            _ => Err(CdbError::UnknownServiceAction),
        }
    }
}
