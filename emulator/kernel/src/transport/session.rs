//! A session, its connection and an endpoint as the class keeps them; what a driver knows of a session is the driver's.
//!
//! Source: `scsi_transport_iscsi.h` (`iscsi_cls_session`, `iscsi_cls_conn`, `iscsi_endpoint`).

use std::net::SocketAddr;
use std::time::Instant;

/// State of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionState {
    /// Commands flow.
    LoggedIn,
    /// Connection lost; commands wait.
    Failed,
    /// Never logged in, or recovery took too long; commands fail.
    Free,
}

impl SessionState {
    /// As the `state` attribute reads.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::LoggedIn => "LOGGED_IN",
            Self::Failed => "FAILED",
            Self::Free => "FREE",
        }
    }
}

/// Where the session's SCSI target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetState {
    /// Gone.
    Unbound,
    /// Has a number.
    Allocated,
    /// Scanned.
    Scanned,
}

impl TargetState {
    /// As the `target_state` attribute reads.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unbound => "UNBOUND",
            Self::Allocated => "ALLOCATED",
            Self::Scanned => "SCANNED",
        }
    }
}

/// State of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnState {
    /// Working.
    Up,
    /// Not started, or stopped for good.
    Down,
    /// Lost or stopped for recovery.
    Failed,
    /// Bound to an endpoint.
    Bound,
}

impl ConnState {
    /// As the `state` attribute reads.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Failed => "failed",
            Self::Bound => "bound",
        }
    }
}

/// A connection.
#[derive(Debug, Clone)]
pub(crate) struct Conn {
    /// Number within the session.
    pub(crate) cid: u32,
    /// State.
    pub(crate) state: ConnState,
    /// Endpoint it is bound to.
    pub(crate) ep: Option<u64>,
    /// The kernel cleans up after an error; only a stop ends that.
    pub(crate) cleanup: bool,
}

/// An endpoint object.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// Number of the host.
    pub(crate) host: u32,
    /// Where to; none for an address family the driver does not know.
    pub(crate) to: Option<SocketAddr>,
    /// The session whose connection is bound to it.
    pub(crate) sid: Option<u32>,
}

/// A session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Number, never used twice.
    pub(crate) sid: u32,
    /// Number of the host.
    pub(crate) host: u32,
    /// The transport it belongs to.
    pub(super) handle: u64,
    /// Path of `sessionN`.
    pub(super) path: String,
    /// Port id of the creator; -1 the kernel.
    pub(super) creator: i32,
    /// State.
    pub(super) state: SessionState,
    /// Target state.
    pub(super) target_state: TargetState,
    /// Seconds that commands wait after a loss; negative for ever.
    pub(super) recovery_tmo: i32,
    /// Set by sysfs: SET_PARAM no longer changes it.
    pub(super) recovery_override: bool,
    /// When recovery is given up.
    pub(super) recover_until: Option<Instant>,
    /// The connection.
    pub(super) conn: Option<Conn>,
}

impl Session {
    /// Whether commands flow.
    pub(crate) fn online(&self) -> bool {
        self.state == SessionState::LoggedIn
    }

    /// Whether its connection has this number.
    pub(super) fn has_conn(&self, cid: u32) -> bool {
        self.conn.as_ref().is_some_and(|c| c.cid == cid)
    }
}
