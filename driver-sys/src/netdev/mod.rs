//! Frames of a network device: packet sockets and TAP devices.
//!
//! Owns what their system calls look like; `sys` is the one file with `unsafe`. Must not know what is in a frame beyond its Ethernet header. Source:
//! packet(7), `uapi/linux/if_packet.h`, `uapi/linux/virtio_net.h`, `net/packet/af_packet.c`, `uapi/linux/if_tun.h`,
//! `drivers/net/tun.c`.

mod error;
mod filter;
mod groups;
mod packet;
mod sys;
mod tag;
mod tap;
#[cfg(test)]
mod tests;

pub use error::NetdevError;
pub use groups::Groups;
pub use packet::PacketSocket;
pub use tag::{TPID, put_back};
pub use tap::Tap;

/// What a network device says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// It is up and has a carrier.
    pub link: bool,
    /// Largest payload of a frame in bytes.
    pub mtu: u32,
}
