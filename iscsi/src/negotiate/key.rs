//! The keys' identities.
//!
//! Source: RFC 7143 sections 12 and 13.

use super::table::{KeySpec, TABLE};

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Every key that the RFC names. The order is that of the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Key { $($(#[$doc])* $name,)+ }

        impl Key {
            /// All keys.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

keys! {
    /// Authentication methods.
    AuthMethod,
    /// CHAP algorithms.
    ChapA,
    /// CHAP identifier.
    ChapI,
    /// CHAP challenge.
    ChapC,
    /// CHAP name.
    ChapN,
    /// CHAP response.
    ChapR,
    /// Header digest.
    HeaderDigest,
    /// Data digest.
    DataDigest,
    /// Connections per session.
    MaxConnections,
    /// Ask for targets.
    SendTargets,
    /// The target's name.
    TargetName,
    /// The initiator's name.
    InitiatorName,
    /// The target's alias.
    TargetAlias,
    /// The initiator's alias.
    InitiatorAlias,
    /// A portal of the target.
    TargetAddress,
    /// Portal group tag.
    TargetPortalGroupTag,
    /// Whether an R2T precedes all unsolicited data.
    InitialR2T,
    /// Whether data may come with the command.
    ImmediateData,
    /// Longest data segment that the declaring side takes.
    MaxRecvDataSegmentLength,
    /// Longest data sequence.
    MaxBurstLength,
    /// Longest unsolicited data.
    FirstBurstLength,
    /// Seconds to wait before a reconnection.
    DefaultTime2Wait,
    /// Seconds after which tasks are lost.
    DefaultTime2Retain,
    /// R2Ts outstanding per task.
    MaxOutstandingR2T,
    /// Data PDUs in order within a sequence.
    DataPDUInOrder,
    /// Data sequences in order.
    DataSequenceInOrder,
    /// Error recovery level.
    ErrorRecoveryLevel,
    /// Session type.
    SessionType,
    /// Protocol level.
    ProtocolLevel,
    /// Task reporting semantics.
    TaskReporting,
    /// The peer's architecture.
    NodeArchitecture,
    /// Markers from initiator to target (obsolete).
    OFMarker,
    /// Markers from target to initiator (obsolete).
    IFMarker,
    /// Marker interval (obsolete).
    OFMarkInt,
    /// Marker interval (obsolete).
    IFMarkInt,
}

impl Key {
    /// The table's row.
    #[must_use]
    pub fn spec(self) -> &'static KeySpec {
        // The table has a row for every key, in this order; a test proves it.
        TABLE.get(self as usize).unwrap_or(&TABLE[0])
    }

    /// The key's name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The key of that name; names are case-sensitive.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|spec| spec.name == name).map(|spec| spec.key)
    }

    pub(super) const fn bit(self) -> u64 {
        1 << self as u8
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct KeySet(u64);

impl KeySet {
    pub(super) const fn has(self, key: Key) -> bool {
        self.0 & key.bit() != 0
    }

    /// Adds; false if it was there.
    pub(super) const fn add(&mut self, key: Key) -> bool {
        let new = !self.has(key);
        self.0 |= key.bit();
        new
    }

    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn first(self) -> Option<Key> {
        Key::ALL.get(self.0.trailing_zeros() as usize).copied()
    }
}
