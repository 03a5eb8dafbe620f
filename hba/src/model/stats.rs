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
