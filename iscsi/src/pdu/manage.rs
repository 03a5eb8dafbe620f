//! NOP, task management, asynchronous messages, SNACK and Reject.
//!
//! Source: RFC 7143 sections 11.5, 11.6, 11.9 and 11.16 to 11.19.

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    byteorder::big_endian::{U16, U32},
};

use super::{
    AsyncEvent, Lun, OpcodeByte, RejectReason, SnackKind, TmfFunction, TmfResponseCode, U24, open::bhs_struct,
};

/// NOP-Out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct NopOut {
    /// I bit and opcode.
    pub opcode: OpcodeByte,
    /// Always 0x80.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the ping data.
    pub data_segment_length: U24,
    /// LUN of the NOP-In that is answered.
    pub lun: Lun,
    /// Initiator task tag; reserved tag if no answer is wanted.
    pub itt: U32,
    /// Target transfer tag of the NOP-In that is answered, or the reserved tag.
    pub ttt: U32,
    /// Command sequence number.
    pub cmd_sn: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// Reserved.
    pub reserved32: [u8; 16],
}

bhs_struct!(NopOut, NOP_OUT);

/// NOP-In.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct NopIn {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// Always 0x80.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the ping data.
    pub data_segment_length: U24,
    /// LUN, to be returned with the tag.
    pub lun: Lun,
    /// Tag of the NOP-Out that is answered, or the reserved tag.
    pub itt: U32,
    /// Target transfer tag if an answer is wanted, or the reserved tag.
    pub ttt: U32,
    /// Status sequence number.
    pub stat_sn: U32,
    /// Next command expected.
    pub exp_cmd_sn: U32,
    /// Last command that may be sent.
    pub max_cmd_sn: U32,
    /// Reserved.
    pub reserved36: [u8; 12],
}

bhs_struct!(NopIn, NOP_IN);

/// Task Management Function Request.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct TmfRequest {
    /// I bit and opcode.
    pub opcode: OpcodeByte,
    /// 0x80 and the function.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Always 0.
    pub data_segment_length: U24,
    /// Logical unit.
    pub lun: Lun,
    /// Initiator task tag of the function itself.
    pub itt: U32,
    /// Tag of the task to abort or reassign, or the reserved tag.
    pub referenced_task_tag: U32,
    /// Command sequence number.
    pub cmd_sn: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// CmdSN of the task to abort.
    pub ref_cmd_sn: U32,
    /// For reassignment.
    pub exp_data_sn: U32,
    /// Reserved.
    pub reserved40: [u8; 8],
}

bhs_struct!(TmfRequest, TMF_REQUEST);

impl TmfRequest {
    /// The function.
    #[must_use]
    pub const fn function(&self) -> TmfFunction {
        TmfFunction(self.flags & 0x7f)
    }

    /// The flag byte of that function.
    #[must_use]
    pub const fn flags_of(function: TmfFunction) -> u8 {
        0x80 | function.0 & 0x7f
    }
}

/// Task Management Function Response.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct TmfResponse {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// Always 0x80.
    pub flags: u8,
    /// Answer.
    pub response: TmfResponseCode,
    /// Reserved.
    pub reserved3: u8,
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Always 0.
    pub data_segment_length: U24,
    /// Reserved.
    pub reserved8: [u8; 8],
    /// Initiator task tag.
    pub itt: U32,
    /// Reserved.
    pub reserved20: U32,
    /// Status sequence number.
    pub stat_sn: U32,
    /// Next command expected.
    pub exp_cmd_sn: U32,
    /// Last command that may be sent.
    pub max_cmd_sn: U32,
    /// Reserved.
    pub reserved36: [u8; 12],
}

bhs_struct!(TmfResponse, TMF_RESPONSE);

/// Asynchronous Message.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct AsyncMessage {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// Always 0x80.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of sense or event data.
    pub data_segment_length: U24,
    /// Logical unit of a SCSI event.
    pub lun: Lun,
    /// The reserved tag.
    pub itt: U32,
    /// Reserved.
    pub reserved20: U32,
    /// Status sequence number.
    pub stat_sn: U32,
    /// Next command expected.
    pub exp_cmd_sn: U32,
    /// Last command that may be sent.
    pub max_cmd_sn: U32,
    /// Event.
    pub event: AsyncEvent,
    /// Vendor code of a vendor event.
    pub vendor_code: u8,
    /// Parameter1: connection ID.
    pub parameter1: U16,
    /// Parameter2: Time2Wait in seconds.
    pub parameter2: U16,
    /// Parameter3: Time2Retain or time limit in seconds.
    pub parameter3: U16,
    /// Reserved.
    pub reserved44: U32,
}

bhs_struct!(AsyncMessage, ASYNC_MESSAGE);

/// SNACK Request.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Snack {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// 0x80 and the kind.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Always 0.
    pub data_segment_length: U24,
    /// LUN, or 0.
    pub lun: Lun,
    /// Initiator task tag, or the reserved tag.
    pub itt: U32,
    /// Target transfer tag or SNACK tag, or the reserved tag.
    pub ttt: U32,
    /// Reserved.
    pub reserved24: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// Reserved.
    pub reserved32: [u8; 8],
    /// First number asked for.
    pub beg_run: U32,
    /// How many; 0 means all.
    pub run_length: U32,
}

bhs_struct!(Snack, SNACK);

impl Snack {
    /// What is asked for.
    #[must_use]
    pub const fn kind(&self) -> SnackKind {
        SnackKind(self.flags & 0x0f)
    }
}

/// Reject. The data segment holds the header of the PDU that was rejected.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct Reject {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// Always 0x80.
    pub flags: u8,
    /// Reason.
    pub reason: RejectReason,
    /// Reserved.
    pub reserved3: u8,
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the rejected header.
    pub data_segment_length: U24,
    /// Reserved.
    pub reserved8: [u8; 8],
    /// The reserved tag.
    pub itt: U32,
    /// Reserved.
    pub reserved20: U32,
    /// Status sequence number.
    pub stat_sn: U32,
    /// Next command expected.
    pub exp_cmd_sn: U32,
    /// Last command that may be sent.
    pub max_cmd_sn: U32,
    /// Next data or R2T number, for rejected data.
    pub data_sn: U32,
    /// Reserved.
    pub reserved40: [u8; 8],
}

bhs_struct!(Reject, REJECT);
