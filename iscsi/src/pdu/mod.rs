//! Protocol data units, to the byte.
//!
//! Every basic header segment is one 48-byte zerocopy struct whose fields are the wire itself, so decoding is a cast and encoding is
//! `as_bytes`. Codes are open: values that the RFC does not name survive a round trip. Must not know data segments (the
//! [framer](crate::framer) moves those) nor state. Never panics. Source: RFC 7143 section 11.

mod ahs;
mod any;
mod codes;
mod data;
mod header;
mod login;
mod manage;
mod open;
mod scsi;
#[cfg(test)]
mod tests;

pub use ahs::{Ahs, AhsError, AhsList};
pub use any::{InitiatorPdu, TargetPdu};
pub use codes::{
    AsyncEvent, LoginStatus, LogoutReason, LogoutResponseCode, Opcode, RejectReason, ScsiResponseCode,
    SnackKind, Stage, TaskAttribute, TmfFunction, TmfResponseCode,
};
pub use data::{DataIn, DataInFlags, DataOut, R2t};
pub use header::{BHS_LEN, Bhs, Lun, MAX_AHS_LEN, MAX_DATA_SEGMENT, OpcodeByte, RESERVED_TAG, U24};
pub use login::{
    LoginFlags, LoginRequest, LoginResponse, LogoutRequest, LogoutResponse, TextFlags, TextRequest,
    TextResponse,
};
pub use manage::{AsyncMessage, NopIn, NopOut, Reject, Snack, TmfRequest, TmfResponse};
pub use scsi::{CommandFlags, ScsiCommand, ScsiResponse, ScsiResponseFlags};
pub use zerocopy::byteorder::big_endian::{U16, U32};
