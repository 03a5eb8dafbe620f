//! A session and its connection as the transport class and the driver keep them.
//!
//! Owns the states and timers; must not talk to the card or the tree. Source: `scsi_transport_iscsi.h`
//! (`iscsi_cls_session`, `iscsi_cls_conn`), `ql4_def.h` (`struct ddb_entry`).

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::raw::dev_db_entry;

use crate::midlayer::{Device, ScanJob};

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
    /// Index of the host.
    pub(crate) host: usize,
    /// Where to; none for an address family the driver does not know.
    pub(crate) to: Option<SocketAddr>,
    /// The session whose connection is bound to it.
    pub(crate) sid: Option<u32>,
}

/// A session.
pub(crate) struct Session {
    /// Number, never used twice.
    pub(crate) sid: u32,
    /// Index of the host.
    pub(crate) host: usize,
    /// Made by the driver from flash (`FLASH_DDB`) rather than by user space.
    pub(crate) flash: bool,
    /// A boot target of the driver (`DF_BOOT_TGT`).
    pub(crate) boot: bool,
    /// Port id of the creator; -1 the kernel.
    pub(crate) creator: i32,
    /// SCSI target number.
    pub(crate) target_id: Option<u32>,
    /// Index in the firmware.
    pub(crate) ddb: Option<u16>,
    /// What a flash session gives the firmware at every login.
    pub(crate) asked: dev_db_entry,
    /// What is shown: as asked for, after the login as negotiated.
    pub(crate) entry: dev_db_entry,
    /// What the driver believes the firmware's state to be.
    pub(crate) ddb_state: DdbState,
    /// State.
    pub(crate) state: SessionState,
    /// Target state.
    pub(crate) target_state: TargetState,
    /// Seconds that commands wait after a loss; negative for ever.
    pub(crate) recovery_tmo: i32,
    /// Set by sysfs: SET_PARAM no longer changes it.
    pub(crate) recovery_override: bool,
    /// When recovery is given up.
    pub(crate) recover_until: Option<Instant>,
    /// When the driver tries again.
    pub(crate) retry_at: Option<Instant>,
    /// When the running try is given up.
    pub(crate) try_until: Option<Instant>,
    /// Logout is under way: no more tries.
    pub(crate) no_relogin: bool,
    /// Index of the SendTargets entry it comes from; 0xffff none.
    pub(crate) parent: u16,
    /// CHAP entry; 0xffff none.
    pub(crate) chap: u16,
    /// What user space set as text, by `ISCSI_PARAM_*`.
    pub(crate) set: BTreeMap<u32, String>,
    /// The connection.
    pub(crate) conn: Option<Conn>,
    /// Logical units by number.
    pub(crate) devices: BTreeMap<u64, Device>,
    /// A scan under way.
    pub(crate) scan: Option<ScanJob>,
    /// Another scan was asked for while one ran.
    pub(crate) scan_again: bool,
    /// Commands that wait while the session is blocked.
    pub(crate) waiting: VecDeque<crate::midlayer::Waiting>,
    /// Local address and port, once known.
    pub(crate) local_port: u16,
}

/// The driver never waits less than this for a login (`LOGIN_TOV`).
pub(crate) const LOGIN_TOV: u16 = 12;
/// Nor less than this for a relogin (`RELOGIN_TOV`).
pub(crate) const RELOGIN_TOV: u16 = 18;

impl Session {
    /// How long one login may take.
    pub(crate) fn login_timeout(&self) -> Duration {
        let t = self.asked.def_timeout.get();
        let t = if t > LOGIN_TOV && t < LOGIN_TOV * 10 {
            t
        } else {
            LOGIN_TOV
        };
        Duration::from_secs(u64::from(t.max(RELOGIN_TOV)))
    }

    /// How long to wait before the next try.
    pub(crate) fn retry_delay(&self) -> Duration {
        Duration::from_secs(u64::from(self.asked.iscsi_def_time2wait.get()) + 4)
    }

    /// The DDB that names its target: as it was asked for, whatever a redirect made of it.
    pub(crate) fn target(&self) -> &dev_db_entry {
        if self.flash { &self.asked } else { &self.entry }
    }

    /// Whether commands flow.
    pub(crate) fn online(&self) -> bool {
        self.state == SessionState::LoggedIn
    }

    /// Arms the relogin timer unless a try is armed or running.
    pub(crate) fn arm_relogin(&mut self, now: Instant) {
        if self.flash && !self.no_relogin && self.retry_at.is_none() {
            self.try_until = None;
            self.retry_at = Some(now + self.retry_delay());
        }
    }
}
