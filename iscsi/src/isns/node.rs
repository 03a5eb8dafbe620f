//! Bits and fields of nodes and portals.
//!
//! Source: RFC 4171 sections 6.3.2, 6.4.2 and 6.4.4. The RFC counts bits from the most significant one.

use crate::address::ISCSI_PORT;

bitflags::bitflags! {
    /// What a node is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct NodeType: u32 {
        /// A target.
        const TARGET = 1;
        /// An initiator.
        const INITIATOR = 1 << 1;
        /// A management station.
        const CONTROL = 1 << 2;
        const _ = !0;
    }
}

bitflags::bitflags! {
    /// Which changes somebody wants to hear of, and what has changed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct ScnBitmap: u32 {
        /// A node became a member of a discovery domain.
        const MEMBER_ADDED = 1;
        /// A node is no member any longer.
        const MEMBER_REMOVED = 1 << 1;
        /// What is registered of a node has changed.
        const UPDATED = 1 << 2;
        /// A node was registered.
        const ADDED = 1 << 3;
        /// A node was taken out.
        const REMOVED = 1 << 4;
        /// Management notifications: everything, of everybody.
        const MANAGEMENT = 1 << 5;
        /// Of targets, and the node itself, only.
        const TARGETS_AND_SELF = 1 << 6;
        /// Of initiators, and the node itself, only.
        const INITIATORS_AND_SELF = 1 << 7;
        const _ = !0;
    }
}

impl ScnBitmap {
    /// What an initiator wants to know: every change of the targets that it may see.
    pub const OF_TARGETS: Self = Self::MEMBER_ADDED
        .union(Self::MEMBER_REMOVED)
        .union(Self::UPDATED)
        .union(Self::ADDED)
        .union(Self::REMOVED)
        .union(Self::TARGETS_AND_SELF);

    /// The changes among the bits.
    #[must_use]
    pub const fn changes(self) -> Self {
        self.intersection(
            Self::MEMBER_ADDED
                .union(Self::MEMBER_REMOVED)
                .union(Self::UPDATED)
                .union(Self::ADDED)
                .union(Self::REMOVED),
        )
    }
}

const UDP: u32 = 1 << 16;

/// A port field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortField {
    /// The number; 0 means the port that the protocol has.
    pub port: u16,
    /// UDP instead of TCP.
    pub udp: bool,
}

impl PortField {
    /// A TCP port.
    #[must_use]
    pub const fn tcp(port: u16) -> Self {
        Self { port, udp: false }
    }

    /// The port of an iSCSI portal.
    #[must_use]
    pub const fn of_iscsi(self) -> u16 {
        if self.port == 0 { ISCSI_PORT } else { self.port }
    }
}

impl From<u32> for PortField {
    /// Reserved bits are passed over.
    fn from(field: u32) -> Self {
        let [_, _, high, low] = field.to_be_bytes();
        Self {
            port: u16::from_be_bytes([high, low]),
            udp: field & UDP != 0,
        }
    }
}

impl From<PortField> for u32 {
    fn from(field: PortField) -> Self {
        Self::from(field.port) | if field.udp { UDP } else { 0 }
    }
}
