//! Statistics: counters by name.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::HostNo;

/// Counters by name, as the kernel names them.
pub type Counters = BTreeMap<String, u64>;

/// A counter whose name the driver chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomCounter {
    /// Name.
    pub name: String,
    /// Value.
    pub value: u64,
}

/// Statistics of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostStats {
    /// The port.
    pub host: HostNo,
    /// Groups `mac`, `ipv4`, `ipv6`, `tcp`, `ecc`, `iscsi`, each counters by name.
    pub groups: BTreeMap<String, Counters>,
    /// Counters of the driver's own.
    pub custom: Vec<CustomCounter>,
}

/// Statistics of a session or connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionStats {
    /// Session id.
    pub sid: u32,
    /// Connection id; `None` for the sum over the session.
    pub cid: Option<u32>,
    /// Target name.
    pub target_name: Option<String>,
    /// Counters by name.
    pub counters: Counters,
    /// Counters of the driver's own.
    pub custom: Vec<CustomCounter>,
}

/// Errors of a port and its sessions, summed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdapterStats {
    /// The port.
    pub host: HostNo,
    /// Sessions that were asked.
    pub sessions: u64,
    /// Sessions that could not be asked.
    pub unasked: Vec<u32>,
    /// Digests that were wrong: of the port's own count where it has one, else the sum over its sessions.
    pub digest_errors: u64,
    /// Requests that were not answered in time, the sum over the sessions.
    pub timeout_errors: u64,
    /// PDUs that broke the protocol, as the port counts them; `None` where it does not.
    pub format_errors: Option<u64>,
    /// Sessions that failed. No driver counts them; a watch over sessions does while it runs.
    pub session_failures: Option<u64>,
    /// Counters of all its sessions, summed by name.
    pub counters: Counters,
}

/// How long requests of a session took, as the block layer counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestTimes {
    /// Session id.
    pub sid: u32,
    /// Over how many milliseconds; `None` for since each disk came.
    pub over_ms: Option<u64>,
    /// Requests of all units.
    pub requests: u64,
    /// Average time of a request in microseconds; `None` without requests.
    pub average_us: Option<u64>,
    /// The longest; nobody keeps it.
    pub longest_us: Option<u64>,
    /// Why there is no longest.
    pub longest_unknown: String,
    /// By unit.
    pub units: Vec<UnitRequests>,
}

/// Requests of a logical unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitRequests {
    /// Address `HOST:CHANNEL:TARGET:LUN`.
    pub address: String,
    /// Block device.
    pub block_device: String,
    /// Requests that have ended, of every kind.
    pub requests: u64,
    /// Milliseconds that they took together.
    pub busy_ms: u64,
    /// Average time of a request in microseconds; `None` without requests.
    pub average_us: Option<u64>,
    /// Requests that are under way.
    pub in_flight: u64,
}
