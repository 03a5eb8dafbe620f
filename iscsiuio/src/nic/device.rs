//! A port made of a network device of this machine: a packet socket with a MAC address of its own beside the device's ([`Packet`]), or
//! the far end of a TAP device ([`Tap`]).
//!
//! For network namespaces and software tests. Must not know packet sockets' bytes nor ioctls ([`driver_sys::netdev`] does).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use driver_sys::netdev::{self, NetdevError, PacketSocket, State};
use nix::errno::Errno;

use super::{Nic, NicError, check};

/// A port on a network device; the machine's own stack on the same device is not reachable through it, as on an adapter. Needs
/// CAP_NET_RAW.
pub type Packet = Device<PacketSocket>;

/// A port whose wire is a TAP device, which is made (or taken, when it was made to stay): the machine's own stack, or a bridge, is what
/// it is connected to. Its link is up while the device is.
pub type Tap = Device<netdev::Tap>;

/// A port on a device.
#[derive(Debug)]
pub struct Device<W> {
    wire: W,
    name: String,
    mac: [u8; 6],
    mtu: u16,
    link: bool,
}

/// What carries frames to a device and back. Nothing blocks.
pub trait Wire: AsFd + Send + Sized {
    /// The kind, for messages.
    const KIND: &'static str;
    /// What sending answers while the device is down.
    const DOWN: Errno;
    /// What receiving answers once for each time that the device goes down.
    const WENT_DOWN: Option<Errno>;

    /// Opens it, for a port with this MAC address.
    ///
    /// # Errors
    /// There is no such device, or no permission.
    fn open(device: &str, mac: [u8; 6]) -> Result<Self, NetdevError>;

    /// Link and MTU of the device.
    ///
    /// # Errors
    /// The device is gone.
    fn state(&self) -> Result<State, Errno>;

    /// A frame into `room`; its length.
    ///
    /// # Errors
    /// `EAGAIN`: there is none.
    fn receive(&self, room: &mut [u8]) -> Result<usize, Errno>;

    /// Hands a frame over.
    ///
    /// # Errors
    /// `EAGAIN`: there is no room.
    fn send(&self, frame: &[u8]) -> Result<(), Errno>;
}

impl<W: Wire> Device<W> {
    /// Opens a port on the device, with this MAC address.
    ///
    /// # Errors
    /// [`NicError::Netdev`].
    pub fn open(device: &str, mac: [u8; 6]) -> Result<Self, NicError> {
        let mut this = Self {
            wire: W::open(device, mac)?,
            name: format!("{} {device}", W::KIND),
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

impl<W: Wire> Nic for Device<W> {
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
        loop {
            match self.wire.receive(room) {
                Ok(len) => return Ok(Some(len)),
                Err(Errno::EAGAIN) => return Ok(None),
                // Whether it is gone altogether shows then.
                Err(errno) if Some(errno) == W::WENT_DOWN => self.service()?,
                Err(source) => return Err(check::gone(&self.name, source)),
            }
        }
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        check::frame(frame, self.mtu)?;
        match self.wire.send(frame) {
            // As on a port without a link: it is lost.
            Err(errno) if errno == W::DOWN => self.service(),
            answer => check::sent(&self.name, answer),
        }
    }
}

impl Wire for PacketSocket {
    const KIND: &'static str = "packet";
    const DOWN: Errno = Errno::ENETDOWN;
    const WENT_DOWN: Option<Errno> = Some(Errno::ENETDOWN);

    fn open(device: &str, mac: [u8; 6]) -> Result<Self, NetdevError> {
        Self::open(device, mac)
    }

    fn state(&self) -> Result<State, Errno> {
        self.state()
    }

    fn receive(&self, room: &mut [u8]) -> Result<usize, Errno> {
        self.receive(room)
    }

    fn send(&self, frame: &[u8]) -> Result<(), Errno> {
        self.send(frame)
    }
}

impl Wire for netdev::Tap {
    const KIND: &'static str = "tap";
    const DOWN: Errno = Errno::EIO;
    const WENT_DOWN: Option<Errno> = None;

    fn open(device: &str, mac: [u8; 6]) -> Result<Self, NetdevError> {
        Self::open(device, mac)
    }

    fn state(&self) -> Result<State, Errno> {
        self.state()
    }

    fn receive(&self, room: &mut [u8]) -> Result<usize, Errno> {
        self.receive(room)
    }

    fn send(&self, frame: &[u8]) -> Result<(), Errno> {
        self.send(frame)
    }
}
