//! What a key stands in.

use std::fmt;

/// A kind of record, or the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// A record of a target behind a portal: `nodes/…`.
    Node,
    /// A record of an interface: `ifaces/…`.
    Iface,
    /// A record of a portal that SendTargets asks: `send_targets/…`.
    SendTargets,
    /// A record of an iSNS server: `isns/…`.
    Isns,
    /// What the firmware says of a boot target.
    Firmware,
    /// `iscsid.conf`: what a new record begins with, or what the daemon does.
    Conf,
}

impl Object {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Node,
        Self::Iface,
        Self::SendTargets,
        Self::Isns,
        Self::Firmware,
        Self::Conf,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node => "node",
            Self::Iface => "iface",
            Self::SendTargets => "sendtargets",
            Self::Isns => "isns",
            Self::Firmware => "firmware",
            Self::Conf => "iscsid.conf",
        })
    }
}

/// A set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objects(u8);

impl Objects {
    /// These.
    #[must_use]
    pub const fn of(objects: &[Object]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < objects.len() {
            bits |= objects[at].bit();
            at += 1;
        }
        Self(bits)
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, object: Object) -> bool {
        self.0 & object.bit() != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Object> {
        Object::ALL.into_iter().filter(move |object| self.has(*object))
    }
}
