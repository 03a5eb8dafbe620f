//! Where netlink messages go in and out: [`Port`], the kernel's socket and the emulated kernel's.
//!
//! Owns opening, binding, limits and deadlines; must not know what a message means. Source: netlink(7);
//! `scsi_transport_iscsi.c`, `iscsi_if_rx` (CAP_SYS_ADMIN for every message, CAP_NET_ADMIN for the groups).

mod dir;
mod host;
#[cfg(test)]
mod tests;

use std::os::fd::BorrowedFd;
use std::time::Instant;

use zeroize::Zeroizing;

pub use dir::DirPort;
pub use host::HostPort;

use crate::port::{LIMIT, PortError, Until};

/// Largest message that is received, in bytes.
pub const RECV_LIMIT: usize = 256 * 1024;

/// A bidirectional stream of whole messages.
pub trait Port: Send {
    /// Sends one message; waits for room until then. (The kernel's own socket runs the whole request meanwhile.)
    ///
    /// # Errors
    /// [`PortError`].
    fn send_until(&mut self, message: &[u8], until: Until) -> Result<(), PortError>;

    /// As [`Port::send_until`], for a message that names a descriptor of this process by its number, as BIND_CONN of transport `tcp` does.
    /// The running kernel looks the number up by itself; to an emulated one the descriptor goes beside the message.
    ///
    /// # Errors
    /// [`PortError`].
    fn send_beside(
        &mut self,
        message: &[u8],
        descriptor: BorrowedFd<'_>,
        until: Until,
    ) -> Result<(), PortError> {
        let _ = descriptor;
        self.send_until(message, until)
    }

    /// Receives one message, unicast or multicast; `what` goes into the error text. It may be secret: it is
    /// wiped when dropped, and nothing of it stays here.
    ///
    /// # Errors
    /// [`PortError`], [`PortError::Timeout`] among them.
    fn recv_until(&mut self, until: Until, what: &str) -> Result<Zeroizing<Vec<u8>>, PortError>;

    /// As [`Port::send_until`], within [`LIMIT`].
    ///
    /// # Errors
    /// [`PortError`].
    fn send(&mut self, message: &[u8]) -> Result<(), PortError> {
        self.send_until(message, Until::after(LIMIT))
    }

    /// As [`Port::recv_until`]; `None` waits for ever.
    ///
    /// # Errors
    /// [`PortError`].
    fn recv(&mut self, until: Option<Instant>, what: &str) -> Result<Zeroizing<Vec<u8>>, PortError> {
        self.recv_until(until.into(), what)
    }

    /// This end's port ID, for [`super::Request::encode`].
    fn pid(&self) -> u32;

    /// For `poll(2)` together with other descriptors.
    fn as_fd(&self) -> BorrowedFd<'_>;
}
