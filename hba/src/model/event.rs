//! Events of adapters, sessions and devices, typed.
//!
//! Source: netlink kevents 101–111 (`iscsi_if.h`) and kobject uevents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PingStatus;

/// An event with when and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// Time of arrival, milliseconds since 1970.
    pub time_ms: u64,
    /// The port, when the event tells.
    pub host: Option<u32>,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}

/// Why a login failed, by the kinds of the iSCSI management interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginFailureType {
    /// The target does not accept who we say we are (status 02/01, 02/02).
    LoginAuthFail,
    /// The target did not prove itself, or nothing to prove it with is common to both.
    LoginAuthenticateFail,
    /// The two do not agree on parameters.
    LoginNegotiateFail,
    /// Anything else: unreachable, not found, moved, out of resources.
    LoginOtherFail,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The port's link came up.
    LinkUp,
    /// The port's link went down.
    LinkDown,
    /// Another adapter event, by number.
    HostEvent {
        /// The event number.
        code: u32,
    },
    /// A connection failed.
    ConnectionError {
        /// Session id.
        sid: u32,
        /// Connection id.
        cid: u32,
        /// The kernel's error number for it.
        code: u32,
        /// Its meaning.
        reason: String,
    },
    /// A connection changed its login state.
    LoginState {
        /// Session id.
        sid: u32,
        /// Connection id.
        cid: u32,
        /// The state, as `logged_in`.
        state: String,
    },
    /// A session came to be.
    SessionCreated {
        /// Session id.
        sid: u32,
    },
    /// A session is gone.
    SessionDestroyed {
        /// Session id.
        sid: u32,
    },
    /// A session lost its SCSI target.
    SessionUnbound {
        /// Session id.
        sid: u32,
    },
    /// A ping ended.
    PingDone {
        /// Id the sender gave it.
        id: u32,
        /// How it ended.
        status: PingStatus,
    },
    /// An object appeared in sysfs.
    ObjectAdded {
        /// Subsystem, as `scsi_device` or `iscsi_flashnode`.
        subsystem: String,
        /// Kernel name of the object.
        name: String,
    },
    /// An object went away from sysfs.
    ObjectRemoved {
        /// Subsystem.
        subsystem: String,
        /// Kernel name of the object.
        name: String,
    },
    /// A target says that its list of logical units has changed.
    LunsChanged {
        /// Kernel name of the device that told.
        name: String,
        /// Its session.
        sid: Option<u32>,
    },
    /// A logical unit says that something of it has changed.
    UnitChanged {
        /// Kernel name of the device.
        name: String,
        /// Its session.
        sid: Option<u32>,
        /// What, as `capacity_data_has_changed`.
        what: String,
    },
    /// The kernel asks the network helper for the way to a target. Told only to who asked for it.
    PathRequested {
        /// The target's address.
        to: Option<String>,
        /// Our address, when the kernel tells it.
        from: Option<String>,
        /// VLAN ID, 0 for untagged frames.
        vlan: u16,
    },
    /// The kernel told the network helper that the port's network device goes down. Told only to who asked for it.
    InterfaceDown,
    /// Flash targets of a port were added or removed.
    TargetsChanged,
    /// A session was lost: its disks wait for it to come back. Seen by looking at its state.
    SessionFailed {
        /// Session id.
        sid: u32,
        /// Target name.
        target_name: String,
        /// The target's portal.
        portal: String,
    },
    /// A session that was lost is back. Seen by looking at its state.
    SessionRecovered {
        /// Session id.
        sid: u32,
        /// Target name.
        target_name: String,
        /// The target's portal.
        portal: String,
        /// How long it was away, in milliseconds, when its loss was seen.
        away_ms: Option<u64>,
    },
    /// A session was away longer than its recovery time: its disks answer with errors from now on. Seen by looking at its state.
    SessionExpired {
        /// Session id.
        sid: u32,
        /// Target name.
        target_name: String,
        /// The target's portal.
        portal: String,
    },
    /// Why a session does not come up, as its target told this host, which asked it in the adapter's name.
    LoginFailed {
        /// Session id.
        sid: u32,
        /// Target name.
        target_name: String,
        /// The target's portal.
        portal: String,
        /// What kind of failure.
        failure: LoginFailureType,
        /// The target's words, or ours about it.
        reason: String,
        /// Who found it out: `probe`, a login of this host's own.
        source: String,
    },
    /// Another change of an object.
    ObjectChanged {
        /// Subsystem.
        subsystem: String,
        /// Kernel name of the object.
        name: String,
    },
    /// An event this program does not know.
    Unknown {
        /// Its number.
        number: u32,
    },
    /// Events were lost because they were not read fast enough.
    Lost,
}

impl Event {
    /// The event's name, its tag in JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::LinkUp => "link_up",
            Self::LinkDown => "link_down",
            Self::HostEvent { .. } => "host_event",
            Self::ConnectionError { .. } => "connection_error",
            Self::LoginState { .. } => "login_state",
            Self::SessionCreated { .. } => "session_created",
            Self::SessionDestroyed { .. } => "session_destroyed",
            Self::SessionUnbound { .. } => "session_unbound",
            Self::PingDone { .. } => "ping_done",
            Self::ObjectAdded { .. } => "object_added",
            Self::ObjectRemoved { .. } => "object_removed",
            Self::LunsChanged { .. } => "luns_changed",
            Self::UnitChanged { .. } => "unit_changed",
            Self::PathRequested { .. } => "path_requested",
            Self::InterfaceDown => "interface_down",
            Self::TargetsChanged => "targets_changed",
            Self::SessionFailed { .. } => "session_failed",
            Self::SessionRecovered { .. } => "session_recovered",
            Self::SessionExpired { .. } => "session_expired",
            Self::LoginFailed { .. } => "login_failed",
            Self::ObjectChanged { .. } => "object_changed",
            Self::Unknown { .. } => "unknown",
            Self::Lost => "lost",
        }
    }

    /// Whether it tells of a sysfs object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(
            self,
            Self::ObjectAdded { .. } | Self::ObjectRemoved { .. } | Self::ObjectChanged { .. }
        )
    }
}
