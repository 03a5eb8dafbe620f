//! The adapter's own bytes: what lies in flash and EEPROM, and the codes that pass through the mailboxes.
//!
//! Must not know how a front end (PCI registers, an emulated kernel) uses them. Source: `ql4_fw.h`, `ql4_nvram.h`.

pub mod acb;
pub mod aen;
pub mod chap;
pub mod ddb;
pub mod flash;
pub mod mailbox;
pub mod nvram;
pub mod raw;

/// The bytes before the first NUL, or all of them.
#[must_use]
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or(bytes)
}
