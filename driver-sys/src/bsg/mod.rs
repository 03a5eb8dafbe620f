//! Requests past the block layer: the vendor commands of an iSCSI host, and the ioctls that carry them.
//!
//! Owns [`Job`]/[`Answer`] (what the ioctl carries), their packets on the emulated kernel's socket, the typed vendor
//! commands. Must not know what flash or EEPROM contain. Source: `scsi_bsg_iscsi.h`,
//! `uapi/linux/bsg.h`, `ql4_bsg.c`.

mod command;
mod diagnostic;
mod ioctl;
pub(crate) mod packet;
mod port;
mod reply;
#[cfg(test)]
mod tests;

pub use crate::hw::mailbox::DiagTest;
pub use command::{QLOGIC_VENDOR_ID, VendorCommand};
pub use diagnostic::Diagnostic;
pub use packet::{Answer, Job, MAX_PAYLOAD, MAX_REQUEST};
pub use port::{Bsg, BsgError};
pub use reply::{Mailboxes, Payload, VendorReply};

pub(crate) use ioctl::{ScsiIo, descriptor, scsi_bsg, scsi_sg};
