//! What a stack tells its owner.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{EchoEnd, Mac};

/// A UDP datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Address and port of the sender; the address may be unspecified.
    pub source: SocketAddr,
    /// Address and port of the receiver; the address may be broadcast or multicast.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// What happened on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A neighbour that was asked for is there, or does not answer.
    Neighbour {
        /// Its address.
        address: IpAddr,
        /// Where it is.
        mac: Option<Mac>,
    },
    /// A datagram for a DHCP client's port.
    Udp(Datagram),
    /// A router advertises itself.
    RouterAdvertisement {
        /// Its link-local address.
        router: Ipv6Addr,
        /// The ICMPv6 message, type and code and checksum included; its options have not been looked at.
        message: Vec<u8>,
    },
    /// The end of [`super::Stack::probe`].
    Probed {
        /// The address.
        address: IpAddr,
        /// Who has it already.
        taken: Option<Mac>,
    },
    /// Another station uses an address of ours. It is told each time, and not defended here.
    Conflict {
        /// The address.
        address: IpAddr,
        /// Who.
        mac: Mac,
    },
    /// The end of [`super::Stack::echo`].
    Echo {
        /// Which.
        id: u64,
        /// How.
        end: EchoEnd,
        /// From the echo to its answer.
        took: Duration,
    },
}
