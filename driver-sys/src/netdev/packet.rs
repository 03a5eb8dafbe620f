//! A packet socket with a MAC address of its own on a network device.
//!
//! The kernel takes 802.1Q tags out of frames and leaves checksums to be finished by hardware that a packet socket is not; both are
//! put right here, so that who reads sees the frame of the wire.

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::sockopt::RcvBuf;
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType};

use super::sys::{self, VNET};
use super::tag::put_back;
use super::{NetdevError, State, filter};

/// `VIRTIO_NET_HDR_F_NEEDS_CSUM`.
const NEEDS_CHECKSUM: u8 = 1;
/// Packets in a row that the kernel could not describe before it is believed that there is something else.
const ODD: u32 = 1024;
/// Room for frames that wait, in bytes; the system may give less.
const WAITING: usize = 1 << 20;

/// Frames to a MAC address and to groups, as they come from the wire of a network device.
#[derive(Debug)]
pub struct PacketSocket {
    fd: OwnedFd,
    index: u32,
}

impl PacketSocket {
    /// Listens on the device for a MAC address. Needs CAP_NET_RAW.
    ///
    /// # Errors
    /// [`NetdevError`]: no such device, no capability.
    pub fn open(name: &str, mac: [u8; 6]) -> Result<Self, NetdevError> {
        super::tap::named(name)?;
        let system = |what| {
            move |source| NetdevError::System {
                what,
                name: name.into(),
                source,
            }
        };
        let fd = socket(name)?;
        let index = index(&fd, name)?;
        let kind = sys::hardware(&fd, name).map_err(system("asking for the hardware type"))?;
        if kind != libc::ARPHRD_ETHER {
            return Err(NetdevError::NotEthernet {
                name: name.into(),
                kind,
            });
        }
        // What does not fit is lost, as on any ring.
        let _ = socket::setsockopt(&fd, RcvBuf, &WAITING);
        sys::filter(&fd, &filter::program(mac)).map_err(system("attaching a filter"))?;
        sys::tell_all(&fd).map_err(system("asking for tags and checksums"))?;
        sys::bind(&fd, index).map_err(system("binding a packet socket"))?;
        sys::join(&fd, index, mac).map_err(system("adding a MAC address"))?;
        sys::join_groups(&fd, index).map_err(system("hearing all groups"))?;
        Ok(Self { fd, index })
    }

    /// Whether the device has a link, and its MTU.
    ///
    /// # Errors
    /// `ENODEV`: it is gone from this namespace.
    pub fn state(&self) -> Result<State, Errno> {
        // It may have been given another name meanwhile.
        let name = sys::name(&self.fd, self.index)?;
        super::tap::state(&self.fd, &name)
    }

    /// The next frame; its length. What is longer than the room is left out, as is what the kernel can not describe.
    ///
    /// # Errors
    /// `EAGAIN` when there is none, `ENETDOWN` once when the device went down.
    pub fn receive(&self, room: &mut [u8]) -> Result<usize, Errno> {
        let mut odd = 0;
        loop {
            let mut head = [0; VNET];
            let received = match sys::receive(&self.fd, &mut head, room) {
                Err(Errno::EINTR) => continue,
                // A segmented packet of a kind that the header has no word for; it is gone.
                Err(Errno::EINVAL) if odd < ODD => {
                    odd += 1;
                    continue;
                }
                other => other?,
            };
            let Some(len) = received.len.checked_sub(VNET).filter(|_| !received.truncated) else {
                continue;
            };
            let Some(frame) = room.get_mut(..len) else {
                continue;
            };
            if head[0] & NEEDS_CHECKSUM != 0 {
                finish_checksum(frame, &head);
            }
            match received.tag {
                None => return Ok(len),
                Some(tag) => match put_back(room, len, tag.tpid, tag.tci) {
                    Some(len) => return Ok(len),
                    None => continue,
                },
            }
        }
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// `EAGAIN` or `ENOBUFS` when there is no room, `EMSGSIZE`, `ENETDOWN`, `ENXIO` when the device is gone.
    pub fn send(&self, frame: &[u8]) -> Result<(), Errno> {
        let parts = [IoSlice::new(&[0; VNET]), IoSlice::new(frame)];
        let flags = MsgFlags::MSG_DONTWAIT;
        loop {
            match socket::sendmsg::<()>(self.fd.as_raw_fd(), &parts, &[], flags, None) {
                Err(Errno::EINTR) => {}
                other => return other.map(drop),
            }
        }
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A packet socket without a protocol: it hears nothing before it is bound with one.
pub(super) fn socket(name: &str) -> Result<OwnedFd, NetdevError> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket::socket(AddressFamily::Packet, SockType::Raw, flags, None).map_err(|source| match source {
        Errno::EPERM | Errno::EACCES => NetdevError::NoCapability {
            name: name.into(),
            capability: "CAP_NET_RAW",
        },
        source => NetdevError::System {
            what: "opening a packet socket",
            name: name.into(),
            source,
        },
    })
}

/// The number of a device.
pub(super) fn index(socket: &OwnedFd, name: &str) -> Result<u32, NetdevError> {
    sys::index(socket, name).map_err(|source| match source {
        Errno::ENODEV | Errno::ENXIO => NetdevError::Missing { name: name.into() },
        source => NetdevError::System {
            what: "asking for its number",
            name: name.into(),
            source,
        },
    })
}

/// Computes the checksum that hardware would have; `virtio_net_hdr` says from where and to where. Numbers that do not fit are left alone.
pub(super) fn finish_checksum(frame: &mut [u8], head: &[u8; VNET]) {
    let [_, _, _, _, _, _, s0, s1, o0, o1] = *head;
    let start = usize::from(u16::from_ne_bytes([s0, s1]));
    let place = start + usize::from(u16::from_ne_bytes([o0, o1]));
    let Some(covered) = frame.get(start..) else { return };
    let mut sum = 0_u64;
    for pair in covered.chunks(2) {
        sum += u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    let sum = !(sum as u16);
    // UDP has no zero but for "none".
    let sum = if sum == 0 { 0xffff } else { sum };
    if let Some(place) = frame
        .get_mut(place..)
        .and_then(|rest| rest.first_chunk_mut::<2>())
    {
        *place = sum.to_be_bytes();
    }
}
