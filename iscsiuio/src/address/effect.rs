//! What a source of addresses wants done, and what it holds.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// The longest wait for what the link says to a probe; without an answer the address counts as free.
pub(super) const PROBE_LIMIT: Duration = Duration::from_secs(15);

/// A UDP datagram, heard or to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram<P = Vec<u8>> {
    /// Address and port of the sender; the address may be unspecified.
    pub source: SocketAddr,
    /// Address and port of the receiver; the address may be broadcast or multicast.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: P,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this.
    Udp(Datagram),
    /// Send a router solicitation: from the link-local address when it stands, else from the unspecified one.
    SolicitRouter,
    /// Ask the link whether somebody has this address; it is answered by a [`Probed`].
    Probe(IpAddr),
    /// Tell the link that the address is here.
    Announce(IpAddr),
    /// An address may no longer be used, from now on.
    Lost {
        /// Which.
        address: IpAddr,
        /// Why.
        why: Loss,
    },
    /// Addresses, routes, MTU, leases or the state are others now.
    Changed,
}

/// Why an address may no longer be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Its time is over and nobody prolonged it.
    Expired,
    /// A server or a router took it back.
    Refused,
    /// Somebody else has it.
    Taken,
    /// It was given back.
    Released,
}

/// What the link said to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// Nobody has it.
    Free,
    /// Somebody has it.
    Taken,
}

/// An address that may be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The address.
    pub address: IpAddr,
    /// Length of its prefix. What is on the link is said by [`Route`]s, not by this.
    pub prefix: u8,
    /// Whether new connections should use it.
    pub preferred: bool,
    /// Until when it may be used; `None`: for ever.
    pub expires: Option<Instant>,
}

/// Where packets for a destination go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The destination's prefix.
    pub destination: IpAddr,
    /// Length of it; 0: everything.
    pub prefix: u8,
    /// Through whom; `None`: on the link.
    pub gateway: Option<IpAddr>,
}
