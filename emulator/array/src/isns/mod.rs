//! A served iSNS server: registrations in memory, queries, state change notifications.
//!
//! Owns what a lab needs of RFC 4171's server side. Every node is a member of one discovery domain, nobody is inquired, a registration lasts
//! as long as the server. Must not know the client that it is tested against.

mod actor;
mod config;
mod deliver;
mod fault;
mod query;
mod register;
mod registry;
mod talk;

pub use actor::Isns;
pub use config::{BadTarget, IsnsConfig, IsnsTarget};
pub use fault::{IsnsFault, WORDS};

#[cfg(test)]
mod tests;
