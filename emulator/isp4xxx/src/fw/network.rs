//! What answers on the network that a port's cable leads to: a DHCP server, an IPv6 router.
//!
//! Owns only the facts. It must not know what the port makes of them. Sources: RFC 2131 (lease), RFC 4861 section 4.2 (router
//! advertisement), RFC 4862 section 5.5.3 (address from a prefix).

use std::net::{Ipv4Addr, Ipv6Addr};

/// What a DHCP server would give a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DhcpLease {
    /// Address.
    pub address: Ipv4Addr,
    /// Netmask.
    pub subnet: Ipv4Addr,
    /// Router.
    pub gateway: Ipv4Addr,
}

/// What an IPv6 router advertises: itself, and a prefix of 64 bits for addresses (autonomous flag set).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterAdvertisement {
    /// The router's link-local address.
    pub router: Ipv6Addr,
    /// The prefix; its lower 64 bits count for nothing.
    pub prefix: Ipv6Addr,
}

/// Who answers on a port's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Network {
    /// A DHCP server, and what it gives this port.
    pub lease: Option<DhcpLease>,
    /// An IPv6 router.
    pub router: Option<RouterAdvertisement>,
}
