//! Login, Text and Logout.
//!
//! Source: RFC 7143 sections 11.10 to 11.15.

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    byteorder::big_endian::{U16, U32},
};

use super::{
    LoginStatus, LogoutReason, LogoutResponseCode, Lun, OpcodeByte, Stage, U24,
    open::{bhs_struct, flag_byte},
};
use crate::Isid;

flag_byte! {
    /// Flags of login PDUs: T, C and the two stages.
    pub struct LoginFlags {
        /// T: ready to go to the next stage.
        const TRANSIT = 0x80;
        /// C: the text goes on in the next PDU.
        const CONTINUE = 0x40;
    }
}

impl LoginFlags {
    /// CSG.
    #[must_use]
    pub const fn current(self) -> Stage {
        Stage((self.0 >> 2) & 0x03)
    }

    /// NSG, which holds with T only.
    #[must_use]
    pub const fn next(self) -> Stage {
        Stage(self.0 & 0x03)
    }

    /// Flags of a PDU that stays in `current`.
    #[must_use]
    pub const fn stay(current: Stage) -> Self {
        Self((current.0 & 3) << 2)
    }

    /// Flags of a PDU that goes from `current` to `next`.
    #[must_use]
    pub const fn transit(current: Stage, next: Stage) -> Self {
        Self(0x80 | (current.0 & 3) << 2 | next.0 & 3)
    }
}

/// Login Request.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct LoginRequest {
    /// Opcode, always immediate.
    pub opcode: OpcodeByte,
    /// T, C, CSG, NSG.
    pub flags: LoginFlags,
    /// Highest version supported.
    pub version_max: u8,
    /// Lowest version supported.
    pub version_min: u8,
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the text.
    pub data_segment_length: U24,
    /// Initiator's part of the session ID.
    pub isid: Isid,
    /// Target's part of the session ID, 0 for a new session.
    pub tsih: U16,
    /// Initiator task tag.
    pub itt: U32,
    /// Connection ID.
    pub cid: U16,
    /// Reserved.
    pub reserved22: [u8; 2],
    /// Initial command sequence number.
    pub cmd_sn: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// Reserved.
    pub reserved32: [u8; 16],
}

bhs_struct!(LoginRequest, LOGIN_REQUEST);

/// Login Response.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct LoginResponse {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// T, C, CSG, NSG.
    pub flags: LoginFlags,
    /// Highest version supported.
    pub version_max: u8,
    /// Version in use.
    pub version_active: u8,
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the text.
    pub data_segment_length: U24,
    /// Initiator's part of the session ID.
    pub isid: Isid,
    /// Target's part of the session ID, set in the final response.
    pub tsih: U16,
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
    /// Status class and detail.
    pub status: LoginStatus,
    /// Reserved.
    pub reserved38: [u8; 10],
}

bhs_struct!(LoginResponse, LOGIN_RESPONSE);

flag_byte! {
    /// Flags of text PDUs.
    pub struct TextFlags {
        /// F: the negotiation, or the answer, is complete.
        const FINAL = 0x80;
        /// C: the text goes on in the next PDU.
        const CONTINUE = 0x40;
    }
}

/// Text Request.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct TextRequest {
    /// I bit and opcode.
    pub opcode: OpcodeByte,
    /// F, C.
    pub flags: TextFlags,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the text.
    pub data_segment_length: U24,
    /// LUN that came with the target transfer tag.
    pub lun: Lun,
    /// Initiator task tag.
    pub itt: U32,
    /// Target transfer tag of the response that this one follows, or the reserved tag.
    pub ttt: U32,
    /// Command sequence number.
    pub cmd_sn: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// Reserved.
    pub reserved32: [u8; 16],
}

bhs_struct!(TextRequest, TEXT_REQUEST);

/// Text Response.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct TextResponse {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// F, C.
    pub flags: TextFlags,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Length of the text.
    pub data_segment_length: U24,
    /// To be returned with the tag.
    pub lun: Lun,
    /// Initiator task tag.
    pub itt: U32,
    /// Target transfer tag if more follows, or the reserved tag.
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

bhs_struct!(TextResponse, TEXT_RESPONSE);

/// Logout Request. `reason` has bit 7 set on the wire.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct LogoutRequest {
    /// I bit and opcode.
    pub opcode: OpcodeByte,
    /// 0x80 and the reason code.
    pub flags: u8,
    /// Reserved.
    pub reserved2: [u8; 2],
    /// Length of the additional headers in words.
    pub total_ahs_length: u8,
    /// Always 0.
    pub data_segment_length: U24,
    /// Reserved.
    pub reserved8: [u8; 8],
    /// Initiator task tag.
    pub itt: U32,
    /// Connection, unless the session is closed.
    pub cid: U16,
    /// Reserved.
    pub reserved22: [u8; 2],
    /// Command sequence number.
    pub cmd_sn: U32,
    /// Next status expected.
    pub exp_stat_sn: U32,
    /// Reserved.
    pub reserved32: [u8; 16],
}

bhs_struct!(LogoutRequest, LOGOUT_REQUEST);

impl LogoutRequest {
    /// Why the logout is asked for.
    #[must_use]
    pub const fn reason(&self) -> LogoutReason {
        LogoutReason(self.flags & 0x7f)
    }

    /// The flag byte of that reason.
    #[must_use]
    pub const fn flags_of(reason: LogoutReason) -> u8 {
        0x80 | reason.0 & 0x7f
    }
}

/// Logout Response.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct LogoutResponse {
    /// Opcode.
    pub opcode: OpcodeByte,
    /// Always 0x80.
    pub flags: u8,
    /// Answer.
    pub response: LogoutResponseCode,
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
    pub reserved36: U32,
    /// Seconds to wait before reassignment.
    pub time2wait: U16,
    /// Seconds after Time2Wait during which tasks are kept.
    pub time2retain: U16,
    /// Reserved.
    pub reserved44: U32,
}

bhs_struct!(LogoutResponse, LOGOUT_RESPONSE);
