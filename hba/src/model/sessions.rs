//! What belongs to sessions beside themselves: what can be set of them, their paths, what they are mapped to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::HostNo;

/// What can be set of a session while it is up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionSettings {
    /// Session id.
    pub sid: u32,
    /// Seconds that disks wait for the session to come back, `off` for ever.
    pub recovery_tmo: Option<String>,
    /// What can be set of its units.
    pub units: Vec<UnitSettings>,
}

/// What can be set of a logical unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitSettings {
    /// Address `HOST:CHANNEL:TARGET:LUN`.
    pub address: String,
    /// Commands that it takes at once.
    pub queue_depth: Option<String>,
    /// Seconds that a command may take.
    pub timeout: Option<String>,
    /// Seconds that a step of error handling may take.
    pub eh_timeout: Option<String>,
}

/// The paths of a session, its connections: on Linux one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionPaths {
    /// Session id.
    pub sid: u32,
    /// How load is spread over them: `single_path`, since there is one.
    pub policy: String,
    /// Why it is no other, and what spreads load instead.
    pub policy_reason: String,
    /// The paths.
    pub paths: Vec<Path>,
}

/// A connection as a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// Connection id.
    pub cid: u32,
    /// The target's portal.
    pub portal: Option<String>,
    /// Whether it is the one that is used.
    pub primary: bool,
    /// Its weight; there is none with one path.
    pub weight: Option<u32>,
    /// How it stands.
    pub status: LinkStatus,
    /// Speed of the port's link, as the adapter tells it.
    pub link_speed: Option<String>,
    /// Whether the adapter carries TCP itself.
    pub tcp_offload: bool,
}

/// How a path stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkStatus {
    /// In use.
    Connected,
    /// Not there.
    Disconnected,
    /// Being made anew.
    Reconnecting,
}

/// Where the operating system has a target's logical unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mapping {
    /// Session id.
    pub sid: u32,
    /// Target name.
    pub target_name: String,
    /// The port.
    pub host: HostNo,
    /// Bus (channel); `None` for a session that has no SCSI target.
    pub bus: Option<u32>,
    /// SCSI target id.
    pub target_id: Option<u32>,
    /// Logical unit number; `None` for a session without units.
    pub lun: Option<u64>,
    /// Block device, as `sda`.
    pub block_device: Option<String>,
    /// SCSI generic device, as `sg0`.
    pub sg_device: Option<String>,
}
