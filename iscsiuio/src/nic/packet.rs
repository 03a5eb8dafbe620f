//! A port made of a network device: a packet socket with a MAC address of its own beside the device's.
//!
//! For network namespaces and software tests; the machine's own stack on the same device is not reachable through it, as on an adapter.
//! Must not know packet sockets' bytes ([`driver_sys::netdev`] does).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use driver_sys::netdev::{NetdevError, PacketSocket};
use nix::errno::Errno;

use super::{Nic, NicError, check};

/// A port on a network device.
#[derive(Debug)]
pub struct Packet {
    socket: PacketSocket,
    name: String,
    mac: [u8; 6],
    mtu: u16,
    link: bool,
}

impl Packet {
    /// Opens a port on the device, with this MAC address. Needs CAP_NET_RAW.
    ///
    /// # Errors
    /// [`NicError::Netdev`].
    pub fn open(device: &str, mac: [u8; 6]) -> Result<Self, NicError> {
        let mut this = Self {
            socket: PacketSocket::open(device, mac)?,
            name: format!("packet {device}"),
            mac,
            mtu: 0,
            link: false,
        };
        this.look().map_err(|source| NetdevError::System {
            what: "asking for the MTU",
            name: device.into(),
            source,
        })?;
        Ok(this)
    }

    fn look(&mut self) -> Result<(), Errno> {
        let state = self.socket.state()?;
        self.link = state.link;
        self.mtu = check::mtu(state.mtu);
        Ok(())
    }
}

impl Nic for Packet {
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
        self.link
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn service(&mut self) -> io::Result<()> {
        self.look().map_err(|source| check::gone(&self.name, source))
    }

    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.socket.receive(room) {
                Ok(len) => return Ok(Some(len)),
                Err(Errno::EAGAIN) => return Ok(None),
                // Told once for each time that it goes down; whether it is gone altogether shows then.
                Err(Errno::ENETDOWN) => self.service()?,
                Err(source) => return Err(check::gone(&self.name, source)),
            }
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        check::frame(frame, self.mtu)?;
        match self.socket.send(frame) {
            // As on a port without a link: it is lost.
            Err(Errno::ENETDOWN) => self.service(),
            answer => check::sent(&self.name, answer),
        }
    }
}
