//! What happened.

use std::time::Duration;

use iscsi::Isid;
use iscsi::address::TargetAddress;

use super::config::Config;
use super::flow::{AttemptId, FlowEvent};
use super::id::SessionId;
use super::kind::Kind;
use super::remembered::Remembered;
use super::told::Ticket;
use super::wanted::Wanted;
use crate::ids::HostNo;
use crate::policy::retry::Keeper;
use crate::registry::OwnerName;

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// Somebody wants a session.
    Want(Ticket, Box<Wanted>),
    /// Somebody wants it no more.
    Unwant {
        /// Who.
        ticket: Ticket,
        /// Which.
        id: SessionId,
        /// Whether its target is put on the list of exclusions first.
        exclude: bool,
    },
    /// Everything that may be ended along with others is wanted no more. Who asks is told of each.
    UnwantAll(Ticket),
    /// The transport of a held try stands.
    Connected(AttemptId),
    /// A try, or the session that came of it, tells.
    Flow(AttemptId, FlowEvent),
    /// The kernel tells.
    Kernel(Kernel),
    /// What there is.
    Adopted(Box<Shown>),
    /// Other settings.
    Reload(Config),
    /// It is written down, or why not.
    Persisted(SessionId, Result<(), String>),
    /// It is excluded, or why not.
    Excluded(SessionId, Result<(), String>),
    /// What was to be remembered could not be.
    NotRemembered(SessionId, String),
    /// Its portals.
    PortalsResolved(SessionId, Vec<TargetAddress>),
    /// A logout ended: the session is gone, or why it is not.
    Ended(SessionId, u32, Result<(), String>),
    /// The logical units of a session, by number, each with its designator (VPD 83).
    Units(u32, Vec<(u64, String)>),
}

/// What the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kernel {
    /// A session is gone.
    Destroyed(u32),
    /// A connection failed.
    ConnError(u32, String),
    /// A session that another one keeps is in.
    LoggedIn(u32),
    /// The target announced a logout.
    LogoutRequested(u32, Duration),
    /// The target's list of logical units changed (sense 06/3F/0E).
    LunsChanged(u32),
    /// A port's link.
    Link(HostNo, bool),
    /// Events were lost.
    EventsLost,
}

/// Everything that there is.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The kernel's sessions.
    pub sessions: Vec<Found>,
    /// What was kept. Looked at once, at the start.
    pub remembered: Vec<Remembered>,
}

/// A session as the kernel shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub sid: u32,
    /// What for.
    pub kind: Kind,
    /// Its port.
    pub host: HostNo,
    /// MAC address of its port.
    pub mac: Option<String>,
    /// Transport.
    pub transport: String,
    /// Interface name.
    pub iface: String,
    /// Target name.
    pub target: String,
    /// The portal that is kept (`persistent_address`).
    pub portal: TargetAddress,
    /// Initiator name.
    pub initiator: String,
    /// Initiator's part of its id, where it is shown.
    pub isid: Option<Isid>,
    /// Whether it is logged in.
    pub up: bool,
    /// Who brings it back.
    pub keeper: Keeper,
    /// Whose it is.
    pub owner: OwnerName,
    /// Its record, where there is one.
    pub record: Option<String>,
}
