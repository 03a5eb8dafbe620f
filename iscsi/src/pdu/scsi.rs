//! SCSI Command and SCSI Response.
//!
//! Source: RFC 7143 sections 11.3 and 11.4.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, byteorder::big_endian::U32};

use super::{
    Lun, OpcodeByte, ScsiResponseCode, TaskAttribute, U24,
    open::{bhs_struct, flag_byte},
};

flag_byte! {
    /// Flags of a SCSI Command; the low three bits are the task attribute.
    pub struct CommandFlags {
        /// F: no unsolicited Data-Out follows.
        const FINAL = 0x80;
        /// R: the command reads.
        const READ = 0x40;
        /// W: the command writes.
        const WRITE = 0x20;
    }
}

impl CommandFlags {
    /// The task attribute.
    #[must_use]
    pub const fn attribute(self) -> TaskAttribute {
        TaskAttribute(self.0 & 0x07)
    }

    /// The same flags with another attribute.
    #[must_use]
    pub const fn with_attribute(self, attribute: TaskAttribute) -> Self {
        Self(self.0 & !0x07 | attribute.0 & 0x07)
    }
}

/// SCSI Command.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ScsiCommand {
    /// I bit and opcode.
    pub opcode: OpcodeByte,
    /// F, R, W and the attribute.
    pub flags: CommandFlags,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the immediate data.
    pub data_segment_length: U24,
    /// Logical unit.
    pub lun: Lun,
    /// Initiator task tag.
    pub itt: U32,
    /// Bytes that the command transfers (of the write half, if bidirectional).
    pub expected_length: U32,
    /// Command sequence number.
    pub cmd_sn: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// First 16 bytes of the CDB.
    pub cdb: [u8; 16],
}

bhs_struct!(ScsiCommand, SCSI_COMMAND);

flag_byte! {
    /// Flags of a SCSI Response.
    pub struct ScsiResponseFlags {
        /// Always set.
        const FINAL = 0x80;
        /// o: bidirectional read overflow.
        const BIDI_OVERFLOW = 0x10;
        /// u: bidirectional read underflow.
        const BIDI_UNDERFLOW = 0x08;
        /// O: the residual counts bytes that did not fit.
        const OVERFLOW = 0x04;
        /// U: the residual counts bytes that were not used.
        const UNDERFLOW = 0x02;
    }
}

/// SCSI Response. Sense data and its 2-byte length stand in the data segment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct ScsiResponse {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// Residual flags.
    pub flags: ScsiResponseFlags,
    /// iSCSI service response.
    pub response: ScsiResponseCode,
    /// SCSI status (SAM), if the command completed.
    pub status: u8,
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of sense or response data.
    pub data_segment_length: U24,
    /// Reserved.
    pub reserved8: [u8; 8],
    /// Initiator task tag.
    pub itt: U32,
    /// SNACK tag, or 0.
    pub snack_tag: U32,
    /// Status sequence number.
    pub stat_sn: U32,
    /// Next command expected.
    pub exp_cmd_sn: U32,
    /// Last command that may be sent.
    pub max_cmd_sn: U32,
    /// How many Data-In and R2T PDUs the target sent.
    pub exp_data_sn: U32,
    /// Residual of a bidirectional read.
    pub bidi_residual: U32,
    /// Residual.
    pub residual: U32,
}

bhs_struct!(ScsiResponse, SCSI_RESPONSE);
