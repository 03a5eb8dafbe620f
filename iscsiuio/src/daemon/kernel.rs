//! The kernel's netlink socket, group of the helpers: opened, lost and opened again.

use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

use driver_sys::Endpoint;
use driver_sys::netlink::code::GROUP_UIP;
use driver_sys::netlink::{Port, Request};
use driver_sys::port::{PortError, Until};
use tokio::io::Interest;
use zeroize::Zeroizing;

use super::ready::Ready;

/// A socket that waits without blocking.
pub struct Kernel {
    port: Box<dyn Port>,
    ready: Ready,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The kernel has it.
    Yes,
    /// There is no room now.
    Later,
}

impl Kernel {
    /// Opens the socket of an endpoint; `until` limits how long that may take. Needs a runtime.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn open(endpoint: &Endpoint, until: Instant) -> Result<Self, PortError> {
        Self::on(endpoint.until(until).netlink(GROUP_UIP)?).map_err(|source| PortError::System {
            what: "waiting for the kernel's messages".into(),
            source: nix::errno::Errno::from_raw(source.raw_os_error().unwrap_or(libc::EIO)),
        })
    }

    fn on(port: Box<dyn Port>) -> io::Result<Self> {
        let ready = Ready::new(port.as_fd(), Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { port, ready })
    }

    /// Comes back when there may be a message.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn readable(&self) -> io::Result<()> {
        self.ready.readable().await
    }

    /// Comes back when there may be room for an answer.
    ///
    /// # Errors
    /// The system refuses.
    pub async fn writable(&self) -> io::Result<()> {
        self.ready.writable().await
    }

    /// The next message, if there is one.
    ///
    /// # Errors
    /// [`PortError`]; after [`PortError::Overrun`] and [`PortError::Oversized`] the socket is still good.
    pub fn receive(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, PortError> {
        match self.port.recv_until(no_wait(), "a message of the kernel") {
            Err(PortError::Timeout { .. }) => {
                self.ready.clear(Interest::READABLE);
                Ok(None)
            }
            message => message.map(Some),
        }
    }

    /// Sends an answer of a transport, if there is room.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn send(&mut self, transport: u64, answer: &Request) -> Result<Sent, PortError> {
        let packet = answer.encode(transport, self.port.pid());
        match self.port.send_until(&packet, no_wait()) {
            Ok(()) => Ok(Sent::Yes),
            Err(PortError::Timeout { .. }) => {
                self.ready.clear(Interest::WRITABLE);
                Ok(Sent::Later)
            }
            Err(error) => Err(error),
        }
    }
}

/// What is not possible now is not waited for.
fn no_wait() -> Until {
    Until::from(Instant::now())
}

impl AsFd for Kernel {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.port.as_fd()
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel").field("fd", &self.port.as_fd()).finish()
    }
}
