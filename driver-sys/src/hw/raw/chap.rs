//! The CHAP table entry as it lies in flash.
//!
//! Source: `ql4_fw.h`, `struct ql4_chap_table`.

use zerocopy::little_endian::U16;

use crate::abi::raw_struct;

raw_struct! {
    /// One CHAP table entry, 364 bytes. `flags` bit 7: local (initiator) credentials, bit 6: peer. `Debug` hides the
    /// secret.
    pub struct ql4_chap_table: 364 {
        link: U16,
        flags: u8,
        secret_len: u8,
        secret: [u8; 100],
        name: [u8; 256],
        reserved: U16,
        cookie: U16,
    }
}
