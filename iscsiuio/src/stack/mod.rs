//! Ethernet, 802.1Q, ARP, IPv4, IPv6, ICMP and neighbour discovery of one interface, on smoltcp's formats.
//!
//! Frames in, frames out. Must not know leases, path requests or rings.

mod arp;
mod ethernet;
mod event;
mod local;
mod machine;
mod neighbours;

pub use ethernet::{Frame, Mac, Vlan};
pub use event::{Datagram, Event};
pub use local::{Address, NoWay, Route, Way};
pub use machine::{Counters, Stack, StackConfig};
pub use neighbours::{Answer, Neighbour};
