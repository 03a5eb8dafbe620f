//! The DHCPv6 client: RFC 8415, one identity association for one address (IA_NA).
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
