//! What a node record is found by: target, portal, interface; and the names of its files.
//!
//! Owns both layouts of the peer (a directory a portal with a file an interface, and the older single file), and that no name leads out of the
//! tree. Must not know what is in the files.

use iscsi::names::IscsiName;

/// The interface of records that name none.
pub const DEFAULT_IFACE: &str = "default";

/// A portal as a record has it: its address can be a name, its tag unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Portal {
    /// IPv4 or IPv6 address without brackets, or a host name.
    pub address: String,
    /// The TCP port.
    pub port: u16,
    /// The target portal group tag; `None` where the record has the peer's -1.
    pub tag: Option<u16>,
}

/// Which node record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The target.
    pub target: IscsiName,
    /// Its portal.
    pub portal: Portal,
    /// The interface's name.
    pub iface: String,
}
