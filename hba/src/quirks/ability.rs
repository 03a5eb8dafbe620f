//! What can be managed, one by one, and how a driver stands to it.
//!
//! Owns the names. Must not know which driver can do what: see [`super::driver`].

use crate::message::{Message, Part};

/// Something that can be managed through some drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ability {
    /// Flash targets.
    Flash,
    /// CHAP table.
    ChapTable,
    /// Interface parameters.
    Iface,
    /// Ping by the adapter.
    Ping,
    /// Host statistics.
    HostStats,
    /// Boot targets in adapter memory.
    Boot,
    /// The initiator's name in adapter memory.
    InitiatorName,
    /// Memories and self tests, by requests to the firmware.
    Memory,
    /// A reset on demand.
    Reset,
    /// IPsec.
    Ipsec,
    /// iSNS by the adapter.
    Isns,
    /// SLP by the adapter.
    Slp,
    /// RADIUS for CHAP.
    Radius,
    /// Several connections in a session.
    MultiConnection,
}

impl Ability {
    /// All of them, in the order in which they are shown.
    pub const ALL: &'static [Self] = &[
        Self::Flash,
        Self::ChapTable,
        Self::Iface,
        Self::Ping,
        Self::HostStats,
        Self::Boot,
        Self::InitiatorName,
        Self::Memory,
        Self::Reset,
        Self::Ipsec,
        Self::Isns,
        Self::Slp,
        Self::Radius,
        Self::MultiConnection,
    ];

    /// Its name for programs: the field of [`crate::model::Features`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flash => "flash",
            Self::ChapTable => "chap_table",
            Self::Iface => "iface",
            Self::Ping => "ping",
            Self::HostStats => "host_stats",
            Self::Boot => "boot",
            Self::InitiatorName => "initiator_name",
            Self::Memory => "memory",
            Self::Reset => "reset",
            Self::Ipsec => "ipsec",
            Self::Isns => "isns",
            Self::Slp => "slp",
            Self::Radius => "radius",
            Self::MultiConnection => "multi_connection",
        }
    }
}

/// Why something cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Why {
    /// The reason.
    pub reason: &'static str,
    /// What to do instead; empty when nothing comes near.
    pub instead: &'static [Part],
}

impl Why {
    /// What to do instead, if anything comes near.
    #[must_use]
    pub fn hint(&self) -> Option<Message> {
        (!self.instead.is_empty()).then(|| Message::of(self.instead))
    }
}

/// How a driver stands to an ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Can {
    /// The driver does it.
    Driver,
    /// The network helper does it in the driver's place.
    Helper,
    /// Neither.
    Not(Why),
}

impl Can {
    /// Why it cannot be had; `None` when it can.
    #[must_use]
    pub const fn why_not(self) -> Option<Why> {
        match self {
            Self::Driver | Self::Helper => None,
            Self::Not(why) => Some(why),
        }
    }
}
