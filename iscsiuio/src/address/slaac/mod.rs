//! Router discovery and addresses out of router advertisements: RFC 4861 sections 6.1.2 and 6.3, RFC 4862 section 5.5, RFC 4191
//! (preference of routers), RFC 7559 (solicitations that do not end).
//!
//! Must not know frames or who uses an address. Checksum, hop limit and the rest of the IPv6 header have been looked at.

mod advertisement;
mod discovery;
mod prefixes;
mod routers;
#[cfg(test)]
mod tests;

pub(super) use discovery::{Discovery, Wanted};
