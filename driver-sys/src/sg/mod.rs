//! SCSI commands passed through to a device.
//!
//! Owns the command and its result, their packets on the emulated kernel's socket, and the device nodes. Must not know any
//! CDB. Source: `uapi/linux/bsg.h`, `scsi/sg.h`.

mod address;
mod device;
mod packet;
#[cfg(test)]
mod tests;

pub use address::{BadHctl, Hctl};
pub use device::{Device, SgError};
pub use packet::{Command, MAX_CDB, MAX_DATA, MAX_SENSE, Outcome, Transfer};
