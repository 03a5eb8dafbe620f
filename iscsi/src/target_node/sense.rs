//! Sense data that the protocol itself reports (RFC 7143 §11.4.7.2).

/// ABORTED COMMAND or ILLEGAL REQUEST with an additional code, fixed format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProtocolSense {
    key: u8,
    code: u8,
    qualifier: u8,
}

const ABORTED_COMMAND: u8 = 0x0b;
const ILLEGAL_REQUEST: u8 = 0x05;

impl ProtocolSense {
    /// Unsolicited data that was not negotiated.
    pub(super) const UNEXPECTED_UNSOLICITED: Self = Self::new(ABORTED_COMMAND, 0x0c, 0x0c);
    /// A sequence with too little or too much data.
    pub(super) const INCORRECT_AMOUNT: Self = Self::new(ABORTED_COMMAND, 0x0c, 0x0d);
    /// Data digest error, or data missing within a sequence.
    pub(super) const CRC_ERROR: Self = Self::new(ABORTED_COMMAND, 0x47, 0x05);
    /// The command cannot be as it is (bidirectional, too long).
    pub(super) const INVALID_COMMAND: Self = Self::new(ILLEGAL_REQUEST, 0x24, 0x00);

    const fn new(key: u8, code: u8, qualifier: u8) -> Self {
        Self { key, code, qualifier }
    }

    /// Fixed format, 18 bytes.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut sense = vec![0; 18];
        sense[0] = 0x70;
        sense[2] = self.key;
        sense[7] = 10;
        sense[12] = self.code;
        sense[13] = self.qualifier;
        sense
    }
}
