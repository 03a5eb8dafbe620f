//! The emulated kernel's netlink socket: `DIR/netlink`.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use zerocopy::IntoBytes;
use zeroize::{Zeroize, Zeroizing};

use super::{Port, RECV_LIMIT};
use crate::netlink::raw::sockaddr_nl;
use crate::port::{PortError, Seqpacket, Until, overrun};

/// A connection to `DIR/netlink`.
#[derive(Debug)]
pub struct DirPort {
    socket: Seqpacket,
    pid: u32,
    buffer: Vec<u8>,
}

impl DirPort {
    /// Connects to the socket and binds: the first packet is the `sockaddr_nl` for bind(2).
    ///
    /// # Errors
    /// [`PortError::NotServed`] when no emulator serves the directory, [`PortError::Mute`] when one does and is not heard.
    pub fn open(socket: &Path, groups: u32, until: impl Into<Until>) -> Result<Self, PortError> {
        let until = until.into();
        let socket = Seqpacket::connect(socket, until)?;
        let pid = std::process::id();
        let family = u16::try_from(libc::AF_NETLINK).unwrap_or_default();
        let bind = sockaddr_nl {
            nl_family: family,
            nl_pad: 0,
            nl_pid: pid,
            nl_groups: groups,
        };
        socket.send_until(bind.as_bytes(), until, "the netlink address")?;
        Ok(Self {
            socket,
            pid,
            buffer: vec![0; RECV_LIMIT],
        })
    }
}

impl Port for DirPort {
    fn send_until(&mut self, message: &[u8], until: Until) -> Result<(), PortError> {
        self.socket.send_until(message, until, "a netlink message")
    }

    fn send_beside(
        &mut self,
        message: &[u8],
        descriptor: BorrowedFd<'_>,
        until: Until,
    ) -> Result<(), PortError> {
        self.socket
            .send_beside(message, descriptor, until, "a netlink message")
    }

    fn recv_until(&mut self, until: Until, what: &str) -> Result<Zeroizing<Vec<u8>>, PortError> {
        let message = self
            .socket
            .receive(&mut self.buffer, until, what)
            .map(|message| Zeroizing::new(message.to_vec()));
        // It may have been the CHAP table, or a part of it.
        match &message {
            Ok(message) => self.buffer[..message.len()].zeroize(),
            Err(PortError::Oversized { .. }) => self.buffer.zeroize(),
            Err(_) => {}
        }
        match message {
            Ok(message) if overrun::is_notice(&message) => Err(PortError::Overrun),
            other => other,
        }
    }

    fn pid(&self) -> u32 {
        self.pid
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
