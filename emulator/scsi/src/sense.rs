//! Sense data: keys, additional sense codes, fixed and descriptor format (SPC-4 §4.5).
//!
//! The table of additional sense codes here is the only one: code, tests and texts use it.

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
    POWER_ON_RESET = 0x29/0x00, "POWER ON, RESET, OR BUS DEVICE RESET OCCURRED";
    POWER_ON = 0x29/0x01, "POWER ON OCCURRED";
    DEVICE_RESET = 0x29/0x03, "BUS DEVICE RESET FUNCTION OCCURRED";
    NEXUS_LOSS = 0x29/0x07, "I_T NEXUS LOSS OCCURRED";
    MODE_PARAMETERS_CHANGED = 0x2a/0x01, "MODE PARAMETERS CHANGED";
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

/// Where the offending bit is (SPC-4 table 34).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldPointer {
    /// True: a CDB byte, false: a byte of the parameter list.
    pub in_cdb: bool,
    /// The byte.
    pub byte: u16,
    /// The most significant bit of the field, if one is meant.
    pub bit: Option<u8>,
}

/// Sense data, independent of its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sense {
    /// Sense key.
    pub key: SenseKey,
    /// Additional sense code and qualifier.
    pub additional: AdditionalSense,
    /// INFORMATION: an LBA, or the offset of a miscompare.
    pub information: Option<u64>,
    /// Which field was wrong.
    pub field: Option<FieldPointer>,
    /// Reports the failure of an earlier command (response codes 71h and 73h).
    pub deferred: bool,
}

impl Sense {
    /// Length of [`Sense::to_fixed`] in bytes.
    pub const FIXED_LEN: usize = 18;

    /// Sense with a key and an additional code.
    #[must_use]
    pub const fn new(key: SenseKey, additional: AdditionalSense) -> Self {
        Self {
            key,
            additional,
            information: None,
            field: None,
            deferred: false,
        }
    }

    /// ILLEGAL REQUEST.
    #[must_use]
    pub const fn illegal(additional: AdditionalSense) -> Self {
        Self::new(SenseKey::IllegalRequest, additional)
    }

    /// ILLEGAL REQUEST, INVALID FIELD IN CDB, pointing at the field.
    #[must_use]
    pub const fn cdb_field(byte: u16, bit: u8) -> Self {
        let mut sense = Self::illegal(AdditionalSense::INVALID_FIELD_IN_CDB);
        sense.field = Some(FieldPointer {
            in_cdb: true,
            byte,
            bit: Some(bit),
        });
        sense
    }

    /// ILLEGAL REQUEST, INVALID FIELD IN PARAMETER LIST, pointing at the byte.
    #[must_use]
    pub const fn parameter_field(byte: u16) -> Self {
        let mut sense = Self::illegal(AdditionalSense::INVALID_FIELD_IN_PARAMETER_LIST);
        sense.field = Some(FieldPointer {
            in_cdb: false,
            byte,
            bit: None,
        });
        sense
    }

    /// The same sense with INFORMATION set.
    #[must_use]
    pub const fn with_information(mut self, information: u64) -> Self {
        self.information = Some(information);
        self
    }

    /// Fixed format, 18 bytes (SPC-4 table 53). INFORMATION over 32 bits is left invalid.
    #[must_use]
    pub fn to_fixed(&self) -> Vec<u8> {
        let mut b = vec![0u8; Self::FIXED_LEN];
        b[0] = if self.deferred { 0x71 } else { 0x70 };
        b[2] = self.key as u8;
        if let Some(information) = self.information.and_then(|i| u32::try_from(i).ok()) {
            b[0] |= 0x80;
            b[3..7].copy_from_slice(&information.to_be_bytes());
        }
        b[7] = 10;
        b[12] = self.additional.code;
        b[13] = self.additional.qualifier;
        if let Some(field) = self.field {
            b[15..18].copy_from_slice(&field.to_bytes());
        }
        b
    }

    /// Descriptor format (SPC-4 table 39) with the information and sense-key-specific descriptors that apply.
    #[must_use]
    pub fn to_descriptor(&self) -> Vec<u8> {
        let code = if self.deferred { 0x73 } else { 0x72 };
        let mut b = vec![
            code,
            self.key as u8,
            self.additional.code,
            self.additional.qualifier,
            0,
            0,
            0,
            0,
        ];
        if let Some(information) = self.information {
            b.extend_from_slice(&[0x00, 0x0a, 0x80, 0x00]);
            b.extend_from_slice(&information.to_be_bytes());
        }
        if let Some(field) = self.field {
            b.extend_from_slice(&[0x02, 0x06, 0x00, 0x00]);
            b.extend_from_slice(&field.to_bytes());
            b.push(0);
        }
        b[7] = u8::try_from(b.len() - 8).unwrap_or(u8::MAX);
        b
    }

    /// Reads either format; what is cut off reads as zero. `None` if it is no sense data at all.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
        let response = bytes.first()? & 0x7f;
        match response {
            0x70 | 0x71 => {
                let mut sense = Self::new(
                    SenseKey::from_code(at(2)),
                    AdditionalSense {
                        code: at(12),
                        qualifier: at(13),
                    },
                );
                sense.deferred = response == 0x71;
                if at(0) & 0x80 != 0 {
                    sense.information = Some(u64::from(u32::from_be_bytes([at(3), at(4), at(5), at(6)])));
                }
                sense.field = FieldPointer::from_bytes([at(15), at(16), at(17)]);
                Some(sense)
            }
            0x72 | 0x73 => {
                let mut sense = Self::new(
                    SenseKey::from_code(at(1)),
                    AdditionalSense {
                        code: at(2),
                        qualifier: at(3),
                    },
                );
                sense.deferred = response == 0x73;
                let mut rest = bytes.get(8..).unwrap_or(&[]);
                rest = rest.get(..usize::from(at(7))).unwrap_or(rest);
                while let [kind, len, ..] = *rest {
                    let Some((body, next)) = rest.get(2..).and_then(|r| r.split_at_checked(usize::from(len)))
                    else {
                        break;
                    };
                    match (kind, body) {
                        (0x00, [flags, _, value @ ..]) if flags & 0x80 != 0 => {
                            sense.information = <[u8; 8]>::try_from(value).ok().map(u64::from_be_bytes);
                        }
                        (0x02, [_, _, a, b, c, ..]) => sense.field = FieldPointer::from_bytes([*a, *b, *c]),
                        _ => {}
                    }
                    rest = next;
                }
                Some(sense)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key.name(), self.additional)
    }
}

impl FieldPointer {
    fn to_bytes(self) -> [u8; 3] {
        let mut first = 0x80;
        if self.in_cdb {
            first |= 0x40;
        }
        if let Some(bit) = self.bit {
            first |= 0x08 | (bit & 0x07);
        }
        let [high, low] = self.byte.to_be_bytes();
        [first, high, low]
    }

    fn from_bytes([first, high, low]: [u8; 3]) -> Option<Self> {
        (first & 0x80 != 0).then(|| Self {
            in_cdb: first & 0x40 != 0,
            byte: u16::from_be_bytes([high, low]),
            bit: (first & 0x08 != 0).then_some(first & 0x07),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_format_byte_by_byte() {
        let sense = Sense::cdb_field(2, 7).with_information(0x0102_0304);
        assert_eq!(
            sense.to_fixed(),
            [
                0xf0, 0, 5, // current error, INFORMATION valid; ILLEGAL REQUEST
                1, 2, 3, 4, // INFORMATION
                10, 0, 0, 0, 0, // additional length, command specific
                0x24, 0x00, 0, // INVALID FIELD IN CDB, FRU
                0xcf, 0x00, 0x02, // SKSV, C/D, BPV, bit 7, byte 2
            ]
        );
    }

    #[test]
    fn both_formats_round_trip() {
        for (additional, _) in AdditionalSense::TABLE {
            for sense in [
                Sense::new(SenseKey::UnitAttention, *additional),
                Sense::new(SenseKey::MediumError, *additional).with_information(77),
                Sense::parameter_field(9),
            ] {
                assert_eq!(Sense::parse(&sense.to_fixed()), Some(sense));
                assert_eq!(Sense::parse(&sense.to_descriptor()), Some(sense));
            }
        }
        let wide = Sense::new(SenseKey::MediumError, AdditionalSense::WRITE_ERROR).with_information(u64::MAX);
        assert_eq!(Sense::parse(&wide.to_descriptor()), Some(wide));
        assert_eq!(Sense::parse(&wide.to_fixed()).and_then(|s| s.information), None);
    }

    #[test]
    fn table_has_no_code_twice() {
        for (i, (code, _)) in AdditionalSense::TABLE.iter().enumerate() {
            assert!(
                !AdditionalSense::TABLE[..i].iter().any(|(other, _)| other == code),
                "{code}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn parse_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
            let _ = Sense::parse(&bytes);
            let mut descriptor = bytes;
            if let Some(first) = descriptor.first_mut() { *first = 0x72; }
            let _ = Sense::parse(&descriptor);
        }
    }
}
