//! Fields of the primary commands (SPC-4 clause 6) and START STOP UNIT.

use super::raw::{CdbError, RawCdb};
use crate::opcode::code;

/// INQUIRY (SPC-4 §6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The VPD page wanted; `None` for standard data.
    pub page: Option<u8>,
    /// ALLOCATION LENGTH.
    pub allocation: usize,
}

impl Inquiry {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        let evpd = raw.bit(1, 0);
        if raw.bit(1, 1) {
            return Err(CdbError::Field { byte: 1, bit: 1 });
        }
        if !evpd && raw.byte(2) != 0 {
            return Err(CdbError::Field { byte: 2, bit: 7 });
        }
        Ok(Self {
            page: evpd.then_some(raw.byte(2)),
            allocation: raw.int(3, 2),
        })
    }
}

/// MODE SENSE(6) and (10) (SPC-4 §6.11, §6.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeSense {
    /// The ten-byte form, with its eight-byte header.
    pub ten: bool,
    /// LLBAA: long LBA block descriptors are fine.
    pub long_lba: bool,
    /// DBD: no block descriptors.
    pub no_descriptors: bool,
    /// PAGE CONTROL: 0 current, 1 changeable, 2 default, 3 saved.
    pub control: u8,
    /// PAGE CODE.
    pub page: u8,
    /// SUBPAGE CODE.
    pub subpage: u8,
    /// ALLOCATION LENGTH.
    pub allocation: usize,
}

impl ModeSense {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Self {
        let ten = raw.opcode.code == code::MODE_SENSE_10;
        Self {
            ten,
            long_lba: ten && raw.bit(1, 4),
            no_descriptors: raw.bit(1, 3),
            control: raw.byte(2) >> 6,
            page: raw.byte(2) & 0x3f,
            subpage: raw.byte(3),
            allocation: if ten { raw.int(7, 2) } else { raw.int(4, 1) },
        }
    }
}

/// MODE SELECT(6) and (10) (SPC-4 §6.9, §6.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeSelect {
    /// The ten-byte form, with its eight-byte header.
    pub ten: bool,
    /// PARAMETER LIST LENGTH in bytes.
    pub list_len: usize,
}

impl ModeSelect {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        let ten = raw.opcode.code == code::MODE_SELECT_10;
        if raw.bit(1, 0) {
            // SP: nothing can be saved.
            return Err(CdbError::Field { byte: 1, bit: 0 });
        }
        if !raw.bit(1, 4) {
            // PF 0: the pages would be vendor specific.
            return Err(CdbError::Field { byte: 1, bit: 4 });
        }
        Ok(Self {
            ten,
            list_len: if ten { raw.int(7, 2) } else { raw.int(4, 1) },
        })
    }
}

/// START STOP UNIT (SBC-3 §5.25).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartStopUnit {
    /// POWER CONDITION; 0 means that START and LOEJ count.
    pub power_condition: u8,
    /// LOEJ.
    pub load_eject: bool,
    /// START.
    pub start: bool,
}

impl StartStopUnit {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Self {
        Self {
            power_condition: raw.byte(4) >> 4,
            load_eject: raw.bit(4, 1),
            start: raw.bit(4, 0),
        }
    }
}

/// What REPORT SUPPORTED OPERATION CODES is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpcodeReport {
    /// All commands.
    All,
    /// One command by operation code; the service action counts only for codes that have them.
    One {
        /// The operation code.
        code: u8,
        /// The service action, if the request names one.
        service_action: Option<u16>,
        /// REPORTING OPTIONS 3: a command without service actions is answered too.
        either: bool,
    },
}

/// REPORT SUPPORTED OPERATION CODES (SPC-4 §6.35).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportSupportedOpcodes {
    /// All, or one.
    pub report: OpcodeReport,
    /// RCTD: with command timeouts descriptors.
    pub timeouts: bool,
    /// ALLOCATION LENGTH.
    pub allocation: usize,
}

impl ReportSupportedOpcodes {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        let (code, action) = (raw.byte(3), raw.wide(4, 2) as u16);
        let report = match raw.byte(2) & 7 {
            0 => OpcodeReport::All,
            1 => OpcodeReport::One {
                code,
                service_action: None,
                either: false,
            },
            2 => OpcodeReport::One {
                code,
                service_action: Some(action),
                either: false,
            },
            3 => OpcodeReport::One {
                code,
                service_action: Some(action),
                either: true,
            },
            _ => return Err(CdbError::Field { byte: 2, bit: 2 }),
        };
        Ok(Self {
            report,
            timeouts: raw.bit(2, 7),
            allocation: raw.int(6, 4),
        })
    }
}

/// REPORT TARGET PORT GROUPS (SPC-4 §6.36).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportTargetPortGroups {
    /// PARAMETER DATA FORMAT: with the extended header.
    pub extended: bool,
    /// ALLOCATION LENGTH.
    pub allocation: usize,
}

impl ReportTargetPortGroups {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        let extended = match raw.byte(1) >> 5 {
            0 => false,
            1 => true,
            _ => return Err(CdbError::Field { byte: 1, bit: 7 }),
        };
        Ok(Self {
            extended,
            allocation: raw.int(6, 4),
        })
    }
}
