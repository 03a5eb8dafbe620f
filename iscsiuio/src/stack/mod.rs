//! Ethernet, 802.1Q, ARP, IPv4, IPv6, ICMP and neighbour discovery of one interface, on smoltcp's formats.
//!
//! Frames in, frames out. Must not know leases, path requests or rings.
//!
//! Formats are smoltcp's; its `Interface` is not used: it has no way to ask for a neighbour, does not answer probes for an address
//! (RFC 5227, RFC 4862), puts one datagram together at a time and drops IPv6 fragments (`docs/decisions`).

mod arp;
mod claims;
mod echoes;
mod ethernet;
mod event;
mod icmp;
mod ip4;
mod ip6;
mod listener;
mod local;
mod machine;
mod ndisc;
mod neighbours;
mod packet;
mod path_mtu;
mod reassembly;
#[cfg(test)]
mod tests;
mod udp;

pub use echoes::EchoEnd;
pub use ethernet::{Frame, Mac, Vlan};
pub use event::{Datagram, Event};
pub use local::{Address, NoWay, Route, Way};
pub use machine::{Counters, Stack, StackConfig};
pub use neighbours::{Answer, Neighbour};
