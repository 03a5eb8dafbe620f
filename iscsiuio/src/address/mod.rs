//! Where addresses come from: DHCPv4, DHCPv6, router advertisements.
//!
//! State machines of messages, not of frames: what they want said goes out through the port's stack, what was heard comes from there.

pub mod dhcp4;
mod effect;
mod refusal;
mod retry;

pub use effect::{Datagram, Effect, Held, Loss, Probed, Route};
pub use refusal::{Refusal, Refusals};
