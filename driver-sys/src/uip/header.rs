//! The eight bytes before a payload: `iscsid_uip_broadcast_header_t`.

use super::{IfaceRecord, PingRequest, UipError};
use crate::abi::open_enum;

open_enum! {
    /// What is asked (`iscsid_uip_cmd_e`).
    pub enum Command: u32 {
        /// Bring an interface up, as its record says.
        GetIface = 1 => "ISCSID_UIP_IPC_GET_IFACE",
        /// Ping through an interface.
        Ping = 2 => "ISCSID_UIP_IPC_PING",
    }
}

impl Command {
    /// Its name, for messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.kernel_name() {
            Some(name) => name,
            None => "an unknown command",
        }
    }

    /// Bytes of its payload.
    ///
    /// # Errors
    /// [`UipError::Command`].
    pub const fn payload(self) -> Result<usize, UipError> {
        match self {
            Self::GetIface => Ok(IfaceRecord::SIZE),
            Self::Ping => Ok(PingRequest::SIZE),
            Self::Unknown(raw) => Err(UipError::Command(raw)),
        }
    }
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What is asked.
    pub command: Command,
    /// Bytes that follow.
    pub payload_len: u32,
}

impl Header {
    /// Its bytes.
    pub const SIZE: usize = 8;

    /// The bytes.
    #[must_use]
    pub fn encode(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..4].copy_from_slice(&self.command.raw().to_ne_bytes());
        bytes[4..].copy_from_slice(&self.payload_len.to_ne_bytes());
        bytes
    }

    /// Decodes exactly the bytes of a header; whether it makes sense says [`Header::check`].
    ///
    /// # Errors
    /// [`UipError::Size`].
    pub fn decode(bytes: &[u8]) -> Result<Self, UipError> {
        let &[a, b, c, d, e, f, g, h] = bytes else {
            return Err(UipError::Size {
                what: "a header",
                need: Self::SIZE,
                have: bytes.len(),
            });
        };
        Ok(Self {
            command: Command::from_raw(u32::from_ne_bytes([a, b, c, d])),
            payload_len: u32::from_ne_bytes([e, f, g, h]),
        })
    }

    /// How many bytes follow, if they are those of the command.
    ///
    /// # Errors
    /// [`UipError::Command`], [`UipError::Payload`].
    pub fn check(self) -> Result<usize, UipError> {
        let need = self.command.payload()?;
        let have = usize::try_from(self.payload_len).unwrap_or(usize::MAX);
        if have == need {
            Ok(need)
        } else {
            Err(UipError::Payload {
                command: self.command,
                need,
                have,
            })
        }
    }
}
