//! Fields of the reservation commands (SPC-4 §6.15, §6.16; SPC-2 §7.21).

use super::raw::{CdbError, RawCdb};
use crate::opcode::code;

/// RESERVE and RELEASE of SPC-2: extents and third parties are obsolete.
pub(super) fn whole_unit(raw: &RawCdb<'_>) -> Result<(), CdbError> {
    let refused = if raw.len() == 6 { 0x1f } else { 0x13 };
    if raw.byte(1) & refused != 0 {
        return Err(CdbError::Field { byte: 1, bit: 4 });
    }
    Ok(())
}

/// PERSISTENT RESERVE IN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersistentIn {
    /// SERVICE ACTION, one of the table's.
    pub action: u16,
    /// ALLOCATION LENGTH.
    pub allocation: usize,
}

impl PersistentIn {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        Ok(Self {
            action: raw.opcode.service_action.ok_or(CdbError::UnknownServiceAction)?,
            allocation: raw.int(7, 2),
        })
    }
}

/// What PERSISTENT RESERVE OUT is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutAction {
    /// REGISTER; true: AND IGNORE EXISTING KEY.
    Register(bool),
    /// RESERVE.
    Reserve,
    /// RELEASE.
    Release,
    /// CLEAR.
    Clear,
    /// PREEMPT; true: AND ABORT.
    Preempt(bool),
    /// REGISTER AND MOVE.
    Move,
}

/// PERSISTENT RESERVE OUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersistentOut {
    /// SERVICE ACTION.
    pub action: OutAction,
    /// SCOPE; only 0, the logical unit, exists.
    pub scope: u8,
    /// TYPE.
    pub kind: u8,
    /// PARAMETER LIST LENGTH in bytes.
    pub list_len: usize,
}

impl PersistentOut {
    pub(super) fn parse(raw: &RawCdb<'_>) -> Result<Self, CdbError> {
        let action = match raw.opcode.service_action {
            Some(code::SA_REGISTER) => OutAction::Register(false),
            Some(code::SA_RESERVE) => OutAction::Reserve,
            Some(code::SA_RELEASE) => OutAction::Release,
            Some(code::SA_CLEAR) => OutAction::Clear,
            Some(code::SA_PREEMPT) => OutAction::Preempt(false),
            Some(code::SA_PREEMPT_AND_ABORT) => OutAction::Preempt(true),
            Some(code::SA_REGISTER_AND_IGNORE) => OutAction::Register(true),
            Some(code::SA_REGISTER_AND_MOVE) => OutAction::Move,
            _ => return Err(CdbError::UnknownServiceAction),
        };
        Ok(Self {
            action,
            scope: raw.byte(2) >> 4,
            kind: raw.byte(2) & 0x0f,
            list_len: raw.int(5, 4),
        })
    }
}
