//! The emulated adapter's ring: a socket where a packet is a frame.
//!
//! Must not know what is behind it. Source: `docs/architecture.md`, seam A (`DIR/l2/iscsi_hostN`).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::Path;

use driver_sys::port::{Seqpacket, Until};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};

use super::{Nic, NicError, check};

/// A connection to the ring. It is the link: once it ends, the ring is gone, and whoever owns it connects again.
#[derive(Debug)]
pub struct Ring {
    socket: Seqpacket,
    name: String,
    mac: [u8; 6],
    mtu: u16,
    connected: bool,
}

impl Ring {
    /// Connects to the ring of a host in an emulated kernel's directory; a full backlog is waited for until then.
    ///
    /// # Errors
    /// [`NicError::Ring`]: nobody serves it.
    pub fn open(
        dir: &Path,
        host: u32,
        mac: [u8; 6],
        mtu: u16,
        until: impl Into<Until>,
    ) -> Result<Self, NicError> {
        let path = dir.join("l2").join(format!("iscsi_host{host}"));
        Ok(Self::new(Seqpacket::connect(path, until)?, mac, mtu))
    }

    /// A ring on a connection that stands.
    #[must_use]
    pub fn new(socket: Seqpacket, mac: [u8; 6], mtu: u16) -> Self {
        Self {
            name: format!("ring {}", socket.path().display()),
            socket,
            mac,
            mtu,
            connected: true,
        }
    }

    fn ended(&mut self, source: Errno) -> io::Error {
        self.connected = false;
        check::gone(&self.name, source)
    }
}

impl Nic for Ring {
    fn name(&self) -> &str {
        &self.name
    }

    fn mac(&self) -> [u8; 6] {
        self.mac
    }

    fn mtu(&self) -> u16 {
        self.mtu
    }

    fn link(&self) -> bool {
        self.connected
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn service(&mut self) -> io::Result<()> {
        // What ended is told by receive, once the frames that came before are read.
        if self.connected {
            Ok(())
        } else {
            Err(self.ended(Errno::ENOTCONN))
        }
    }

    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
            match recv(self.socket.as_fd().as_raw_fd(), room, flags) {
                // A packet without a byte looks like the end, and is no frame either.
                Ok(0) => return Err(self.ended(Errno::ECONNRESET)),
                Ok(len) if len > room.len() => tracing::debug!(ring = self.name, len, "frame is too long"),
                Ok(len) => return Ok(Some(len)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(None),
                Err(source) => return Err(self.ended(source)),
            }
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        check::frame(frame, self.mtu)?;
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let answer = loop {
            match send(self.socket.as_fd().as_raw_fd(), frame, flags) {
                Err(Errno::EINTR) => {}
                other => break other.map(drop),
            }
        };
        let outcome = check::sent(&self.name, answer);
        self.connected &= !matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::NotConnected);
        outcome
    }
}
