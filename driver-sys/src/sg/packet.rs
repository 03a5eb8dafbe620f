//! A SCSI command and its result, and their packets on `DIR/sg/H:C:T:L`.
//!
//! Request: `u32 cdb_len, u32 direction (0 none, 1 to device, 2 from device), u32 data_len, u32 timeout_ms`, CDB, outgoing
//! data. Answer: `i32 errno, u32 scsi_status, u32 host_status, u32 sense_len, u32 data_len, u32 residual`, sense, incoming
//! data. Integers are native-endian; `errno` is 0 or positive.

use std::time::Duration;

use nix::errno::Errno;

use crate::bsg::packet::{errno_of, errno_word, len, malformed, part, words};
use crate::port::PortError;

/// Longest CDB, in bytes.
pub const MAX_CDB: usize = 32;
/// Longest transfer of one command, in bytes.
pub const MAX_DATA: usize = 256 * 1024;
/// Longest sense data, in bytes.
pub const MAX_SENSE: usize = 252;

const NONE: u32 = 0;
const TO_DEVICE: u32 = 1;
const FROM_DEVICE: u32 = 2;

/// Data of a command.
#[derive(Clone, PartialEq, Eq)]
pub enum Transfer {
    /// None.
    None,
    /// To the device.
    Out(Vec<u8>),
    /// From the device, at most so many bytes.
    In(u32),
}

impl core::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Out(data) => write!(f, "Out({} bytes)", data.len()),
            Self::In(room) => write!(f, "In({room} bytes)"),
        }
    }
}

/// A SCSI command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Command descriptor block.
    pub cdb: Vec<u8>,
    /// Data.
    pub transfer: Transfer,
    /// How long it may take, whole milliseconds.
    pub timeout: Duration,
}

/// What became of a command.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the system call answered; without success nothing else means anything.
    pub errno: Result<(), Errno>,
    /// SCSI status byte (0 good, 2 check condition, 8 busy…).
    pub status: u32,
    /// The kernel's host byte (0 good).
    pub host_status: u32,
    /// Sense data.
    pub sense: Vec<u8>,
    /// Incoming data, as many bytes as came.
    pub data: Vec<u8>,
    /// Bytes of the transfer that were not moved.
    pub residual: u32,
}

impl core::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Outcome")
            .field("errno", &self.errno)
            .field("status", &self.status)
            .field("host_status", &self.host_status)
            .field("sense", &self.sense)
            .field("data", &self.data.len())
            .field("residual", &self.residual)
            .finish()
    }
}

impl Command {
    /// The request packet.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (direction, data_len, data) = match &self.transfer {
            Transfer::None => (NONE, [0; 4], &[][..]),
            Transfer::Out(data) => (TO_DEVICE, len(data), &data[..]),
            Transfer::In(room) => (FROM_DEVICE, room.to_ne_bytes(), &[][..]),
        };
        let millis = u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX);
        let mut packet = Vec::with_capacity(16 + self.cdb.len() + data.len());
        packet.extend_from_slice(&len(&self.cdb));
        packet.extend_from_slice(&direction.to_ne_bytes());
        packet.extend_from_slice(&data_len);
        packet.extend_from_slice(&millis.to_ne_bytes());
        packet.extend_from_slice(&self.cdb);
        packet.extend_from_slice(data);
        packet
    }

    /// Decodes a request packet (the server's side).
    ///
    /// # Errors
    /// [`PortError::Malformed`] when lengths are beyond the limits or do not add up.
    pub fn decode(packet: &[u8]) -> Result<Self, PortError> {
        const WHAT: &str = "SCSI request packet";
        let ([cdb_len, direction, data_len, millis], rest) = words(WHAT, packet)?;
        let (cdb, rest) = part(WHAT, rest, cdb_len, MAX_CDB)?;
        if cdb.is_empty() {
            return Err(malformed(WHAT, "empty CDB"));
        }
        let transfer = match direction {
            NONE if data_len == 0 => Transfer::None,
            TO_DEVICE => Transfer::Out(part(WHAT, rest, data_len, MAX_DATA)?.0.to_vec()),
            FROM_DEVICE if usize::try_from(data_len).is_ok_and(|l| l <= MAX_DATA) => Transfer::In(data_len),
            FROM_DEVICE => return Err(malformed(WHAT, format!("{data_len} bytes asked for"))),
            other => {
                return Err(malformed(
                    WHAT,
                    format!("direction {other} with {data_len} bytes"),
                ));
            }
        };
        let carried = if let Transfer::Out(data) = &transfer {
            data.len()
        } else {
            0
        };
        if rest.len() != carried {
            return Err(malformed(
                WHAT,
                format!("{} bytes of data, {carried} claimed", rest.len()),
            ));
        }
        Ok(Self {
            cdb: cdb.to_vec(),
            transfer,
            timeout: Duration::from_millis(millis.into()),
        })
    }
}

impl Outcome {
    /// A success with incoming data.
    #[must_use]
    pub const fn good(data: Vec<u8>, residual: u32) -> Self {
        Self {
            errno: Ok(()),
            status: 0,
            host_status: 0,
            sense: Vec::new(),
            data,
            residual,
        }
    }

    /// Nothing but an errno.
    #[must_use]
    pub const fn error(errno: Errno) -> Self {
        Self {
            errno: Err(errno),
            status: 0,
            host_status: 0,
            sense: Vec::new(),
            data: Vec::new(),
            residual: 0,
        }
    }

    /// The answer packet (the server's side).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut packet = Vec::with_capacity(24 + self.sense.len() + self.data.len());
        packet.extend_from_slice(&errno_word(self.errno));
        packet.extend_from_slice(&self.status.to_ne_bytes());
        packet.extend_from_slice(&self.host_status.to_ne_bytes());
        packet.extend_from_slice(&len(&self.sense));
        packet.extend_from_slice(&len(&self.data));
        packet.extend_from_slice(&self.residual.to_ne_bytes());
        packet.extend_from_slice(&self.sense);
        packet.extend_from_slice(&self.data);
        packet
    }

    /// Decodes an answer packet.
    ///
    /// # Errors
    /// [`PortError::Malformed`] when lengths are beyond the limits or do not add up.
    pub fn decode(packet: &[u8]) -> Result<Self, PortError> {
        const WHAT: &str = "SCSI answer packet";
        let ([errno, status, host_status, sense_len, data_len, residual], rest) = words(WHAT, packet)?;
        let (sense, rest) = part(WHAT, rest, sense_len, MAX_SENSE)?;
        let (data, rest) = part(WHAT, rest, data_len, MAX_DATA)?;
        if !rest.is_empty() {
            return Err(malformed(WHAT, format!("{} bytes too many", rest.len())));
        }
        let (errno, sense, data) = (errno_of(errno), sense.to_vec(), data.to_vec());
        Ok(Self {
            errno,
            status,
            host_status,
            sense,
            data,
            residual,
        })
    }
}
