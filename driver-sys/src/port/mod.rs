//! Packet sockets with deadlines: what netlink, uevents and the emulated kernel's sockets have in common.
//!
//! Owns connecting, waiting, whole packets, limits and the errors that say what was waited for. Must not know what a packet
//! means.

mod error;
mod seqpacket;
mod stop;
mod wait;

pub use error::{PortError, errno};
pub use seqpacket::{LIMIT, Seqpacket};
pub use stop::{GRACE, Stop, Until};
pub(crate) use wait::{receive, receive_from_kernel, send};
