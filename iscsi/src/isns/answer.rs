//! Targets out of the objects that a server lists.
//!
//! Owns which attribute belongs to which object, what of it can be used, and how much is kept. One node that makes no sense spoils
//! none of the others: it is left out with a reason. Must not know how the objects were asked for.
//!
//! Source: RFC 4171 section 5.6.5.2: a node, the portals through which it can be reached, the portal groups that tie both; a portal
//! group whose tag is missing says that the portal is not for this node. Servers differ: some list portal groups with their keys, some
//! a bare tag behind each portal or behind all of them, some none.

mod objects;

use std::net::SocketAddr;

pub use objects::Objects;

use super::attribute::BadValue;
use crate::{IscsiName, names::BadName};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Targets.
    pub targets: usize,
    /// Portals of a target.
    pub portals: usize,
    /// Things that were left out.
    pub left_out: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            targets: 4096,
            portals: 64,
            left_out: 256,
        }
    }
}

/// What a server has to tell of targets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The targets, in the order in which they were told.
    pub targets: Vec<Target>,
    /// What cannot be used.
    pub left_out: Vec<LeftOut>,
    /// What there is beyond the limits.
    pub more: More,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name, as it was given.
    pub name: IscsiName,
    /// What people call it.
    pub alias: Option<String>,
    /// Where it is reached.
    pub portals: Vec<Portal>,
}

/// A portal of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Portal {
    /// Where.
    pub at: SocketAddr,
    /// Portal group tag, where it was told.
    pub tag: Option<u16>,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The target, as far as its name can be read; it may be anybody's bytes.
    pub target: String,
    /// Why.
    pub why: Why,
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It has a name that is none.
    #[error("its name is none: {0}")]
    Name(BadName),
    /// It has a name that cannot be read.
    #[error("its name cannot be read: {0}")]
    Unreadable(BadValue),
    /// It has no portal that can be used.
    #[error("the server tells no address for it")]
    NoPortal,
    /// A portal cannot be read.
    #[error("a portal of it cannot be read: {0}")]
    Portal(BadValue),
    /// A portal has an address without a port, or the other way round.
    #[error("a portal of it is told by half")]
    HalfPortal,
    /// A portal wants UDP.
    #[error("its portal {0} is a UDP port")]
    Udp(SocketAddr),
}

/// Beyond the limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct More {
    /// Nodes that were not looked at.
    pub targets: usize,
    /// Portals that were not looked at.
    pub portals: usize,
    /// Reasons that were not kept.
    pub left_out: usize,
}

impl More {
    /// Whether everything was kept.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        self.targets == 0 && self.portals == 0 && self.left_out == 0
    }
}
