//! A TAP device: a network device whose wire is a descriptor.

use std::io::IoSliceMut;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType};
use nix::sys::stat::Mode;
use nix::sys::uio::readv;

use super::{NetdevError, State, filter, sys};

/// The wire of a TAP device. What is sent is received by the device, and what the device sends is received.
#[derive(Debug)]
pub struct Tap {
    fd: OwnedFd,
    /// Any socket: what is asked of a device is asked of one.
    ask: OwnedFd,
    name: String,
    mac: [u8; 6],
}

impl Tap {
    /// Makes the device of this name, or takes one that was made to stay. Only frames to a MAC address and to groups are
    /// received. Needs CAP_NET_ADMIN, or to be the owner of a device that was made to stay.
    ///
    /// # Errors
    /// [`NetdevError`].
    pub fn open(name: &str, mac: [u8; 6]) -> Result<Self, NetdevError> {
        named(name)?;
        let system = |what| {
            move |source| NetdevError::System {
                what,
                name: name.into(),
                source,
            }
        };
        let flags = OFlag::O_RDWR | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let fd =
            open("/dev/net/tun", flags, Mode::empty()).map_err(|source| NetdevError::NoTun { source })?;
        sys::become_tap(&fd, name).map_err(|source| match source {
            Errno::EPERM | Errno::EACCES => NetdevError::NoCapability {
                name: name.into(),
                capability: "CAP_NET_ADMIN",
            },
            Errno::EBUSY | Errno::EINVAL => NetdevError::Busy {
                name: name.into(),
                source,
            },
            source => system("making a TAP device")(source),
        })?;
        let ask = socket::socket(
            AddressFamily::Unix,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC,
            None,
        )
        .map_err(system("opening a socket"))?;
        Ok(Self {
            fd,
            ask,
            name: name.into(),
            mac,
        })
    }

    /// Whether the device is up, and its MTU.
    ///
    /// # Errors
    /// `ENODEV`: it is gone, or has another name now.
    pub fn state(&self) -> Result<State, Errno> {
        state(&self.ask, &self.name)
    }

    /// The next frame that is for the MAC address or a group; its length. What is longer than the room is left out.
    ///
    /// # Errors
    /// `EAGAIN` when there is none, `EBADFD` when the device is gone.
    pub fn receive(&self, room: &mut [u8]) -> Result<usize, Errno> {
        loop {
            // One byte more: nothing else tells of a longer frame.
            let mut more = [0];
            let len = match readv(&self.fd, &mut [IoSliceMut::new(room), IoSliceMut::new(&mut more)]) {
                Err(Errno::EINTR) => continue,
                other => other?,
            };
            if room
                .get(..len)
                .is_some_and(|frame| filter::wanted(frame, self.mac))
            {
                return Ok(len);
            }
        }
    }

    /// Sends a frame: the device receives it.
    ///
    /// # Errors
    /// `EIO` while the device is down, `EAGAIN` when there is no room, `EBADFD` when it is gone.
    pub fn send(&self, frame: &[u8]) -> Result<(), Errno> {
        loop {
            match nix::unistd::write(&self.fd, frame) {
                Err(Errno::EINTR) => {}
                other => return other.map(drop),
            }
        }
    }
}

impl AsFd for Tap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// What a device says of itself; `fd` is any socket.
pub(super) fn state(fd: impl AsFd, name: &str) -> Result<State, Errno> {
    let flags = i32::from(sys::flags(&fd, name)?);
    Ok(State {
        link: flags & libc::IFF_UP != 0 && flags & libc::IFF_RUNNING != 0,
        mtu: sys::mtu(&fd, name)?,
    })
}

/// Refuses what the kernel would read as something else than a name (`tap%d` is a pattern to it).
pub(super) fn named(name: &str) -> Result<(), NetdevError> {
    let fits = (1..libc::IFNAMSIZ).contains(&name.len());
    let odd = |c: char| c.is_whitespace() || matches!(c, '/' | ':' | '%' | '\0');
    if !fits || name == "." || name == ".." || name.contains(odd) {
        return Err(NetdevError::Name { name: name.into() });
    }
    Ok(())
}
