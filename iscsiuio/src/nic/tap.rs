//! A port whose wire is a TAP device: the machine's own stack, or a bridge, is what it is connected to.
//!
//! Must not know the device's ioctls ([`driver_sys::netdev`] does).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use driver_sys::netdev::{NetdevError, Tap as Wire};
use nix::errno::Errno;

use super::{Nic, NicError, check};

/// A port on a TAP device. Its link is up while the device is.
#[derive(Debug)]
pub struct Tap {
    wire: Wire,
    name: String,
    mac: [u8; 6],
    mtu: u16,
    link: bool,
}

impl Tap {
    /// Makes the TAP device (or takes one that was made to stay) and is the port at the other end of it.
    ///
    /// # Errors
    /// [`NicError::Netdev`].
    pub fn open(device: &str, mac: [u8; 6]) -> Result<Self, NicError> {
        let mut this = Self {
            wire: Wire::open(device, mac)?,
            name: format!("tap {device}"),
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
        let state = self.wire.state()?;
        self.link = state.link;
        self.mtu = check::mtu(state.mtu);
        Ok(())
    }
}

impl Nic for Tap {
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
        self.wire.as_fd()
    }

    fn service(&mut self) -> io::Result<()> {
        self.look().map_err(|source| check::gone(&self.name, source))
    }

    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        match self.wire.receive(room) {
            Ok(len) => Ok(Some(len)),
            Err(Errno::EAGAIN) => Ok(None),
            Err(source) => Err(check::gone(&self.name, source)),
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        check::frame(frame, self.mtu)?;
        match self.wire.send(frame) {
            // As on a port without a link: it is lost.
            Err(Errno::EIO) => self.service(),
            answer => check::sent(&self.name, answer),
        }
    }
}
