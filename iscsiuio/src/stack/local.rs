//! Addresses of the interface, and where packets go from them.
//!
//! Source: RFC 1122 section 3.3.1 (next hop), RFC 6724 (source of an IPv6 packet, as far as one interface needs it).

use std::net::{IpAddr, Ipv4Addr};

use crate::net::{common, host, host6, within};

/// Addresses that an interface may have.
pub(super) const ADDRESSES: usize = 16;
/// Routes that an interface may have.
pub(super) const ROUTES: usize = 32;

/// An address of the interface. What is on the link is said by [`Route`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: IpAddr,
    /// Length of its prefix: with IPv4 the broadcast address follows from it.
    pub prefix: u8,
    /// Whether new connections should use it.
    pub preferred: bool,
}

/// Where packets for a prefix go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The prefix.
    pub destination: IpAddr,
    /// Its length; 0: everything.
    pub prefix: u8,
    /// Through whom; `None`: on the link.
    pub gateway: Option<IpAddr>,
}

/// The way to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Whom to hand packets to.
    pub next_hop: IpAddr,
    /// Our address for them.
    pub source: IpAddr,
    /// Whether there is a router between.
    pub routed: bool,
}

/// Why there is no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// There is no address of this family.
    #[error("there is no address of this family")]
    Address,
    /// No route leads there.
    #[error("no route leads there")]
    Route,
    /// One cannot connect to such an address.
    #[error("not an address of one machine")]
    Destination,
}

/// The addresses and routes.
#[derive(Debug, Default)]
pub(super) struct Local {
    addresses: Vec<Address>,
    routes: Vec<Route>,
}

impl Local {
    pub(super) fn set(&mut self, addresses: &[Address], routes: &[Route]) {
        self.addresses = addresses.iter().take(ADDRESSES).copied().collect();
        self.routes = routes.iter().take(ROUTES).copied().collect();
        // The longest prefix first.
        self.routes.sort_by_key(|r| std::cmp::Reverse(r.prefix));
    }

    pub(super) fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    pub(super) fn has(&self, address: impl Into<IpAddr>) -> bool {
        let address = address.into();
        self.addresses.iter().any(|a| a.address == address)
    }

    /// Whether an IPv4 address means everybody here.
    pub(super) fn is_broadcast(&self, address: Ipv4Addr) -> bool {
        address.is_broadcast()
            || self.addresses.iter().any(|a| match a.address {
                IpAddr::V4(own) if a.prefix < 31 => {
                    u32::from(address) == u32::from(own) | u32::MAX.checked_shr(a.prefix.into()).unwrap_or(0)
                }
                _ => false,
            })
    }

    /// The way to `destination`, from `wish` when that is an address of ours.
    pub(super) fn way(&self, destination: IpAddr, wish: Option<IpAddr>) -> Result<Way, NoWay> {
        if !self.is_machine(destination) {
            return Err(NoWay::Destination);
        }
        let source = self.source(destination, wish).ok_or(NoWay::Address)?;
        let link_local = matches!(destination, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let route = self
            .routes
            .iter()
            .find(|r| within(destination, r.destination, r.prefix));
        let gateway = match route {
            _ if link_local => None,
            Some(route) => route.gateway,
            None => return Err(NoWay::Route),
        };
        Ok(Way {
            next_hop: gateway.unwrap_or(destination),
            source,
            routed: gateway.is_some(),
        })
    }

    /// Our address for packets to `destination`.
    pub(super) fn source(&self, destination: IpAddr, wish: Option<IpAddr>) -> Option<IpAddr> {
        let scope = |a: IpAddr| matches!(a, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let fits = |a: &&Address| {
            a.address.is_ipv4() == destination.is_ipv4() && scope(a.address) == scope(destination)
        };
        if let Some(wish) = wish
            && self.addresses.iter().filter(fits).any(|a| a.address == wish)
        {
            return Some(wish);
        }
        self.addresses
            .iter()
            .filter(fits)
            .max_by_key(|a| (a.preferred, common(a.address, destination)))
            .map(|a| a.address)
    }

    /// Whether an address can be that of another machine.
    fn is_machine(&self, address: IpAddr) -> bool {
        if self.has(address) {
            return false;
        }
        match address {
            IpAddr::V4(v4) => host(v4) && !self.is_broadcast(v4),
            IpAddr::V6(v6) => host6(v6),
        }
    }
}
