//! Command descriptor blocks, in two steps: [`RawCdb`] checks what every CDB has in common (operation code, service action,
//! length, control byte), then each command family reads its own fields.
//!
//! Owns the bytes of CDBs; must not know logical units. Source: SPC-4 and SBC-3.

mod block;
mod copy;
mod primary;
mod provisioning;
mod raw;
mod reserve;

pub use block::{AtomicWrite, DefectData, Range, Transfer, Verify};
pub use copy::{ExtendedCopy, ReceiveCopyResults};
pub use primary::{
    Inquiry, ModeSelect, ModeSense, OpcodeReport, ReportSupportedOpcodes, ReportTargetPortGroups,
    StartStopUnit,
};
pub use provisioning::{GetLbaStatus, Sanitize, Unmap, WriteSame};
pub use raw::{CdbError, RawCdb};
pub use reserve::{OutAction, PersistentIn, PersistentOut};

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
    /// MODE SELECT(6) or (10).
    ModeSelect(ModeSelect),
    /// RESERVE(6) or (10).
    Reserve,
    /// RELEASE(6) or (10).
    Release,
    /// PERSISTENT RESERVE IN.
    PersistentIn(PersistentIn),
    /// PERSISTENT RESERVE OUT.
    PersistentOut(PersistentOut),
    /// EXTENDED COPY(LID1).
    ExtendedCopy(ExtendedCopy),
    /// RECEIVE COPY RESULTS.
    ReceiveCopyResults(ReceiveCopyResults),
    /// START STOP UNIT.
    StartStopUnit(StartStopUnit),
    /// PREVENT ALLOW MEDIUM REMOVAL; true prevents.
    PreventAllow(bool),
    /// REPORT SUPPORTED OPERATION CODES.
    ReportSupportedOpcodes(ReportSupportedOpcodes),
    /// REPORT TARGET PORT GROUPS.
    ReportTargetPortGroups(ReportTargetPortGroups),
    /// READ CAPACITY(10).
    ReadCapacity10,
    /// READ CAPACITY(16) with its ALLOCATION LENGTH.
    ReadCapacity16(usize),
    /// READ of any length.
    Read(Transfer),
    /// WRITE of any length.
    Write(Transfer),
    /// WRITE ATOMIC(16).
    WriteAtomic(AtomicWrite),
    /// WRITE AND VERIFY of any length.
    WriteAndVerify(Verify),
    /// COMPARE AND WRITE; the range is what is compared, then written.
    CompareAndWrite(Transfer),
    /// ORWRITE(16).
    OrWrite(Transfer),
    /// VERIFY of any length.
    Verify(Verify),
    /// PRE-FETCH(10) or (16); 0 blocks means to the end.
    PreFetch(Range),
    /// READ DEFECT DATA(10) or (12).
    ReadDefectData(DefectData),
    /// SYNCHRONIZE CACHE(10) or (16); 0 blocks means to the end.
    SynchronizeCache(Range),
    /// WRITE SAME(10) or (16).
    WriteSame(WriteSame),
    /// UNMAP.
    Unmap(Unmap),
    /// GET LBA STATUS.
    GetLbaStatus(GetLbaStatus),
    /// SANITIZE.
    Sanitize(Sanitize),
}

impl Cdb {
    /// Reads a CDB. Bytes after the CDB's own length (iSCSI pads to 16) are ignored.
    ///
    /// # Errors
    /// [`CdbError`] says what the device server must answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, CdbError> {
        Self::read(&RawCdb::new(bytes)?)
    }

    /// Reads the fields of a CDB whose command is known.
    ///
    /// # Errors
    /// As [`Cdb::parse`].
    pub fn read(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        Ok(match raw.opcode.code {
            code::TEST_UNIT_READY => Self::TestUnitReady,
            code::REQUEST_SENSE => Self::RequestSense {
                descriptor: raw.bit(1, 0),
                allocation: raw.int(4, 1),
            },
            code::INQUIRY => Self::Inquiry(Inquiry::parse(raw)?),
            code::REPORT_LUNS => Self::ReportLuns {
                select: raw.byte(2),
                allocation: raw.int(6, 4),
            },
            code::MODE_SENSE_6 | code::MODE_SENSE_10 => Self::ModeSense(ModeSense::parse(raw)),
            code::MODE_SELECT_6 | code::MODE_SELECT_10 => Self::ModeSelect(ModeSelect::parse(raw)?),
            code::RESERVE_6 | code::RESERVE_10 => {
                reserve::whole_unit(raw)?;
                Self::Reserve
            }
            code::RELEASE_6 | code::RELEASE_10 => {
                reserve::whole_unit(raw)?;
                Self::Release
            }
            code::PERSISTENT_RESERVE_IN => Self::PersistentIn(PersistentIn::parse(raw)?),
            code::PERSISTENT_RESERVE_OUT => Self::PersistentOut(PersistentOut::parse(raw)?),
            code::EXTENDED_COPY => Self::ExtendedCopy(ExtendedCopy::parse(raw)),
            code::RECEIVE_COPY_RESULTS => Self::ReceiveCopyResults(ReceiveCopyResults::parse(raw)?),
            code::START_STOP_UNIT => Self::StartStopUnit(StartStopUnit::parse(raw)),
            code::PREVENT_ALLOW_MEDIUM_REMOVAL => Self::PreventAllow(raw.byte(4) & 3 != 0),
            code::MAINTENANCE_IN if raw.opcode.service_action == Some(code::SA_REPORT_TARGET_PORT_GROUPS) => {
                Self::ReportTargetPortGroups(ReportTargetPortGroups::parse(raw)?)
            }
            code::MAINTENANCE_IN => Self::ReportSupportedOpcodes(ReportSupportedOpcodes::parse(raw)?),
            code::READ_CAPACITY_10 => {
                if !raw.bit(8, 0) && raw.int(2, 4) != 0 {
                    return Err(CdbError::Field { byte: 2, bit: 7 });
                }
                Self::ReadCapacity10
            }
            code::SERVICE_ACTION_IN_16 if raw.opcode.service_action == Some(code::SA_GET_LBA_STATUS) => {
                Self::GetLbaStatus(GetLbaStatus::parse(raw))
            }
            code::SERVICE_ACTION_IN_16 => Self::ReadCapacity16(raw.int(10, 4)),
            code::READ_6 | code::READ_10 | code::READ_12 | code::READ_16 => Self::Read(Transfer::parse(raw)?),
            code::WRITE_6 | code::WRITE_10 | code::WRITE_12 | code::WRITE_16 => {
                Self::Write(Transfer::parse(raw)?)
            }
            code::WRITE_ATOMIC_16 => Self::WriteAtomic(AtomicWrite::parse(raw)?),
            code::WRITE_AND_VERIFY_10 | code::WRITE_AND_VERIFY_12 | code::WRITE_AND_VERIFY_16 => {
                Self::WriteAndVerify(Verify::parse(raw)?)
            }
            code::COMPARE_AND_WRITE => Self::CompareAndWrite(Transfer::compare(raw)?),
            code::ORWRITE_16 => Self::OrWrite(Transfer::parse(raw)?),
            code::VERIFY_10 | code::VERIFY_12 | code::VERIFY_16 => Self::Verify(Verify::parse(raw)?),
            code::PRE_FETCH_10 | code::PRE_FETCH_16 => Self::PreFetch(Range::parse(raw)),
            code::READ_DEFECT_DATA_10 | code::READ_DEFECT_DATA_12 => {
                Self::ReadDefectData(DefectData::parse(raw))
            }
            code::SYNCHRONIZE_CACHE_10 | code::SYNCHRONIZE_CACHE_16 => {
                Self::SynchronizeCache(Range::parse(raw))
            }
            code::WRITE_SAME_10 | code::WRITE_SAME_16 => Self::WriteSame(WriteSame::parse(raw)?),
            code::UNMAP => Self::Unmap(Unmap::parse(raw)?),
            code::SANITIZE => Self::Sanitize(Sanitize::parse(raw)?),
            // A code of the table without a reader here would be a hole in this match; refuse it as unknown.
            _ => return Err(CdbError::UnknownOpcode),
        })
    }
}

#[cfg(test)]
mod tests;
