//! What a port shows of itself: to people, and to the process that takes over after a restart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{Configured, InterfaceConfig};

/// A port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortStatus {
    /// The host's number.
    pub host: u32,
    /// MAC address.
    pub mac: [u8; 6],
    /// Largest payload of a frame in bytes.
    pub mtu: u16,
    /// Whether the ring has a link.
    pub link: bool,
    /// Interfaces, by VLAN ID.
    pub interfaces: Vec<InterfaceStatus>,
    /// Path requests that wait for an answer.
    pub pending: usize,
    /// Counters.
    pub counters: Counters,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceStatus {
    /// What it was told.
    pub config: InterfaceConfig,
    /// How far it is.
    pub state: Configured,
    /// Addresses.
    pub addresses: Vec<AddressStatus>,
    /// Routers in use, one of each family at most.
    pub routers: Vec<IpAddr>,
    /// Leases.
    pub leases: Vec<LeaseStatus>,
    /// Who was asked for on the link.
    pub neighbours: Vec<NeighbourStatus>,
}

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressStatus {
    /// The address.
    pub address: IpAddr,
    /// Length of its prefix.
    pub prefix: u8,
    /// Somebody else has it; it is not used.
    pub duplicate: bool,
    /// How long it may still be used; `None`: for ever.
    pub valid: Option<Duration>,
}

/// A lease, as much of it as whoever resumes it needs. Durations count from the moment of the status; [`Duration::MAX`] is never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseStatus {
    /// DHCPv4.
    V4 {
        /// The address.
        address: Ipv4Addr,
        /// Length of its prefix.
        prefix: u8,
        /// The gateway.
        gateway: Option<Ipv4Addr>,
        /// Other routes: destination, length of its prefix, gateway (`None`: on the link).
        routes: Vec<(Ipv4Addr, u8, Option<Ipv4Addr>)>,
        /// The MTU that came with it.
        mtu: Option<u16>,
        /// The server.
        server: Ipv4Addr,
        /// To the renewal.
        renew: Duration,
        /// To the rebinding.
        rebind: Duration,
        /// To the end.
        expires: Duration,
    },
    /// DHCPv6.
    V6 {
        /// The address.
        address: Ipv6Addr,
        /// Identity association.
        iaid: u32,
        /// The server's identifier (DUID).
        server: Vec<u8>,
        /// To when new connections should use another address.
        preferred: Duration,
        /// To the renewal.
        renew: Duration,
        /// To the rebinding.
        rebind: Duration,
        /// To the end.
        expires: Duration,
    },
}

/// A neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeighbourStatus {
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address; `None`: it is being asked for, or does not answer.
    pub mac: Option<[u8; 6]>,
    /// Since it was heard last.
    pub age: Duration,
}

/// Counters of a port since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Frames in.
    pub received: u64,
    /// Frames out.
    pub sent: u64,
    /// Frames that were no use: damaged, for others, of unknown protocols or VLANs.
    pub dropped: u64,
    /// Path requests.
    pub requests: u64,
    /// Path requests that were answered with a path.
    pub resolved: u64,
    /// Path requests that were answered with none.
    pub failed: u64,
    /// Entries that were pushed out of a full table.
    pub evicted: u64,
}
