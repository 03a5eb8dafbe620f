//! Packet sockets with deadlines: what netlink, uevents and the emulated kernel's sockets have in common.
//!
//! Owns waiting, whole packets, limits and the errors that say what was waited for. Must not know what a packet means.

mod error;
pub mod overrun;
mod seqpacket;
mod wait;

pub use error::{PortError, errno};
pub use seqpacket::Seqpacket;
pub(crate) use wait::{receive, receive_from_kernel, send};
