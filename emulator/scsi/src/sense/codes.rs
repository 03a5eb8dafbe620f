//! Sense keys and additional sense codes, one table each (SPC-4 §4.5.6, annex F).

use std::fmt;

/// Sense key (SPC-4 table 48).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SenseKey {
    /// 0x0
    NoSense = 0x0,
    /// 0x1
    RecoveredError = 0x1,
    /// 0x2
    NotReady = 0x2,
    /// 0x3
    MediumError = 0x3,
    /// 0x4
    HardwareError = 0x4,
    /// 0x5
    IllegalRequest = 0x5,
    /// 0x6
    UnitAttention = 0x6,
    /// 0x7
    DataProtect = 0x7,
    /// 0x8
    BlankCheck = 0x8,
    /// 0x9
    VendorSpecific = 0x9,
    /// 0xA
    CopyAborted = 0xA,
    /// 0xB
    AbortedCommand = 0xB,
    /// 0xD
    VolumeOverflow = 0xD,
    /// 0xE
    Miscompare = 0xE,
    /// 0xF
    Completed = 0xF,
}

impl SenseKey {
    /// The key in the low four bits of `code`; 0xC (obsolete) reads as vendor specific.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code & 0x0f {
            0x0 => Self::NoSense,
            0x1 => Self::RecoveredError,
            0x2 => Self::NotReady,
            0x3 => Self::MediumError,
            0x4 => Self::HardwareError,
            0x5 => Self::IllegalRequest,
            0x6 => Self::UnitAttention,
            0x7 => Self::DataProtect,
            0x8 => Self::BlankCheck,
            0xa => Self::CopyAborted,
            0xb => Self::AbortedCommand,
            0xd => Self::VolumeOverflow,
            0xe => Self::Miscompare,
            0xf => Self::Completed,
            _ => Self::VendorSpecific,
        }
    }

    /// The name as SPC-4 writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSense => "NO SENSE",
            Self::RecoveredError => "RECOVERED ERROR",
            Self::NotReady => "NOT READY",
            Self::MediumError => "MEDIUM ERROR",
            Self::HardwareError => "HARDWARE ERROR",
            Self::IllegalRequest => "ILLEGAL REQUEST",
            Self::UnitAttention => "UNIT ATTENTION",
            Self::DataProtect => "DATA PROTECT",
            Self::BlankCheck => "BLANK CHECK",
            Self::VendorSpecific => "VENDOR SPECIFIC",
            Self::CopyAborted => "COPY ABORTED",
            Self::AbortedCommand => "ABORTED COMMAND",
            Self::VolumeOverflow => "VOLUME OVERFLOW",
            Self::Miscompare => "MISCOMPARE",
            Self::Completed => "COMPLETED",
        }
    }
}

/// Additional sense code and qualifier. Codes outside the table survive decoding and encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AdditionalSense {
    /// ASC.
    pub code: u8,
    /// ASCQ.
    pub qualifier: u8,
}

macro_rules! additional_sense {
    ($($name:ident = $asc:literal / $ascq:literal, $text:literal;)*) => {
        impl AdditionalSense {
            $(#[doc = $text] pub const $name: Self = Self { code: $asc, qualifier: $ascq };)*

            /// Every code that this crate names, with SPC-4's text.
            pub const TABLE: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];
        }
    };
}

additional_sense! {
    NONE = 0x00/0x00, "NO ADDITIONAL SENSE INFORMATION";
    NOT_READY_BECOMING_READY = 0x04/0x01, "LOGICAL UNIT IS IN PROCESS OF BECOMING READY";
    INITIALIZING_COMMAND_REQUIRED = 0x04/0x02, "LOGICAL UNIT NOT READY, INITIALIZING COMMAND REQUIRED";
    MANUAL_INTERVENTION_REQUIRED = 0x04/0x03, "LOGICAL UNIT NOT READY, MANUAL INTERVENTION REQUIRED";
    WRITE_ERROR = 0x0c/0x00, "WRITE ERROR";
    THIRD_PARTY_DEVICE_FAILURE = 0x0d/0x01, "THIRD PARTY DEVICE FAILURE";
    COPY_TARGET_UNREACHABLE = 0x0d/0x02, "COPY TARGET DEVICE NOT REACHABLE";
    UNRECOVERED_READ_ERROR = 0x11/0x00, "UNRECOVERED READ ERROR";
    PARAMETER_LIST_LENGTH_ERROR = 0x1a/0x00, "PARAMETER LIST LENGTH ERROR";
    MISCOMPARE_DURING_VERIFY = 0x1d/0x00, "MISCOMPARE DURING VERIFY OPERATION";
    INVALID_OPCODE = 0x20/0x00, "INVALID COMMAND OPERATION CODE";
    LBA_OUT_OF_RANGE = 0x21/0x00, "LOGICAL BLOCK ADDRESS OUT OF RANGE";
    INVALID_FIELD_IN_CDB = 0x24/0x00, "INVALID FIELD IN CDB";
    LUN_NOT_SUPPORTED = 0x25/0x00, "LOGICAL UNIT NOT SUPPORTED";
    INVALID_FIELD_IN_PARAMETER_LIST = 0x26/0x00, "INVALID FIELD IN PARAMETER LIST";
    INVALID_RELEASE_OF_PERSISTENT_RESERVATION = 0x26/0x04, "INVALID RELEASE OF PERSISTENT RESERVATION";
    TOO_MANY_TARGET_DESCRIPTORS = 0x26/0x06, "TOO MANY TARGET DESCRIPTORS";
    UNSUPPORTED_TARGET_DESCRIPTOR = 0x26/0x07, "UNSUPPORTED TARGET DESCRIPTOR TYPE CODE";
    TOO_MANY_SEGMENT_DESCRIPTORS = 0x26/0x08, "TOO MANY SEGMENT DESCRIPTORS";
    UNSUPPORTED_SEGMENT_DESCRIPTOR = 0x26/0x09, "UNSUPPORTED SEGMENT DESCRIPTOR TYPE CODE";
    WRITE_PROTECTED = 0x27/0x00, "WRITE PROTECTED";
    SOFTWARE_WRITE_PROTECTED = 0x27/0x02, "LOGICAL UNIT SOFTWARE WRITE PROTECTED";
    SPACE_ALLOCATION_FAILED = 0x27/0x07, "SPACE ALLOCATION FAILED WRITE PROTECT";
    TARGET_PORT_IN_STANDBY = 0x04/0x0b, "LOGICAL UNIT NOT ACCESSIBLE, TARGET PORT IN STANDBY STATE";
    TARGET_PORT_UNAVAILABLE = 0x04/0x0c, "LOGICAL UNIT NOT ACCESSIBLE, TARGET PORT IN UNAVAILABLE STATE";
    POWER_ON_RESET = 0x29/0x00, "POWER ON, RESET, OR BUS DEVICE RESET OCCURRED";
    POWER_ON = 0x29/0x01, "POWER ON OCCURRED";
    DEVICE_RESET = 0x29/0x03, "BUS DEVICE RESET FUNCTION OCCURRED";
    NEXUS_LOSS = 0x29/0x07, "I_T NEXUS LOSS OCCURRED";
    MODE_PARAMETERS_CHANGED = 0x2a/0x01, "MODE PARAMETERS CHANGED";
    ACCESS_STATE_CHANGED = 0x2a/0x06, "ASYMMETRIC ACCESS STATE CHANGED";
    RESERVATIONS_PREEMPTED = 0x2a/0x03, "RESERVATIONS PREEMPTED";
    RESERVATIONS_RELEASED = 0x2a/0x04, "RESERVATIONS RELEASED";
    REGISTRATIONS_PREEMPTED = 0x2a/0x05, "REGISTRATIONS PREEMPTED";
    CAPACITY_CHANGED = 0x2a/0x09, "CAPACITY DATA HAS CHANGED";
    NOT_READY_TO_READY = 0x28/0x00, "NOT READY TO READY CHANGE, MEDIUM MAY HAVE CHANGED";
    COMMANDS_CLEARED = 0x2f/0x00, "COMMANDS CLEARED BY ANOTHER INITIATOR";
    SAVING_NOT_SUPPORTED = 0x39/0x00, "SAVING PARAMETERS NOT SUPPORTED";
    MEDIUM_NOT_PRESENT = 0x3a/0x00, "MEDIUM NOT PRESENT";
    MEDIUM_NOT_PRESENT_TRAY_OPEN = 0x3a/0x02, "MEDIUM NOT PRESENT - TRAY OPEN";
    REPORTED_LUNS_CHANGED = 0x3f/0x0e, "REPORTED LUNS DATA HAS CHANGED";
    INTERNAL_TARGET_FAILURE = 0x44/0x00, "INTERNAL TARGET FAILURE";
    MEDIUM_REMOVAL_PREVENTED = 0x53/0x02, "MEDIUM REMOVAL PREVENTED";
    INSUFFICIENT_REGISTRATION_RESOURCES = 0x55/0x04, "INSUFFICIENT REGISTRATION RESOURCES";
    OVERLAPPED_COMMANDS = 0x4e/0x00, "OVERLAPPED COMMANDS ATTEMPTED";
}

impl AdditionalSense {
    /// SPC-4's text, if the code is in the table.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        Self::TABLE
            .iter()
            .find(|(code, _)| *code == self)
            .map(|(_, text)| *text)
    }
}

impl fmt::Display for AdditionalSense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => write!(f, "{text} ({:02x}/{:02x})", self.code, self.qualifier),
            None => write!(f, "{:02x}/{:02x}", self.code, self.qualifier),
        }
    }
}
