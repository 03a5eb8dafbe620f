//! What a restart needs, in files that anybody can read: a directory an object, a small file a fact.
//!
//! ```text
//! boot                     the boot that this is of
//! host7/mac                the port's MAC address
//! host7/vlan0/ipv4         dhcp
//! host7/vlan0/addresses    192.0.2.7/24 until 5124
//! host7/vlan0/lease-0      dhcpv4, and a line for each of its facts
//! host7/vlan0/neighbours   192.0.2.1 00:1b:21:aa:bb:cc heard 1524
//! ```
//!
//! Instants are seconds since the boot (`CLOCK_BOOTTIME`). A file is replaced whole, an interface's directory is built aside and
//! renamed; names that are not known are left alone, what is damaged is told and ignored. Must not know what a fact means to a port.

mod fact;
mod lease;
mod store;
#[cfg(test)]
mod tests;

pub use fact::Damaged;
pub use store::{Clock, State, boot_clock, boot_id};
