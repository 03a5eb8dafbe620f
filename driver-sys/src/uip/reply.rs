//! The twelve bytes that answer: `iscsid_uip_rsp_t`.

use super::record::get;
use super::{Command, UipError};
use crate::abi::open_enum;
use crate::netlink::code::PingStatus;

open_enum! {
    /// How a request went (`iscsid_uip_mgmt_ipc_err_e`).
    pub enum Status: u32 {
        /// Done.
        Ok = 0 => "ISCSID_UIP_MGMT_IPC_OK",
        /// Refused, or failed.
        Err = 1 => "ISCSID_UIP_MGMT_IPC_ERR",
        /// There is no such thing.
        NotFound = 2 => "ISCSID_UIP_MGMT_IPC_ERR_NOT_FOUND",
        /// No memory.
        NoMemory = 3 => "ISCSID_UIP_MGMT_IPC_ERR_NOMEM",
        /// The interface is up.
        DeviceUp = 4 => "ISCSID_UIP_MGMT_IPC_DEVICE_UP",
        /// The interface is on its way; to be asked again.
        DeviceInitializing = 5 => "ISCSID_UIP_MGMT_IPC_DEVICE_INITIALIZING",
    }
}

/// A reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// What was asked.
    pub command: Command,
    /// How it went.
    pub status: Status,
    /// How a ping ended; the success of zero for everything else.
    pub ping: PingStatus,
}

impl Reply {
    /// Its bytes.
    pub const SIZE: usize = 12;

    /// A reply without a ping's end.
    #[must_use]
    pub const fn new(command: Command, status: Status) -> Self {
        Self {
            command,
            status,
            ping: PingStatus::Success,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn encode(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let words = [self.command.raw(), self.status.raw(), self.ping.raw()];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    /// Decodes exactly the bytes of a reply.
    ///
    /// # Errors
    /// [`UipError::Size`].
    pub fn decode(bytes: &[u8]) -> Result<Self, UipError> {
        if bytes.len() != Self::SIZE {
            return Err(UipError::Size {
                what: "a reply",
                need: Self::SIZE,
                have: bytes.len(),
            });
        }
        let word = |at| u32::from_ne_bytes(get(bytes, at));
        Ok(Self {
            command: Command::from_raw(word(0)),
            status: Status::from_raw(word(4)),
            ping: PingStatus::from_raw(word(8)),
        })
    }
}
