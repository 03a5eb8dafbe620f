//! What is sent, and how it comes of what the daemon knows.

use driver_sys::netlink::code::PingStatus;
use serde::{Deserialize, Serialize};
use zlink::introspect;

use crate::ask::PingAnswer;
use crate::daemon::{PortReport, Report};
use crate::port::{
    AddressStatus, Configured, InterfaceStatus, Ipv4Source, Ipv6Source, LeaseStatus, NeighbourStatus,
};

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::Type)]
pub struct Ports {
    /// Open ports, by host number.
    pub ports: Vec<Port>,
    /// Counters of the daemon.
    pub totals: Totals,
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::CustomType)]
pub struct Port {
    /// The host's number.
    pub host: u32,
    /// MAC address.
    pub mac: String,
    /// Largest payload of a frame in bytes.
    pub mtu: u16,
    /// Whether there is a link.
    pub link: bool,
    /// The ring.
    pub ring: String,
    /// Frames that the ring had no room for.
    pub ring_full: u64,
    /// Path requests that wait for an answer.
    pub pending: u64,
    /// Interfaces.
    pub interfaces: Vec<Interface>,
    /// Counters.
    pub counters: Counters,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::CustomType)]
pub struct Interface {
    /// VLAN ID, 0 for none.
    pub vlan: u16,
    /// VLAN priority.
    pub priority: u8,
    /// `off`, `static` or `dhcp`.
    pub ipv4: String,
    /// `off`, `static`, `dhcp` or `auto`.
    pub ipv6: String,
    /// `ready`, `acquiring` or `failed`.
    pub state: String,
    /// Addresses.
    pub addresses: Vec<Address>,
    /// Routers in use.
    pub routers: Vec<String>,
    /// Leases.
    pub leases: Vec<Lease>,
    /// Who was asked for on the link.
    pub neighbours: Vec<Neighbour>,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::CustomType)]
pub struct Address {
    /// The address.
    pub address: String,
    /// Length of its prefix.
    pub prefix: u8,
    /// Somebody else has it.
    pub duplicate: bool,
    /// Seconds that it may still be used; nothing: for ever.
    pub seconds: Option<u64>,
}

/// A lease. Times are seconds from now; nothing: never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::CustomType)]
pub struct Lease {
    /// `dhcpv4` or `dhcpv6`.
    pub kind: String,
    /// The address.
    pub address: String,
    /// The server: its address, or its identifier.
    pub server: String,
    /// To the renewal.
    pub renew: Option<u64>,
    /// To the rebinding.
    pub rebind: Option<u64>,
    /// To the end.
    pub expires: Option<u64>,
}

/// A neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::CustomType)]
pub struct Neighbour {
    /// Its address.
    pub address: String,
    /// Its MAC address; nothing: it is asked for, or does not answer.
    pub mac: Option<String>,
    /// Seconds since it was heard.
    pub age: u64,
}

/// Counters of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::CustomType)]
pub struct Counters {
    /// Frames in.
    pub received: u64,
    /// Frames out.
    pub sent: u64,
    /// Frames that were no use.
    pub dropped: u64,
    /// Path requests.
    pub requests: u64,
    /// Path requests answered with a path.
    pub resolved: u64,
    /// Path requests answered with none.
    pub failed: u64,
    /// Entries pushed out of a full table.
    pub evicted: u64,
}

/// Counters of the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::CustomType)]
pub struct Totals {
    /// Path requests.
    pub path_requests: u64,
    /// Messages of the kernel that made no sense.
    pub malformed: u64,
    /// How often messages of the kernel were lost.
    pub overruns: u64,
    /// Path requests for ports without a ring.
    pub no_ring: u64,
    /// Rings that vanished.
    pub vanished: u64,
    /// Answers that the kernel did not take.
    pub refused: u64,
}

/// How a ping ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, introspect::Type)]
pub struct Pong {
    /// Whether an answer came.
    pub answered: bool,
    /// The kernel's word for how it ended, such as `ISCSI_PING_TIMEOUT`.
    pub status: String,
    /// Microseconds from the echo to its answer.
    pub microseconds: u64,
}

impl From<Report> for Ports {
    fn from(report: Report) -> Self {
        let totals = report.totals;
        Self {
            ports: report.ports.into_iter().map(Port::from).collect(),
            totals: Totals {
                path_requests: totals.path_requests,
                malformed: totals.malformed,
                overruns: totals.overruns,
                no_ring: totals.no_ring,
                vanished: totals.vanished,
                refused: totals.refused,
            },
        }
    }
}

impl From<PortReport> for Port {
    fn from(report: PortReport) -> Self {
        let port = report.port;
        let counters = port.counters;
        Self {
            host: port.host,
            mac: mac(port.mac),
            mtu: port.mtu,
            link: port.link,
            ring: report.ring,
            ring_full: report.ring_full,
            pending: port.pending as u64,
            interfaces: port.interfaces.into_iter().map(Interface::from).collect(),
            counters: Counters {
                received: counters.received,
                sent: counters.sent,
                dropped: counters.dropped,
                requests: counters.requests,
                resolved: counters.resolved,
                failed: counters.failed,
                evicted: counters.evicted,
            },
        }
    }
}

impl From<InterfaceStatus> for Interface {
    fn from(interface: InterfaceStatus) -> Self {
        let config = interface.config;
        let ipv4 = match config.v4 {
            Ipv4Source::Off => "off",
            Ipv4Source::Static { .. } => "static",
            Ipv4Source::Dhcp => "dhcp",
        };
        let ipv6 = match config.v6 {
            Ipv6Source::Off => "off",
            Ipv6Source::Static { .. } => "static",
            Ipv6Source::Dhcp => "dhcp",
            Ipv6Source::Auto => "auto",
        };
        let state = match interface.state {
            Configured::Ready => "ready",
            Configured::Acquiring => "acquiring",
            Configured::Failed => "failed",
        };
        Self {
            vlan: config.vlan.map_or(0, |vlan| vlan.id),
            priority: config.vlan.map_or(0, |vlan| vlan.priority),
            ipv4: ipv4.into(),
            ipv6: ipv6.into(),
            state: state.into(),
            addresses: interface.addresses.into_iter().map(Address::from).collect(),
            routers: interface.routers.iter().map(ToString::to_string).collect(),
            leases: interface.leases.into_iter().map(Lease::from).collect(),
            neighbours: interface.neighbours.into_iter().map(Neighbour::from).collect(),
        }
    }
}

impl From<AddressStatus> for Address {
    fn from(address: AddressStatus) -> Self {
        Self {
            address: address.address.to_string(),
            prefix: address.prefix,
            duplicate: address.duplicate,
            seconds: address.valid.map(|valid| valid.as_secs()),
        }
    }
}

impl From<LeaseStatus> for Lease {
    fn from(lease: LeaseStatus) -> Self {
        let seconds =
            |time: std::time::Duration| (time != std::time::Duration::MAX).then_some(time.as_secs());
        match lease {
            LeaseStatus::V4 {
                address,
                server,
                renew,
                rebind,
                expires,
                ..
            } => Self {
                kind: "dhcpv4".into(),
                address: address.to_string(),
                server: server.to_string(),
                renew: seconds(renew),
                rebind: seconds(rebind),
                expires: seconds(expires),
            },
            LeaseStatus::V6 {
                address,
                server,
                renew,
                rebind,
                expires,
                ..
            } => Self {
                kind: "dhcpv6".into(),
                address: address.to_string(),
                server: server.iter().map(|byte| format!("{byte:02x}")).collect(),
                renew: seconds(renew),
                rebind: seconds(rebind),
                expires: seconds(expires),
            },
        }
    }
}

impl From<NeighbourStatus> for Neighbour {
    fn from(neighbour: NeighbourStatus) -> Self {
        Self {
            address: neighbour.address.to_string(),
            mac: neighbour.mac.map(mac),
            age: neighbour.age.as_secs(),
        }
    }
}

impl From<PingAnswer> for Pong {
    fn from(answer: PingAnswer) -> Self {
        Self {
            answered: answer.ping == PingStatus::Success,
            status: answer
                .ping
                .kernel_name()
                .unwrap_or("ISCSI_PING_UNKNOWN")
                .to_owned(),
            microseconds: u64::try_from(answer.took.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

fn mac(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
