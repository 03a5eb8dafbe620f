//! One port of an adapter: interfaces, path requests and pings, without I/O.
//!
//! Ports know nothing of each other. Must not know netlink, sockets of clients or rings: whoever owns a [`Port`] brings it frames,
//! requests and the time, and carries out its [`Effect`]s.

mod config;
mod effect;
mod interface;
mod machine;
mod pings;
mod requests;
mod status;
#[cfg(test)]
mod tests;

pub use crate::stack::Vlan;
pub use config::{InterfaceConfig, Ipv4Source, Ipv6Source, LinkLocalSource, PortConfig, RouterSource};
pub use effect::{Configured, Effect, Ping, PingEnd, PingId};
pub use machine::Port;
pub(crate) use requests::refusal;
pub use status::{AddressStatus, Counters, InterfaceStatus, LeaseStatus, NeighbourStatus, PortStatus};
