//! A session as somebody wants it.
//!
//! Owns what a login is made from each time it is made, secrets left out: those stay in the record that is named. Must not read one.

use std::time::Duration;

use iscsi::Isid;
use iscsi::address::TargetAddress;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::text;
use crate::ids::HostNo;
use crate::policy::retry::{Intent, Limits};

/// What becomes of the devices of a session that was away longer than the removal latency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnExpiry {
    /// They stay and answer with errors.
    #[default]
    Offline,
    /// They are taken out; a scan brings them back with the session.
    Delete,
}

/// What is done when a target says that its logical units changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Luns {
    /// It is told.
    #[default]
    Manual,
    /// New ones are taken in, and what vanished is taken out.
    Auto,
}

/// A session as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// What for.
    pub kind: Kind,
    /// How hard it is tried.
    pub intent: Intent,
    /// Target name; empty for a discovery session.
    pub target: String,
    /// Its portals, as they were given; none: those that the records have.
    #[serde(with = "text::all")]
    pub portals: Vec<TargetAddress>,
    /// Interface name.
    pub iface: String,
    /// Transport, as `tcp`.
    pub transport: String,
    /// The host that it goes through.
    pub host: Option<HostNo>,
    /// MAC address of its port.
    pub mac: Option<String>,
    /// Initiator name.
    pub initiator: String,
    /// Initiator's part of the session's id, where it is not the driver's to choose.
    #[serde(with = "text")]
    pub isid: Option<Isid>,
    /// The record that parameters and secrets are read from.
    pub record: Option<String>,
    /// Whether its transport can connect and wait with the login. Its portals are tried one after the other else.
    pub side_by_side: bool,
    /// `node.session.reopen_max`.
    pub reopen_max: u32,
    /// `node.session.initial_login_retry_max`.
    pub initial_login_retry_max: u32,
    /// Seconds for a login.
    pub login_timeout: u32,
    /// DefaultTime2Wait of the record, seconds.
    pub time2wait: u32,
    /// Seconds until its devices are given up; -1 is never, `None` what the daemon has.
    pub removal_latency: Option<i32>,
    /// What becomes of them then.
    pub on_expiry: OnExpiry,
    /// What is done about changed logical units.
    pub luns: Luns,
    /// Whether it is written down before it is logged in.
    pub persist: bool,
    /// Whether it may be one more session to its target on the same interface.
    pub multiple: bool,
}

impl Wanted {
    pub(super) fn limits(&self) -> Limits {
        Limits {
            reopen_max: self.reopen_max,
            initial_login_retry_max: self.initial_login_retry_max,
            login_timeout: self.within(),
        }
    }

    pub(super) fn within(&self) -> Duration {
        Duration::from_secs(self.login_timeout.max(1).into())
    }

    /// What counts as its adapter.
    pub(super) fn port(&self) -> &str {
        self.mac.as_deref().unwrap_or(&self.transport)
    }

    /// Whether both are paths over the same port to the same target under the same name.
    pub(super) fn same_path(&self, other: &Self) -> bool {
        use iscsi::names::key;
        key(&self.target) == key(&other.target)
            && key(&self.initiator) == key(&other.initiator)
            && self.port().eq_ignore_ascii_case(other.port())
            && self.iface == other.iface
            && self.kind == other.kind
            && (self.kind.is_kept() || self.portals == other.portals)
    }

    /// Whether a login of the one would end the other.
    pub(super) fn same_nexus(&self, other: &Self) -> bool {
        use iscsi::names::key;
        !self.target.is_empty()
            && key(&self.target) == key(&other.target)
            && key(&self.initiator) == key(&other.initiator)
            && self.isid.is_some()
            && self.isid == other.isid
    }
}
