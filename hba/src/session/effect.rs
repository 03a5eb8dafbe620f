//! What is to be done, in the order in which it comes.
//!
//! An effect is done, durably where it writes, before the next one is begun; what takes time (a try, a logout, a scan) is only started.

use std::time::Duration;

use iscsi::Isid;
use iscsi::address::TargetAddress;

use super::flow::AttemptId;
use super::id::SessionId;
use super::kind::Kind;
use super::remembered::Remembered;
use super::told::Told;
use super::wanted::Wanted;
use crate::ids::HostNo;
use crate::registry::OwnerName;

/// A try to be begun: what the flow's attempt is made from, with the record's parameters and secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// Which.
    pub attempt: AttemptId,
    /// Whose.
    pub id: SessionId,
    /// What for.
    pub kind: Kind,
    /// Target name; empty for a discovery session.
    pub target: String,
    /// Where.
    pub portal: TargetAddress,
    /// Through which host.
    pub host: Option<HostNo>,
    /// Transport.
    pub transport: String,
    /// Interface name.
    pub iface: String,
    /// Initiator name.
    pub initiator: String,
    /// Initiator's part of the session's id.
    pub isid: Option<Isid>,
    /// The record of its parameters and secrets.
    pub record: Option<String>,
    /// The kernel's session to log in again. A try that fails leaves it.
    pub rebind: Option<u32>,
    /// Whether it connects, says so, and logs in when it is told to proceed. Two logins with one ISID end each other (RFC 7143 section 6.3.5): of
    /// portals that are tried side by side one at a time is logged in to.
    pub hold: bool,
    /// Time for all of it.
    pub within: Duration,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write it down. Answered with [`super::Input::Persisted`].
    Persist(SessionId, Box<Wanted>),
    /// Put its target on the list of exclusions. Answered with [`super::Input::Excluded`].
    Exclude(SessionId, String),
    /// Look its portals up. Answered with [`super::Input::PortalsResolved`].
    Resolve(SessionId),
    /// Begin a try.
    Begin(Box<Try>),
    /// Log in over the transport that stands.
    Proceed(AttemptId),
    /// Stop a try and take away what it made; answered with [`super::flow::FlowEvent::Ended`]. One that has told `Up` is left as it is: it was too
    /// late, and what is to become of its session is said otherwise.
    Abort(AttemptId),
    /// Log a session out and take it away. Answered with [`super::Input::Ended`].
    End {
        /// Whose.
        id: SessionId,
        /// The kernel's session.
        sid: u32,
    },
    /// Log the connection out, as the target asked, and leave the kernel's session. The loss that follows is told.
    Leave {
        /// Whose.
        id: SessionId,
        /// The kernel's session.
        sid: u32,
        /// At the latest after so long.
        within: Duration,
    },
    /// Set how long the kernel holds commands of a lost session; -1 is for ever.
    SetRecoveryTimeout {
        /// The kernel's session.
        sid: u32,
        /// Seconds.
        secs: i32,
    },
    /// Look for logical units. Answered with [`super::Input::Units`].
    Scan {
        /// The kernel's session.
        sid: u32,
        /// Whether what vanished is taken out.
        remove: bool,
    },
    /// Take its devices out.
    RemoveDevices {
        /// The kernel's session.
        sid: u32,
    },
    /// Take one device out of use: another unit has its number now.
    HoldUnit {
        /// The kernel's session.
        sid: u32,
        /// Its number.
        lun: u64,
    },
    /// Keep this for a restart.
    Remember(Box<Remembered>),
    /// Keep it no more.
    Forget(SessionId),
    /// Note in the registry whose it is.
    Own {
        /// The kernel's session.
        sid: u32,
        /// Whose.
        owner: OwnerName,
    },
    /// Take the note away.
    Disown {
        /// The kernel's session.
        sid: u32,
    },
    /// Look at what there is. Answered with [`super::Input::Adopted`].
    Resync,
    /// Tell who listens.
    Tell(Told),
}
