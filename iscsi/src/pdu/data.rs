//! Data-Out, Data-In and R2T.
//!
//! Source: RFC 7143 sections 11.7 and 11.8.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, byteorder::big_endian::U32};

use super::{
    Lun, OpcodeByte, U24,
    open::{bhs_struct, flag_byte},
};

/// SCSI Data-Out. Bit 7 of `flags` is F.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct DataOut {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// 0x80: last PDU of this sequence.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the data.
    pub data_segment_length: U24,
    /// LUN of the R2T, or 0 if unsolicited.
    pub lun: Lun,
    /// Initiator task tag.
    pub itt: U32,
    /// Target transfer tag of the R2T; reserved tag if unsolicited.
    pub ttt: U32,
    /// Reserved.
    pub reserved24: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// Reserved.
    pub reserved32: U32,
    /// Number within the sequence.
    pub data_sn: U32,
    /// Offset within the command's data.
    pub buffer_offset: U32,
    /// Reserved.
    pub reserved44: U32,
}

bhs_struct!(DataOut, DATA_OUT);

impl DataOut {
    /// The F bit.
    pub const FINAL: u8 = 0x80;
}

flag_byte! {
    /// Flags of Data-In.
    pub struct DataInFlags {
        /// F: last PDU of this sequence.
        const FINAL = 0x80;
        /// A: acknowledgement asked for (ERL 1 and 2 only).
        const ACKNOWLEDGE = 0x40;
        /// O: the residual counts bytes that did not fit.
        const OVERFLOW = 0x04;
        /// U: the residual counts bytes that were not used.
        const UNDERFLOW = 0x02;
        /// S: status, StatSN and residual hold.
        const STATUS = 0x01;
    }
}

/// SCSI Data-In.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct DataIn {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// F, A, O, U, S.
    pub flags: DataInFlags,
    /// Reserved.
    pub reserved2: u8,
    /// SCSI status, with the S bit.
    pub status: u8,
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the data.
    pub data_segment_length: U24,
    /// LUN, with the A bit.
    pub lun: Lun,
    /// Initiator task tag.
    pub itt: U32,
    /// Target transfer tag, with the A bit.
    pub ttt: U32,
    /// Status sequence number, with the S bit.
    pub stat_sn: U32,
    /// Next command expected.
    pub exp_cmd_sn: U32,
    /// Last command that may be sent.
    pub max_cmd_sn: U32,
    /// Number within the command.
    pub data_sn: U32,
    /// Offset within the command's data.
    pub buffer_offset: U32,
    /// Residual, with the S bit.
    pub residual: U32,
}

bhs_struct!(DataIn, DATA_IN);

/// Ready To Transfer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct R2t {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// Always 0x80.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Always 0.
    pub data_segment_length: U24,
    /// Logical unit.
    pub lun: Lun,
    /// Initiator task tag.
    pub itt: U32,
    /// Target transfer tag.
    pub ttt: U32,
    /// Next status number (not advanced).
    pub stat_sn: U32,
    /// Next command expected.
    pub exp_cmd_sn: U32,
    /// Last command that may be sent.
    pub max_cmd_sn: U32,
    /// Number within the command.
    pub r2t_sn: U32,
    /// Offset within the command's data.
    pub buffer_offset: U32,
    /// How many bytes are asked for.
    pub desired_length: U32,
}

bhs_struct!(R2t, R2T);
