//! Packet sockets with deadlines: what netlink, uevents and the emulated kernel's sockets have in common.
//!
//! Owns connecting, waiting, whole packets, limits and the errors that say what was waited for. Must not know what a packet
//! means.

mod error;
mod netlink;
pub mod overrun;
mod seqpacket;
mod stop;
mod wait;

pub use error::{PortError, errno};
pub(crate) use netlink::Netlink;
pub use seqpacket::{LIMIT, Seqpacket};
pub use stop::{GRACE, Stop, Until};
#[cfg(not(target_feature = "crt-static"))]
pub(crate) use wait::wait;
