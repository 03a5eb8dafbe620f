//! The DHCPv6 client: RFC 8415, one identity association for one address (IA_NA).
//!
//! No information is asked for where routers offer only that: names of hosts and servers are of no use here. Reconfiguration is not
//! accepted, and so never sent.
//!
//! Must not know frames, the other sources of addresses, or who uses the address.

mod answer;
mod client;
mod lease;
mod request;
#[cfg(test)]
mod tests;

pub use client::{Client, State};
pub use lease::Lease;
