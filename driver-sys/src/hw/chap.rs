//! What a CHAP table entry means; keeps its secret out of `Debug`.
//!
//! Source: `ql4_fw.h`, defines inside `struct ql4_chap_table`; `ql4_os.c`, `qla4xxx_get_chap_list`.

use core::fmt;

use bitflags::bitflags;

use super::raw::ql4_chap_table;

/// `cookie` of an entry in use.
pub const CHAP_VALID_COOKIE: u16 = 0x4092;
/// `cookie` of a deleted entry.
pub const CHAP_INVALID_COOKIE: u16 = 0xFFEE;
/// Longest secret, in bytes.
pub const MAX_CHAP_SECRET_LEN: usize = 100;
/// Room for the name, in bytes.
pub const MAX_CHAP_NAME_LEN: usize = 256;
/// Entries of the table of a 40xx port.
pub const MAX_CHAP_ENTRIES_40XX: u16 = 128;
/// Indices below and including this one are skipped when the driver picks a free entry.
pub const MAX_RESRV_CHAP_IDX: u16 = 3;

bitflags! {
    /// `flags` of a CHAP entry.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct ChapFlags: u8 {
        /// Credentials that this initiator sends (CHAP type "out").
        const LOCAL = 0x80;
        /// Credentials that the target must send (CHAP type "in").
        const PEER = 0x40;
    }
}

impl ql4_chap_table {
    /// [`ChapFlags`]; unknown bits are kept.
    #[must_use]
    pub fn chap_flags(&self) -> ChapFlags {
        ChapFlags::from_bits_retain(self.flags)
    }

    /// Whether the cookie marks an entry in use.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.cookie.get() == CHAP_VALID_COOKIE
    }

    /// The name up to its first NUL.
    #[must_use]
    pub fn name_bytes(&self) -> &[u8] {
        super::until_nul(&self.name)
    }

    /// The secret, `secret_len` bytes but never more than there is room for.
    #[must_use]
    pub fn secret_bytes(&self) -> &[u8] {
        &self.secret[..usize::from(self.secret_len).min(MAX_CHAP_SECRET_LEN)]
    }
}

impl fmt::Debug for ql4_chap_table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ql4_chap_table")
            .field("link", &self.link.get())
            .field("flags", &self.chap_flags())
            .field("name", &String::from_utf8_lossy(self.name_bytes()))
            .field("secret", &"[redacted]")
            .field("cookie", &self.cookie.get())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_secret_and_its_length() {
        let mut entry = ql4_chap_table::default();
        entry.secret[..14].copy_from_slice(b"topsecrettopse");
        entry.secret_len = 14;
        entry.name[..5].copy_from_slice(b"alice");
        let text = format!("{entry:?}");
        assert!(text.contains("alice"));
        assert!(!text.contains("116, 111, 112") && !text.contains("topsecret") && !text.contains("14"));
    }

    #[test]
    fn a_length_byte_beyond_the_room_is_cut() {
        let entry = ql4_chap_table {
            secret_len: 255,
            ..Default::default()
        };
        assert_eq!(entry.secret_bytes().len(), MAX_CHAP_SECRET_LEN);
    }
}
