//! L2 rings: frames of a port, in and out.
//!
//! The only room of the helper that touches devices. Must not know what is in a frame beyond its length.

mod check;
mod device;
mod error;
mod find;
mod ring;
#[cfg(test)]
mod tests;
pub mod uio;

use std::io;
use std::os::fd::BorrowedFd;

use crate::net::LARGEST_MTU;

pub use device::{Packet, Tap};
pub use error::NicError;
pub use find::open;
pub use ring::Ring;

/// Smallest buffer for [`Nic::receive`]: the largest frame with a VLAN tag.
pub const FRAME_ROOM: usize = LARGEST_MTU as usize + check::HEADER + check::TAG;

/// The L2 ring of a port. Nothing blocks.
pub trait Nic: Send {
    /// What it is, for messages: `bnx2 /dev/uio0`, `packet veth0`.
    fn name(&self) -> &str;

    /// The port's iSCSI MAC address.
    fn mac(&self) -> [u8; 6];

    /// Largest payload of a frame in bytes.
    fn mtu(&self) -> u16;

    /// Whether there is a link.
    fn link(&self) -> bool;

    /// Becomes readable when [`Nic::receive`] or [`Nic::service`] has something to do.
    fn fd(&self) -> BorrowedFd<'_>;

    /// The descriptor is readable, or time has passed: interrupts are acknowledged, the link is looked at.
    ///
    /// # Errors
    /// The device is gone.
    fn service(&mut self) -> io::Result<()>;

    /// The next frame into `room` (at least [`FRAME_ROOM`] bytes); its length, `None` when there is none.
    ///
    /// # Errors
    /// The device is gone.
    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>>;

    /// Hands a frame over. Without a link it may be lost.
    ///
    /// # Errors
    /// `WouldBlock` when the ring is full: the frame was not taken. `InvalidInput`: it is no frame of this port (shorter than
    /// its header, longer than the MTU). Anything else: the device is gone.
    fn send(&mut self, frame: &[u8]) -> io::Result<()>;
}
