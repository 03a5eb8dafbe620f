//! `/sys/class/iscsi_session/sessionS`: what a session shows.
//!
//! Owns: [`Session`], its states and levels of detail. Must not know: how sessions are listed ([`super::sessions`]), nor their parameters.
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_session_attrs`, `iscsi_session_state_names`).

use std::sync::Arc;

use crate::sysfs::Address;
use crate::sysfs::value::words;

use super::connection::{ConnectionState, Portals};

words! {
    /// A session's state in the transport class.
    pub enum SessionState, "a session state" {
        /// Full feature phase.
        LoggedIn = "LOGGED_IN",
        /// Lost; recovery goes on until the recovery timeout.
        Failed = "FAILED",
        /// Given up: commands fail.
        Free = "FREE",
    }
}

/// What sessions of one host have in common; read once a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFacts {
    /// Host number.
    pub host_no: u32,
    /// Transport, such as `qla4xxx` or `iscsi_tcp`.
    pub transport: String,
    /// MAC address.
    pub hwaddress: Option<String>,
    /// Address of the port.
    pub ipaddress: Option<Address>,
    /// Network device.
    pub netdev: Option<String>,
    /// Initiator name.
    pub initiatorname: Option<String>,
}

/// What an operator's detailed view of a session shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionDetail {
    /// Initiator name of the session itself.
    pub initiatorname: Option<String>,
    /// Iface record it was logged in through.
    pub ifacename: Option<String>,
    /// State of its connection.
    pub connection_state: Option<ConnectionState>,
}

/// How much of each session is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionFields {
    /// What a listing shows: target, portal group, persistent portal, state, creator, host.
    Brief,
    /// And the current portal, names and the connection's state.
    Detail,
}

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Session number.
    pub sid: u32,
    /// Its host.
    pub host: Arc<HostFacts>,
    /// Target name.
    pub target: String,
    /// Target portal group tag.
    pub tpgt: i32,
    /// State; `None` on kernels that show none.
    pub state: Option<SessionState>,
    /// Who made it: -1 the kernel (out of flash), else a process.
    pub creator: Option<i32>,
    /// Portals. At [`SessionFields::Brief`] the current one is the persistent one unless that is missing.
    pub portals: Option<Portals>,
    /// At [`SessionFields::Detail`].
    pub detail: Option<Box<SessionDetail>>,
}

impl Session {
    /// Whether the adapter's driver made it out of its flash table.
    pub fn is_flash(&self) -> bool {
        self.creator == Some(-1)
    }
}
