//! What the words of a device database entry mean.
//!
//! Owns option bits, states, cookies and limits. Source: `ql4_fw.h`, comments and defines inside
//! `struct dev_db_entry`, and `DDB_DS_*`.

use bitflags::bitflags;
use zerocopy::little_endian::U16;

use super::raw::dev_db_entry;
use crate::abi::open_enum;

/// `cookie` of a DDB in use.
pub const DDB_VALID_COOKIE: u16 = 0x9034;
/// `cookie` of a deleted DDB (the driver's flashnode delete).
pub const DDB_DELETED_COOKIE: u16 = 0xFFEE;
/// `ddb_link` without a parent.
pub const DDB_NO_LINK: u16 = 0xFFFF;
/// `ddb_link` of an entry that iSNS found.
pub const DDB_ISNS: u16 = 0xFFFD;
/// DDBs that live in flash; the first index for discovered ones.
pub const MAX_PRST_DEV_DB_ENTRIES: u16 = 64;
/// Firmware DDB slots of the 40xx.
pub const MAX_DEV_DB_ENTRIES_40XX: u16 = 256;
/// Unit of the PDU and burst length fields, in bytes.
pub const BYTE_UNITS: u32 = 512;

open_enum! {
    /// State of a DDB (GET_DATABASE_ENTRY mailbox 4, DATABASE_CHANGED mailbox 3).
    pub enum DdbState: u32 {
        /// Free.
        Unassigned = 0x00 => "DDB_DS_UNASSIGNED",
        /// Known, not connected.
        NoConnectionActive = 0x01 => "DDB_DS_NO_CONNECTION_ACTIVE",
        /// Discovery runs.
        Discovery = 0x02 => "DDB_DS_DISCOVERY",
        /// Logged in.
        SessionActive = 0x04 => "DDB_DS_SESSION_ACTIVE",
        /// The session failed.
        SessionFailed = 0x06 => "DDB_DS_SESSION_FAILED",
        /// Login runs.
        LoginInProcess = 0x07 => "DDB_DS_LOGIN_IN_PROCESS",
    }
}

bitflags! {
    /// `options` of a DDB.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct DdbOptions: u16 {
        /// The device is a target.
        const TARGET = 0x0002;
        /// The entry is enabled.
        const ENTRY_STATE = 0x0008;
        /// A discovery (SendTargets) entry.
        const DISC_SESSION = 0x0010;
        /// No automatic SendTargets.
        const AUTO_SENDTGTS_DISABLE = 0x0040;
        /// The address is IPv6.
        const IPV6_DEVICE = 0x0100;
        /// The firmware assigns the link-local address (before the connection), or has assigned none (after it).
        const IS_FW_ASSIGNED_IPV6 = 0x0800;
    }

    /// `iscsi_options` of a DDB and `iscsi_opts` of an ACB.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct IscsiOptions: u16 {
        /// Header digest CRC32C.
        const HEADER_DIGEST = 0x2000;
        /// Data digest CRC32C.
        const DATA_DIGEST = 0x1000;
        /// ImmediateData.
        const IMMEDIATE_DATA = 0x0800;
        /// InitialR2T.
        const INITIAL_R2T = 0x0400;
        /// DataSequenceInOrder.
        const DATA_SEQ_IN_ORDER = 0x0200;
        /// DataPDUInOrder.
        const DATA_PDU_IN_ORDER = 0x0100;
        /// CHAP.
        const CHAP_AUTH = 0x0080;
        /// SNACK.
        const SNACK_REQ = 0x0040;
        /// Log out after discovery.
        const DISCOVERY_LOGOUT = 0x0020;
        /// CHAP in both directions.
        const BIDI_CHAP = 0x0010;
        /// Discovery without authentication is acceptable.
        const DISCOVERY_AUTH_OPTIONAL = 0x0008;
        /// Strict login rules (ACB only).
        const STRICT_LOGIN_COMP = 0x0004;
        /// Error recovery level, two bits.
        const ERL = 0x0003;
    }

    /// `tcp_options` of a DDB.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct DdbTcpOptions: u16 {
        /// Timestamps are in use.
        const TIMESTAMP_STAT = 0x0040;
        /// Nagle is off.
        const NAGLE_DISABLE = 0x0020;
        /// Window scaling is off.
        const WSF_DISABLE = 0x0010;
        /// Timer scale, three bits.
        const TIMER_SCALE = 0x000E;
        /// Timestamps are asked for.
        const TIMESTAMP_EN = 0x0001;
    }

    /// `ip_options` of a DDB.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct DdbIpOptions: u16 {
        /// IP fragmentation is off.
        const FRAGMENT_DISABLE = 0x0010;
    }
}

impl dev_db_entry {
    /// [`DdbOptions`] of the entry; unknown bits are kept.
    #[must_use]
    pub fn option_flags(&self) -> DdbOptions {
        DdbOptions::from_bits_retain(self.options.get())
    }

    /// Stores [`DdbOptions`].
    pub fn set_option_flags(&mut self, flags: DdbOptions) {
        self.options = U16::new(flags.bits());
    }

    /// [`IscsiOptions`] of the entry; unknown bits are kept.
    #[must_use]
    pub fn iscsi_flags(&self) -> IscsiOptions {
        IscsiOptions::from_bits_retain(self.iscsi_options.get())
    }

    /// Stores [`IscsiOptions`].
    pub fn set_iscsi_flags(&mut self, flags: IscsiOptions) {
        self.iscsi_options = U16::new(flags.bits());
    }

    /// Stores [`DdbTcpOptions`].
    pub fn set_tcp_flags(&mut self, flags: DdbTcpOptions) {
        self.tcp_options = U16::new(flags.bits());
    }

    /// Whether the cookie marks an entry in use.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.cookie.get() == DDB_VALID_COOKIE
    }
}

#[cfg(test)]
mod tests {
    use zerocopy::{FromBytes, IntoBytes};

    use super::*;

    #[test]
    fn option_words_stand_where_the_firmware_looks() {
        let mut entry = dev_db_entry::default();
        entry.set_option_flags(DdbOptions::TARGET | DdbOptions::IPV6_DEVICE);
        entry.set_iscsi_flags(IscsiOptions::CHAP_AUTH | IscsiOptions::HEADER_DIGEST);
        entry.set_tcp_flags(DdbTcpOptions::NAGLE_DISABLE);
        entry.cookie.set(DDB_VALID_COOKIE);
        let bytes = entry.as_bytes();
        assert_eq!(bytes[0..2], [0x02, 0x01]);
        assert_eq!(bytes[8..12], [0x80, 0x20, 0x20, 0x00]);
        assert_eq!(bytes[508..510], [0x34, 0x90]);
        let back = dev_db_entry::read_from_bytes(bytes).unwrap();
        assert!(back.is_valid() && back.iscsi_flags().contains(IscsiOptions::CHAP_AUTH));
    }

    #[test]
    fn bits_without_a_name_survive() {
        let mut entry = dev_db_entry::default();
        entry.options.set(0xFFFF);
        let flags = entry.option_flags();
        entry.set_option_flags(flags);
        assert_eq!(entry.options.get(), 0xFFFF);
        assert_eq!(DdbState::from_raw(99).raw(), 99);
    }
}
