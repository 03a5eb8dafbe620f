//! The network helper of adapters that log in from user space: whether it is there, its ports, what it counts.
//!
//! Source: the helper's varlink interface `io.hbactl.iscsiuio`, whose fields these are.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the helper is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelperPresence {
    /// It answers.
    Running,
    /// Somebody listens where session daemons ask, and does not tell anything else: the stock iscsiuio, or systemd in its place.
    Foreign,
    /// Nobody listens.
    NotRunning,
    /// It does not let us ask.
    NotPermitted,
}

impl fmt::Display for HelperPresence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Foreign => "another one, or one that is yet to start",
            Self::NotRunning => "not running",
            Self::NotPermitted => "not to be asked by this user",
        })
    }
}

/// What the helper tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Helper {
    /// Whether it is there.
    pub presence: HelperPresence,
    /// Its ports, by host number. It opens a port when the first session, ping or daemon asks for it.
    pub ports: Vec<HelperPort>,
    /// Its counters; `None` when it cannot be asked.
    pub totals: Option<HelperTotals>,
}

impl Helper {
    /// One that tells nothing.
    #[must_use]
    pub const fn silent(presence: HelperPresence) -> Self {
        Self {
            presence,
            ports: Vec::new(),
            totals: None,
        }
    }

    /// A port of it.
    #[must_use]
    pub fn port(&self, host: u32) -> Option<&HelperPort> {
        self.ports.iter().find(|port| port.host == host)
    }
}

/// A port, as its helper has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelperPort {
    /// SCSI host number.
    pub host: u32,
    /// MAC address that iSCSI uses.
    pub mac: String,
    /// Largest payload of a frame in bytes.
    pub mtu: u16,
    /// Whether its ring has a link.
    pub link: bool,
    /// The ring that frames pass by.
    pub ring: String,
    /// Frames that the ring had no room for.
    pub ring_full: u64,
    /// Path requests that wait for an answer.
    pub pending: u64,
    /// Interfaces, by VLAN.
    pub interfaces: Vec<HelperInterface>,
    /// Counters.
    pub counters: HelperCounters,
}

/// One interface of a port: a VLAN, with the addresses of both families.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelperInterface {
    /// VLAN ID, 0 for untagged frames.
    pub vlan: u16,
    /// VLAN priority.
    pub priority: u8,
    /// Where the IPv4 address comes from: `off`, `static` or `dhcp`.
    pub ipv4: String,
    /// Where the IPv6 address comes from: `off`, `static`, `dhcp` or `auto`.
    pub ipv6: String,
    /// How far it is: `ready`, `acquiring` or `failed`.
    pub state: String,
    /// Addresses.
    pub addresses: Vec<HelperAddress>,
    /// Routers in use.
    pub routers: Vec<String>,
    /// Leases.
    pub leases: Vec<HelperLease>,
    /// Who was asked for on the link.
    pub neighbours: Vec<HelperNeighbour>,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelperAddress {
    /// The address.
    pub address: String,
    /// Length of its prefix.
    pub prefix: u8,
    /// Somebody else has it; it is not used.
    pub duplicate: bool,
    /// Seconds that it may still be used; `None`: for ever.
    pub seconds: Option<u64>,
}

/// A lease of an address. Times are in seconds from now; `None`: never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelperLease {
    /// `dhcpv4` or `dhcpv6`.
    pub kind: String,
    /// The address.
    pub address: String,
    /// The server: its address, or its identifier in hexadecimal.
    pub server: String,
    /// To the renewal.
    pub renew: Option<u64>,
    /// To the rebinding.
    pub rebind: Option<u64>,
    /// To the end.
    pub expires: Option<u64>,
}

/// A neighbour on the link of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelperNeighbour {
    /// Its address.
    pub address: String,
    /// Its MAC address; `None`: it is being asked for, or does not answer.
    pub mac: Option<String>,
    /// Seconds since it was heard.
    pub age: u64,
}

/// Counters of a port since its helper opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelperCounters {
    /// Frames in.
    pub received: u64,
    /// Frames out.
    pub sent: u64,
    /// Frames that were no use: damaged, for others, of unknown protocols or VLANs.
    pub dropped: u64,
    /// Path requests of the kernel.
    pub requests: u64,
    /// Path requests that were answered with a path.
    pub resolved: u64,
    /// Path requests that were answered with none.
    pub failed: u64,
    /// Entries that were pushed out of a full table.
    pub evicted: u64,
}

/// Counters of the helper since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelperTotals {
    /// Path requests of the kernel.
    pub path_requests: u64,
    /// Messages of the kernel that made no sense.
    pub malformed: u64,
    /// How often messages of the kernel were lost because they were not read in time.
    pub overruns: u64,
    /// Path requests for ports whose ring cannot be reached.
    pub no_ring: u64,
    /// Rings that vanished while they were used.
    pub vanished: u64,
    /// Answers that the kernel did not take.
    pub refused: u64,
}
