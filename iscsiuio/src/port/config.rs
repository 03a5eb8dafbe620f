//! What a port is told of itself and of its interfaces.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::stack::Vlan;

/// A port's own facts.
#[derive(Clone)]
pub struct PortConfig {
    /// The host's number.
    pub host: u32,
    /// The iSCSI MAC address of the port.
    pub mac: [u8; 6],
    /// Largest payload of a frame in bytes, 1280 to 9000.
    pub mtu: u16,
    /// Unpredictable bytes: transaction IDs, identifiers and delays come from them.
    pub seed: [u8; 32],
}

/// One interface of a port: a VLAN, or none, and where its addresses come from. A port has at most one for each VLAN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// `None`: untagged frames.
    pub vlan: Option<Vlan>,
    /// MTU in bytes; `None`: the port's.
    pub mtu: Option<u16>,
    /// IPv4.
    pub v4: Ipv4Source,
    /// IPv6.
    pub v6: Ipv6Source,
    /// Where the link-local address comes from, when there is IPv6.
    pub link_local: LinkLocalSource,
    /// Where the IPv6 router comes from, when there is IPv6.
    pub router: RouterSource,
}

/// Where the IPv4 address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ipv4Source {
    /// No IPv4.
    #[default]
    Off,
    /// Given.
    Static {
        /// The address.
        address: Ipv4Addr,
        /// Length of its prefix, 1 to 32.
        prefix: u8,
        /// The gateway.
        gateway: Option<Ipv4Addr>,
    },
    /// DHCPv4.
    Dhcp,
}

/// Where the global IPv6 address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ipv6Source {
    /// No IPv6.
    #[default]
    Off,
    /// Given.
    Static {
        /// The address.
        address: Ipv6Addr,
        /// Length of its prefix, 1 to 128.
        prefix: u8,
    },
    /// DHCPv6.
    Dhcp,
    /// Router advertisements, and DHCPv6 if they say so.
    Auto,
}

/// Where the link-local address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkLocalSource {
    /// From the MAC address (EUI-64).
    #[default]
    Auto,
    /// Given.
    Static(Ipv6Addr),
}

/// Where the IPv6 router comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouterSource {
    /// Router advertisements.
    #[default]
    Auto,
    /// Given.
    Static(Ipv6Addr),
}
