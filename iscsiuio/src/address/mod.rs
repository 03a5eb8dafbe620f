//! Where addresses come from: given ones, DHCPv4, DHCPv6, router advertisements.
//!
//! State machines of messages, not of frames: what they want said goes out through the port's stack, what was heard comes from there.

mod addresses;
mod chosen;
pub mod dhcp4;
pub mod dhcp6;
mod effect;
mod refusal;
mod retry;
mod slaac;
#[cfg(test)]
mod tests;
mod time;
mod v4;
mod v6;

pub use addresses::{Addresses, Setup};
pub use effect::{Datagram, Effect, Held, Loss, Probed, Route};
pub use refusal::{Refusal, Refusals};
