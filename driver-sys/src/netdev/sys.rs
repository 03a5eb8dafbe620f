//! The system calls of packet sockets and TAP devices that have no safe form.
#![allow(
    unsafe_code,
    reason = "sockaddr_ll, packet options and ioctl have no safe form"
)]

use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;

use super::filter::Instruction;

/// Bytes of `struct virtio_net_hdr`.
pub(super) const VNET: usize = 10;

/// `struct ifreq`: a name, and what the request is about.
#[repr(C, align(8))]
struct Request {
    name: [u8; libc::IFNAMSIZ],
    value: [u8; 24],
}

const _: () = assert!(size_of::<Request>() == size_of::<libc::ifreq>());

/// An 802.1Q tag that the kernel took out of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) tpid: u16,
    pub(super) tci: u16,
}

/// A packet as the socket gave it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received {
    /// Bytes in the two buffers together.
    pub(super) len: usize,
    /// There was more of it.
    pub(super) truncated: bool,
    /// Its tag, when the kernel took it out.
    pub(super) tag: Option<Tag>,
}

fn length<T>() -> libc::socklen_t {
    // Every type of this file has less than a hundred bytes.
    size_of::<T>() as libc::socklen_t
}

/// From now on the socket hears the device.
pub(super) fn bind(fd: impl AsFd, index: u32) -> Result<(), Errno> {
    let address = libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as libc::sa_family_t,
        sll_protocol: (libc::ETH_P_ALL as u16).to_be(),
        sll_ifindex: i32::try_from(index).map_err(|_| Errno::ENODEV)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    // SAFETY: the address is a whole sockaddr_ll, its length is given beside it, and the kernel only reads it.
    let answer = unsafe {
        libc::bind(
            fd.as_fd().as_raw_fd(),
            (&raw const address).cast(),
            length::<libc::sockaddr_ll>(),
        )
    };
    Errno::result(answer).map(drop)
}

/// Sets an option of a packet socket.
fn option<T>(fd: impl AsFd, level: i32, name: i32, value: &T) -> Result<(), Errno> {
    // SAFETY: the value is borrowed for the call and has the length that is given beside it; the kernel only reads it.
    let answer = unsafe {
        libc::setsockopt(
            fd.as_fd().as_raw_fd(),
            level,
            name,
            core::ptr::from_ref(value).cast(),
            length::<T>(),
        )
    };
    Errno::result(answer).map(drop)
}

/// Packets come and go with a virtio_net_hdr before them, and tell of the tag that was taken out.
pub(super) fn tell_all(fd: impl AsFd) -> Result<(), Errno> {
    let on: libc::c_int = 1;
    option(&fd, libc::SOL_PACKET, libc::PACKET_AUXDATA, &on)?;
    option(&fd, libc::SOL_PACKET, libc::PACKET_VNET_HDR, &on)
}

fn membership(fd: impl AsFd, index: u32, kind: i32, address: &[u8]) -> Result<(), Errno> {
    let mut request = libc::packet_mreq {
        mr_ifindex: i32::try_from(index).map_err(|_| Errno::ENODEV)?,
        mr_type: u16::try_from(kind).map_err(|_| Errno::EINVAL)?,
        mr_alen: u16::try_from(address.len()).map_err(|_| Errno::EINVAL)?,
        mr_address: [0; 8],
    };
    let place = request.mr_address.get_mut(..address.len()).ok_or(Errno::EINVAL)?;
    place.copy_from_slice(address);
    option(fd, libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
}

/// The device hears frames to this address, too.
pub(super) fn join(fd: impl AsFd, index: u32, mac: [u8; 6]) -> Result<(), Errno> {
    membership(fd, index, libc::PACKET_MR_UNICAST, &mac)
}

/// The device hears frames to every group.
pub(super) fn join_groups(fd: impl AsFd, index: u32) -> Result<(), Errno> {
    membership(fd, index, libc::PACKET_MR_ALLMULTI, &[])
}

/// The kernel drops what the program refuses.
pub(super) fn filter(fd: impl AsFd, program: &[Instruction]) -> Result<(), Errno> {
    let mut program: Vec<libc::sock_filter> = program
        .iter()
        .map(|i| libc::sock_filter {
            code: i.code,
            jt: i.jt,
            jf: i.jf,
            k: i.k,
        })
        .collect();
    let whole = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?,
        filter: program.as_mut_ptr(),
    };
    // The kernel copies the instructions before the call returns; `program` lives until then.
    option(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &whole)
}

/// The next packet, without waiting: its virtio_net_hdr into `head`, the frame into `room`.
pub(super) fn receive(fd: impl AsFd, head: &mut [u8; VNET], room: &mut [u8]) -> Result<Received, Errno> {
    /// Room for control messages, aligned as they want it.
    #[repr(C, align(8))]
    struct Control([u8; 64]);
    let mut control = Control([0; 64]);
    let mut parts = [
        libc::iovec {
            iov_base: head.as_mut_ptr().cast(),
            iov_len: head.len(),
        },
        libc::iovec {
            iov_base: room.as_mut_ptr().cast(),
            iov_len: room.len(),
        },
    ];
    // SAFETY: a msghdr is plain numbers and pointers, for which zeros are valid.
    let mut message: libc::msghdr = unsafe { core::mem::zeroed() };
    message.msg_iov = parts.as_mut_ptr();
    message.msg_iovlen = parts.len() as _;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len() as _;
    // SAFETY: the message's buffers are borrowed for the call with the lengths given beside them.
    let len = Errno::result(unsafe {
        libc::recvmsg(fd.as_fd().as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT)
    })?;
    let mut tag = None;
    // SAFETY: the kernel filled msg_control and set msg_controllen; the macros walk inside of that.
    let mut at = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !at.is_null() {
        // SAFETY: `at` is not null, so it is a whole header inside of `control`, which is aligned for it.
        let header = unsafe { at.read() };
        // SAFETY: the length of the macro's header for no data.
        let least = unsafe { libc::CMSG_LEN(length::<libc::tpacket_auxdata>()) } as usize;
        if header.cmsg_level == libc::SOL_PACKET
            && header.cmsg_type == libc::PACKET_AUXDATA
            && header.cmsg_len as usize >= least
        {
            // SAFETY: the message is at least as long as a tpacket_auxdata, which is numbers only.
            let aux: libc::tpacket_auxdata = unsafe {
                libc::CMSG_DATA(at)
                    .cast::<libc::tpacket_auxdata>()
                    .read_unaligned()
            };
            if aux.tp_status & libc::TP_STATUS_VLAN_VALID != 0 {
                let known = aux.tp_status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
                tag = Some(Tag {
                    tpid: if known { aux.tp_vlan_tpid } else { super::TPID },
                    tci: aux.tp_vlan_tci,
                });
            }
        }
        // SAFETY: as for CMSG_FIRSTHDR, and `at` came from there.
        at = unsafe { libc::CMSG_NXTHDR(&raw const message, at) };
    }
    Ok(Received {
        len: usize::try_from(len).unwrap_or(0),
        truncated: message.msg_flags & libc::MSG_TRUNC != 0,
        tag,
    })
}

fn ioctl(fd: impl AsFd, what: libc::Ioctl, name: &str, value: [u8; 24]) -> Result<Request, Errno> {
    let mut request = Request {
        name: [0; libc::IFNAMSIZ],
        value,
    };
    let place = request.name[..libc::IFNAMSIZ - 1].get_mut(..name.len());
    place.ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(name.as_bytes());
    // SAFETY: every request of this file reads and writes a struct ifreq, which this has the layout and size of.
    Errno::result(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), what, &raw mut request) })?;
    Ok(request)
}

/// The number of a device, in the socket's own namespace.
pub(super) fn index(fd: impl AsFd, name: &str) -> Result<u32, Errno> {
    let request = ioctl(fd, libc::SIOCGIFINDEX as libc::Ioctl, name, [0; 24])?;
    let [a, b, c, d, ..] = request.value;
    Ok(u32::from_ne_bytes([a, b, c, d]))
}

/// The name of the device with this number, in the socket's own namespace.
pub(super) fn name(fd: impl AsFd, index: u32) -> Result<String, Errno> {
    let mut value = [0; 24];
    value[..4].copy_from_slice(&index.to_ne_bytes());
    let request = ioctl(fd, libc::SIOCGIFNAME as libc::Ioctl, "", value)?;
    let end = request.name.iter().position(|byte| *byte == 0);
    let name = &request.name[..end.unwrap_or(request.name.len())];
    Ok(String::from_utf8_lossy(name).into_owned())
}

/// The flags of a device (`IFF_*`, the 16 that the ioctl knows).
pub(super) fn flags(fd: impl AsFd, name: &str) -> Result<u16, Errno> {
    let request = ioctl(fd, libc::SIOCGIFFLAGS as libc::Ioctl, name, [0; 24])?;
    Ok(u16::from_ne_bytes([request.value[0], request.value[1]]))
}

/// Largest payload of the device's frames.
pub(super) fn mtu(fd: impl AsFd, name: &str) -> Result<u32, Errno> {
    let request = ioctl(fd, libc::SIOCGIFMTU as libc::Ioctl, name, [0; 24])?;
    let [a, b, c, d, ..] = request.value;
    Ok(u32::from_ne_bytes([a, b, c, d]))
}

/// The hardware type of a device (`ARPHRD_*`).
pub(super) fn hardware(fd: impl AsFd, name: &str) -> Result<u16, Errno> {
    let request = ioctl(fd, libc::SIOCGIFHWADDR as libc::Ioctl, name, [0; 24])?;
    Ok(u16::from_ne_bytes([request.value[0], request.value[1]]))
}

/// An opened `/dev/net/tun` becomes the other end of the TAP device of this name.
pub(super) fn become_tap(fd: impl AsFd, name: &str) -> Result<(), Errno> {
    let mut value = [0; 24];
    let wanted = (libc::IFF_TAP | libc::IFF_NO_PI) as u16;
    value[..2].copy_from_slice(&wanted.to_ne_bytes());
    ioctl(fd, libc::TUNSETIFF, name, value).map(drop)
}
