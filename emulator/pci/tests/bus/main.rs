//! The adapter at PCI level: a vfio-user client and a few lines of driver, without QEMU.

#![expect(clippy::unwrap_used, reason = "a test harness: what fails is a failed test")]

mod bring_up;
mod driver;
mod faults;
mod guest;
mod hostile;
mod mailboxes;
mod managing;
mod rings;
mod scsi;
mod served;
