//! The DHCPv4 client: RFC 2131, options of RFC 2132, 3396, 3442, 6842.
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
