//! Echo requests of a machine's own kernel.
//!
//! Owns a ping socket (icmp(7)); must not know who answers.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, recv, sendto, setsockopt,
    socket, sockopt::ReceiveTimeout,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::namespace::Namespace;

const TRIES: u16 = 5;

/// Has a machine's kernel send an echo with `size` bytes of payload until it is answered, five times at most; whether it was, with the
/// same bytes.
///
/// # Errors
/// There is no ping socket to be had.
pub fn echo(machine: &Namespace, to: IpAddr, size: usize) -> Result<bool> {
    machine.run(move || {
        // Who may have ping sockets: root.
        std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0")?;
        let (family, protocol, request, reply) = match to {
            IpAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp, 8, 0),
            IpAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6, 128, 129),
        };
        let own = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, protocol)?;
        setsockopt(&own, ReceiveTimeout, &TimeVal::milliseconds(1500))?;
        let payload: Vec<u8> = (0..size).map(|at| at.to_le_bytes()[0] ^ 0x5a).collect();
        let to = SockaddrStorage::from(SocketAddr::new(to, 0));
        for number in 1..=TRIES {
            let [high, low] = number.to_be_bytes();
            let packet = [&[request, 0, 0, 0, 0, 0, high, low], payload.as_slice()].concat();
            match sendto(own.as_raw_fd(), &packet, &to, MsgFlags::empty()) {
                // Nobody answered for it the last time.
                Err(nix::errno::Errno::EHOSTUNREACH) => continue,
                sent => sent.context("cannot send an echo")?,
            };
            let mut room = vec![0; packet.len() + 64];
            let length = match recv(own.as_raw_fd(), &mut room, MsgFlags::empty()) {
                Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EHOSTUNREACH) => continue,
                length => length?,
            };
            let (header, came) = room[..length].split_at_checked(8).context("a short answer")?;
            ensure!(header[0] == reply, "an ICMP message of type {}", header[0]);
            ensure!(came == payload, "the answer's bytes are others");
            return Ok(true);
        }
        Ok(false)
    })?
}

/// Has a machine's kernel send a datagram, for which it must find the neighbour.
///
/// # Errors
/// There is no route.
pub fn knock(machine: &Namespace, to: IpAddr) -> Result<()> {
    machine.run(move || {
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any)?;
        socket.set_write_timeout(Some(Duration::from_secs(5)))?;
        match socket.send_to(b"?", SocketAddr::new(to, 9)) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
            sent => Ok(sent.map(drop)?),
        }
    })?
}
