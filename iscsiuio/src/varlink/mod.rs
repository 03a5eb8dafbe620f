//! The daemon's own face: ports, addresses, leases, neighbours and counters for programs, over varlink.
//!
//! The one room that knows zlink. Methods ask ([`crate::ask::Ask`]) as every client does; must not know ports. What is sent on the wire is
//! an interface like any other: its golden file lies in `snapshots`. Source: varlink.org, "Interface Definition" and "Service".

mod bounded;
mod listener;
mod serve;
mod service;
#[cfg(test)]
mod tests;
mod types;

pub use listener::{Listener, accept};
pub use serve::serve;
pub use types::{Address, Counters, Interface, Lease, Neighbour, Pong, Port, Ports, Totals};

/// The interface's name, and that of its socket.
pub const NAME: &str = "io.hbactl.iscsiuio";
