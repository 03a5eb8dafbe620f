//! SCSI status codes (SAM-5 table 43).

/// The status byte that ends a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// 0x00: done.
    Good = 0x00,
    /// 0x02: failed or noteworthy; sense data says why.
    CheckCondition = 0x02,
    /// 0x04: the requested condition is met (PRE-FETCH).
    ConditionMet = 0x04,
    /// 0x08: try again later.
    Busy = 0x08,
    /// 0x18: another nexus holds a reservation.
    ReservationConflict = 0x18,
    /// 0x28: no room for another task.
    TaskSetFull = 0x28,
    /// 0x30: an auto contingent allegiance is active.
    AcaActive = 0x30,
    /// 0x40: aborted by another nexus and the control page asks to say so.
    TaskAborted = 0x40,
}

impl Status {
    /// The byte on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The status for a byte from the wire; `None` for a reserved code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x00 => Self::Good,
            0x02 => Self::CheckCondition,
            0x04 => Self::ConditionMet,
            0x08 => Self::Busy,
            0x18 => Self::ReservationConflict,
            0x28 => Self::TaskSetFull,
            0x30 => Self::AcaActive,
            0x40 => Self::TaskAborted,
            _ => return None,
        })
    }
}
