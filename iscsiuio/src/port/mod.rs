//! One port of an adapter: interfaces, path requests and pings, without I/O.
//!
//! Ports know nothing of each other. Must not know netlink, sockets of clients or rings: whoever owns a [`Port`] brings it frames,
//! requests and the time, and carries out its [`Effect`]s.

mod config;
mod effect;
mod machine;
mod status;

pub use config::{InterfaceConfig, Ipv4Source, Ipv6Source, LinkLocalSource, PortConfig, RouterSource, Vlan};
pub use effect::{Configured, Effect, Ping, PingEnd, PingId};
pub use machine::Port;
pub use status::{AddressStatus, Counters, InterfaceStatus, LeaseStatus, NeighbourStatus, PortStatus};
