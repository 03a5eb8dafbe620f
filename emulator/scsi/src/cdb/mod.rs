//! Command descriptor blocks, in two steps: [`RawCdb`] checks what every CDB has in common (operation code, service action,
//! length, control byte), then each command family reads its own fields.
//!
//! Owns the bytes of CDBs; must not know logical units. Source: SPC-4 and SBC-3.

mod block;
mod primary;
mod raw;

pub use block::{Range, Transfer, Unmap, Verify, WriteSame};
pub use primary::{Inquiry, ModeSense, OpcodeReport, ReportSupportedOpcodes, StartStopUnit};
pub use raw::{CdbError, RawCdb};

use crate::opcode::code;

/// A command with its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cdb {
    /// TEST UNIT READY.
    TestUnitReady,
    /// REQUEST SENSE.
    RequestSense {
        /// Descriptor format is wanted.
        descriptor: bool,
        /// ALLOCATION LENGTH.
        allocation: usize,
    },
    /// INQUIRY.
    Inquiry(Inquiry),
    /// REPORT LUNS.
    ReportLuns {
        /// SELECT REPORT.
        select: u8,
        /// ALLOCATION LENGTH.
        allocation: usize,
    },
    /// MODE SENSE(6) or (10).
    ModeSense(ModeSense),
    /// START STOP UNIT.
    StartStopUnit(StartStopUnit),
    /// PREVENT ALLOW MEDIUM REMOVAL; true prevents.
    PreventAllow(bool),
    /// REPORT SUPPORTED OPERATION CODES.
    ReportSupportedOpcodes(ReportSupportedOpcodes),
    /// READ CAPACITY(10).
    ReadCapacity10,
    /// READ CAPACITY(16) with its ALLOCATION LENGTH.
    ReadCapacity16(usize),
    /// READ of any length.
    Read(Transfer),
    /// WRITE of any length.
    Write(Transfer),
    /// VERIFY(10) or (16).
    Verify(Verify),
    /// SYNCHRONIZE CACHE(10) or (16); 0 blocks means to the end.
    SynchronizeCache(Range),
    /// WRITE SAME(10) or (16).
    WriteSame(WriteSame),
    /// UNMAP.
    Unmap(Unmap),
}

impl Cdb {
    /// Reads a CDB. Bytes after the CDB's own length (iSCSI pads to 16) are ignored.
    ///
    /// # Errors
    /// [`CdbError`] says what the device server must answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, CdbError> {
        let raw = RawCdb::new(bytes)?;
        Ok(match raw.opcode.code {
            code::TEST_UNIT_READY => Self::TestUnitReady,
            code::REQUEST_SENSE => Self::RequestSense {
                descriptor: raw.bit(1, 0),
                allocation: raw.int(4, 1),
            },
            code::INQUIRY => Self::Inquiry(Inquiry::parse(&raw)?),
            code::REPORT_LUNS => Self::ReportLuns {
                select: raw.byte(2),
                allocation: raw.int(6, 4),
            },
            code::MODE_SENSE_6 | code::MODE_SENSE_10 => Self::ModeSense(ModeSense::parse(&raw)),
            code::START_STOP_UNIT => Self::StartStopUnit(StartStopUnit::parse(&raw)),
            code::PREVENT_ALLOW_MEDIUM_REMOVAL => Self::PreventAllow(raw.byte(4) & 3 != 0),
            code::MAINTENANCE_IN => Self::ReportSupportedOpcodes(ReportSupportedOpcodes::parse(&raw)?),
            code::READ_CAPACITY_10 => {
                if !raw.bit(8, 0) && raw.int(2, 4) != 0 {
                    return Err(CdbError::Field { byte: 2, bit: 7 });
                }
                Self::ReadCapacity10
            }
            code::SERVICE_ACTION_IN_16 => Self::ReadCapacity16(raw.int(10, 4)),
            code::READ_6 | code::READ_10 | code::READ_12 | code::READ_16 => {
                Self::Read(Transfer::parse(&raw)?)
            }
            code::WRITE_6 | code::WRITE_10 | code::WRITE_12 | code::WRITE_16 => {
                Self::Write(Transfer::parse(&raw)?)
            }
            code::VERIFY_10 | code::VERIFY_16 => Self::Verify(Verify::parse(&raw)?),
            code::SYNCHRONIZE_CACHE_10 | code::SYNCHRONIZE_CACHE_16 => {
                Self::SynchronizeCache(Range::parse(&raw))
            }
            code::WRITE_SAME_10 | code::WRITE_SAME_16 => Self::WriteSame(WriteSame::parse(&raw)?),
            code::UNMAP => Self::Unmap(Unmap::parse(&raw)?),
            // A code of the table without a reader here would be a hole in this match; refuse it as unknown.
            _ => return Err(CdbError::UnknownOpcode),
        })
    }
}

#[cfg(test)]
mod tests;
