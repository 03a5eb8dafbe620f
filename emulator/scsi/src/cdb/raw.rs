//! Step one: what every CDB has in common.

use crate::opcode::{self, Opcode};
use crate::param::be;
use crate::sense::{AdditionalSense, Sense};

/// Why a CDB is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CdbError {
    /// No such operation code.
    #[error("unknown operation code")]
    UnknownOpcode,
    /// A known operation code with an unknown service action.
    #[error("unknown service action")]
    UnknownServiceAction,
    /// Fewer bytes than the operation code needs.
    #[error("the CDB ends early")]
    TooShort,
    /// A field has a value that the device server does not take.
    #[error("invalid field at byte {byte} bit {bit}")]
    Field {
        /// The byte.
        byte: u16,
        /// Its most significant bit.
        bit: u8,
    },
}

impl CdbError {
    /// The sense data that answers it.
    #[must_use]
    pub const fn sense(self) -> Sense {
        match self {
            Self::UnknownOpcode => Sense::illegal(AdditionalSense::INVALID_OPCODE),
            Self::UnknownServiceAction => Sense::cdb_field(1, 4),
            Self::TooShort => Sense::illegal(AdditionalSense::INVALID_FIELD_IN_CDB),
            Self::Field { byte, bit } => Sense::cdb_field(byte, bit),
        }
    }
}

/// A CDB of a known command with the right length.
#[derive(Clone, Copy, Debug)]
pub struct RawCdb<'a> {
    /// The table's entry.
    pub opcode: &'static Opcode,
    bytes: &'a [u8],
}

impl<'a> RawCdb<'a> {
    /// Finds the command and checks length, service action and control byte.
    ///
    /// # Errors
    /// Any [`CdbError`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, CdbError> {
        let code = *bytes.first().ok_or(CdbError::TooShort)?;
        let entries = opcode::by_code(code);
        let first = entries.first().ok_or(CdbError::UnknownOpcode)?;
        let bytes = bytes.get(..first.cdb_len()).ok_or(CdbError::TooShort)?;
        let opcode = match first.service_action {
            None => first,
            Some(_) => {
                let wanted = u16::from(bytes.get(1).copied().unwrap_or(0) & 0x1f);
                entries
                    .iter()
                    .find(|entry| entry.service_action == Some(wanted))
                    .ok_or(CdbError::UnknownServiceAction)?
            }
        };
        let raw = Self { opcode, bytes };
        let control = bytes.len() - 1;
        if raw.bit(control, 2) {
            // NACA: NormACA is not supported.
            return Err(CdbError::Field {
                byte: control as u16,
                bit: 2,
            });
        }
        Ok(raw)
    }

    /// Byte `at`.
    #[must_use]
    pub fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Bit `bit` of byte `at`.
    #[must_use]
    pub fn bit(&self, at: usize, bit: u8) -> bool {
        self.byte(at) >> (bit & 7) & 1 != 0
    }

    /// Big-endian integer of `len` ≤ 8 bytes at `at`.
    #[must_use]
    pub fn wide(&self, at: usize, len: usize) -> u64 {
        be(self.bytes, at, len)
    }

    /// Big-endian integer of `len` ≤ 4 bytes at `at`, as a length.
    #[must_use]
    pub fn int(&self, at: usize, len: usize) -> usize {
        usize::try_from(self.wide(at, len)).unwrap_or(usize::MAX)
    }

    /// Length of this CDB in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: a CDB has at least six bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
