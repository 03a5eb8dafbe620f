//! Sessions and their connections.
//!
//! Source: sysfs `iscsi_session` and `iscsi_connection` attributes (`scsi_transport_iscsi.c`).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConnectionStanding;
use crate::ids::HostNo;
use crate::params::{IscsiParam, Params};
use crate::registry::Claim;

/// Who made a session, and so who brings it back after a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The driver, from a flash target.
    Flash,
    /// A user program (iscsid).
    User,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flash => "flash",
            Self::User => "user",
        })
    }
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionKind {
    /// SendTargets only.
    Discovery,
    /// SCSI.
    Normal,
    /// SCSI, holding the boot device.
    Boot,
}

impl fmt::Display for SessionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery",
            Self::Normal => "normal",
            Self::Boot => "boot",
        })
    }
}

/// One line of the session listing; only what a listing needs is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionBrief {
    /// Session id.
    pub sid: u32,
    /// The port.
    pub host: HostNo,
    /// Transport name.
    pub transport: String,
    /// Target name.
    pub target_name: String,
    /// Address of the target's portal.
    pub address: String,
    /// TCP port of the target's portal.
    pub port: u16,
    /// Target portal group tag.
    pub tpgt: Option<i32>,
    /// Who made it.
    pub owner: Owner,
    /// Whose it is: `boot` when it holds what the machine starts from, else who has claimed it, else who made it.
    pub held_by: String,
    /// Session state, as `LOGGED_IN`.
    pub state: Option<String>,
}

impl SessionBrief {
    /// The target's portal, as `10.0.0.1:3260`.
    #[must_use]
    pub fn portal(&self) -> String {
        crate::address::portal(&self.address, self.port)
    }
}

/// One session of the detailed listing: a line of the listing and where it goes, from where, as whom. What a session
/// negotiated is in [`Session`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionDetail {
    /// What the listing shows.
    #[serde(flatten)]
    pub brief: SessionBrief,
    /// Address of the target in use; differs from `address` after a redirect.
    pub current_address: Option<String>,
    /// TCP port of the target in use.
    pub current_port: Option<u16>,
    /// State of the connection as the kernel has it; drivers that log in by themselves leave it at `down`.
    pub connection_state: Option<String>,
    /// How the connection stands, derived from its state and the session's.
    pub connection_standing: Option<ConnectionStanding>,
    /// Initiator name, of the session or else of its port.
    pub initiator_name: Option<String>,
    /// Interface name given at login.
    pub iface: Option<String>,
    /// MAC address of the port.
    pub mac: Option<String>,
    /// Address of the port.
    pub port_address: Option<String>,
    /// Network device of the port, for drivers that have one.
    pub netdev: Option<String>,
}

/// A session in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Session {
    /// Session id.
    pub sid: u32,
    /// The port.
    pub host: HostNo,
    /// Transport name.
    pub transport: Option<String>,
    /// Who made it.
    pub owner: Owner,
    /// Whose it is: `boot` when it holds what the machine starts from, else who has claimed it, else who made it.
    pub held_by: String,
    /// Since when somebody has claimed it, RFC 3339 in UTC.
    pub held_since: Option<String>,
    /// What it is for.
    pub kind: SessionKind,
    /// Index of the flash target it was made from.
    pub flash_index: Option<u32>,
    /// Target name.
    pub target_name: String,
    /// Target alias.
    pub target_alias: Option<String>,
    /// Target portal group tag.
    pub tpgt: Option<i32>,
    /// Initiator name.
    pub initiator_name: Option<String>,
    /// Interface name given at login.
    pub iface: Option<String>,
    /// MAC address of the port.
    pub mac: Option<String>,
    /// Address of the port.
    pub port_address: Option<String>,
    /// Network device of the port, for drivers that have one.
    pub netdev: Option<String>,
    /// Initiator's part of the session id, hex.
    pub isid: Option<String>,
    /// Target's part of the session id.
    pub tsid: Option<u32>,
    /// Session state, as `LOGGED_IN`.
    pub state: Option<String>,
    /// State of the SCSI target, as `SCANNED`.
    pub target_state: Option<String>,
    /// SCSI target id.
    pub target_id: Option<u32>,
    /// Seconds the SCSI devices wait for the session to come back.
    pub recovery_timeout: Option<i64>,
    /// CHAP entry used to prove ourselves.
    pub chap_index: Option<u16>,
    /// CHAP user name we proved ourselves with.
    pub chap_username: Option<String>,
    /// CHAP user name the target proved itself with.
    pub chap_username_in: Option<String>,
    /// Negotiated and default parameters, by sysfs name; secrets left out.
    pub params: Params<IscsiParam>,
    /// Connections that the session may have: no Linux driver offers more than one.
    pub max_connections: u32,
    /// Bytes a second; no driver measures it.
    pub throughput: Option<u64>,
    /// Connections (one on every driver known).
    pub connections: Vec<Connection>,
    /// Logical units, as `H:C:T:L`.
    pub luns: Vec<String>,
}

impl Session {
    /// Whether the session is logged in.
    #[must_use]
    pub fn logged_in(&self) -> bool {
        self.state.as_deref() == Some("LOGGED_IN")
    }

    /// The SendTargets entry that found its target, if one did.
    #[must_use]
    pub fn discovery_parent(&self) -> Option<u32> {
        let link = self.params.value(IscsiParam::DiscoveryParentIdx)?;
        link.as_number().and_then(super::flash::linked)
    }
}

/// Somebody's word that a session is his.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SessionClaim {
    /// Session id.
    pub sid: u32,
    /// Whose it is.
    pub owner: String,
    /// Since when, RFC 3339 in UTC.
    pub since: Option<String>,
    /// Target name.
    pub target_name: Option<String>,
    /// Initiator's part of the session id, hex.
    pub isid: Option<String>,
}

impl From<&Claim> for SessionClaim {
    fn from(claim: &Claim) -> Self {
        Self {
            sid: claim.sid,
            owner: claim.owner.to_string(),
            since: claim.since.clone(),
            target_name: claim.target.clone(),
            isid: claim.isid.clone(),
        }
    }
}

/// A connection of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Connection {
    /// Connection id.
    pub cid: u32,
    /// State as the kernel has it, as `up`; drivers that log in by themselves leave it at `down`.
    pub state: Option<String>,
    /// How it stands, derived from its state and the session's.
    pub standing: Option<ConnectionStanding>,
    /// Current address of the target.
    pub address: Option<String>,
    /// Current TCP port of the target.
    pub port: Option<u16>,
    /// Configured address of the target (differs after a redirect).
    pub persistent_address: Option<String>,
    /// Configured TCP port of the target.
    pub persistent_port: Option<u16>,
    /// Our address.
    pub local_address: Option<String>,
    /// Our TCP port.
    pub local_port: Option<u16>,
    /// Whether the target has sent us elsewhere; `None` when it cannot be told.
    pub redirected: Option<bool>,
    /// Why it cannot be told.
    pub redirected_unknown: Option<String>,
    /// Header digest in use.
    pub header_digest: Option<String>,
    /// Data digest in use.
    pub data_digest: Option<String>,
    /// Longest data segment we take, in bytes.
    pub max_recv_dlength: Option<u32>,
    /// Longest data segment the target takes, in bytes.
    pub max_xmit_dlength: Option<u32>,
    /// Remaining parameters, by sysfs name.
    pub params: Params<IscsiParam>,
}
