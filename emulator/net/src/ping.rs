//! ICMP echoes on behalf of the adapter.
//!
//! Owns the echo sockets and their time limit. Uses the kernel's unprivileged echo sockets (icmp(7), `ping_group_range`) and
//! falls back to a raw socket when the process may open one. Source: RFC 792, RFC 4443 4.1.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage};

use crate::reactor::{Interest, Reactor, Token};

/// How long an echo may take.
pub const ECHO_LIMIT: Duration = Duration::from_secs(5);
/// The largest payload of an echo that fits an unfragmented packet of the largest MTU the adapter knows (9000).
pub const MAX_ECHO: u32 = 8972;

/// How an echo ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EchoEnd {
    /// The answer came back with the bytes that were sent.
    Answered,
    /// Nothing came within [`ECHO_LIMIT`].
    TimedOut,
    /// The destination cannot be reached.
    Unreachable,
    /// The payload is larger than [`MAX_ECHO`].
    Oversized,
    /// An ICMP error, or this process may not send echoes.
    Failed,
}

/// One echo under way.
#[derive(Debug)]
pub struct Echo {
    fd: OwnedFd,
    token: Token,
    raw_ipv4: bool,
    ipv6: bool,
    id: u16,
    payload: Vec<u8>,
    deadline: Instant,
}

impl Echo {
    /// Sends an echo request. The source address is bound when it is one of this machine's.
    ///
    /// # Errors
    /// How it ended, when it ended at once.
    pub fn send(
        reactor: &mut Reactor,
        owner: u32,
        to: IpAddr,
        source: Option<IpAddr>,
        size: u32,
        id: u16,
        now: Instant,
    ) -> Result<Self, EchoEnd> {
        if size > MAX_ECHO {
            return Err(EchoEnd::Oversized);
        }
        let (fd, raw) = open(to).map_err(|error| {
            tracing::warn!(%error, "this process may not send ICMP echoes (see net.ipv4.ping_group_range)");
            EchoEnd::Failed
        })?;
        if let Some(source) = source.filter(|source| source.is_ipv4() == to.is_ipv4()) {
            // An adapter's address that is not this machine's cannot be bound; the system's choice then does.
            let _ = socket::bind(fd.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(source, 0)));
        }
        let payload: Vec<u8> = (0..size).map(|i| i as u8).collect();
        let request = request(to.is_ipv6(), id, &payload);
        let peer = SockaddrStorage::from(SocketAddr::new(to, 0));
        socket::sendto(fd.as_raw_fd(), &request, &peer, MsgFlags::empty()).map_err(end_of)?;
        let token = reactor
            .watch(owner, &fd, Interest::READ)
            .map_err(|_| EchoEnd::Failed)?;
        let (raw_ipv4, ipv6) = (raw && to.is_ipv4(), to.is_ipv6());
        Ok(Self {
            fd,
            token,
            raw_ipv4,
            ipv6,
            id: if raw { id } else { 0 },
            payload,
            deadline: now + ECHO_LIMIT,
        })
    }

    /// The token readiness is reported under.
    #[must_use]
    pub const fn token(&self) -> Token {
        self.token
    }

    /// When the echo is given up.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The socket is ready or time has passed: how the echo ended, if it did.
    pub fn progress(&self, now: Instant) -> Option<EchoEnd> {
        let mut packet = vec![0; MAX_ECHO as usize + 128];
        loop {
            match socket::recv(self.fd.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
                Ok(n) if self.is_answer(packet.get(..n).unwrap_or_default()) => {
                    return Some(EchoEnd::Answered);
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return (now >= self.deadline).then_some(EchoEnd::TimedOut),
                Err(errno) => return Some(end_of(errno)),
            }
        }
    }

    /// Ends the echo, answered or not.
    pub fn close(self, reactor: &mut Reactor) {
        reactor.forget(&self.fd);
    }

    fn is_answer(&self, packet: &[u8]) -> bool {
        // A raw IPv4 socket delivers the IP header too; its length stands in the low nibble, in words.
        let header = if self.raw_ipv4 {
            packet.first().map_or(0, |b| usize::from(b & 15) * 4)
        } else {
            0
        };
        let Some(icmp) = packet.get(header..) else {
            return false;
        };
        let Some((head, payload)) = icmp.split_at_checked(ICMP_HEADER) else {
            return false;
        };
        let kind = if self.ipv6 { ECHO_REPLY_V6 } else { ECHO_REPLY_V4 };
        // The kernel's echo sockets choose the identifier themselves and deliver only its answers.
        let ours = self.id == 0 || head.get(4..6) == Some(&self.id.to_be_bytes());
        head.first() == Some(&kind) && ours && payload == self.payload
    }
}

fn open(to: IpAddr) -> io::Result<(OwnedFd, bool)> {
    let (family, protocol) = match to {
        IpAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp),
        IpAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6),
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    match socket::socket(family, SockType::Datagram, flags, protocol) {
        Ok(fd) => Ok((fd, false)),
        Err(Errno::EACCES | Errno::EPERM | Errno::EPROTONOSUPPORT) => {
            Ok((socket::socket(family, SockType::Raw, flags, protocol)?, true))
        }
        Err(errno) => Err(errno.into()),
    }
}

fn request(ipv6: bool, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![if ipv6 { ECHO_REQUEST_V6 } else { ECHO_REQUEST_V4 }, 0, 0, 0];
    packet.extend(id.to_be_bytes());
    packet.extend(1_u16.to_be_bytes());
    packet.extend(payload);
    if !ipv6 {
        // ICMPv6's checksum covers a pseudo header and is the kernel's business.
        let sum = checksum(&packet).to_be_bytes();
        packet.splice(2..4, sum);
    }
    packet
}

/// The Internet checksum (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| {
            u32::from(pair.first().copied().unwrap_or(0)) << 8 | u32::from(pair.get(1).copied().unwrap_or(0))
        })
        .fold(0, u32::wrapping_add);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn end_of(errno: Errno) -> EchoEnd {
    match errno {
        Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::ENETDOWN | Errno::EADDRNOTAVAIL | Errno::EINVAL => {
            EchoEnd::Unreachable
        }
        Errno::EMSGSIZE => EchoEnd::Oversized,
        _ => EchoEnd::Failed,
    }
}

const ICMP_HEADER: usize = 8;
const ECHO_REPLY_V4: u8 = 0;
const ECHO_REQUEST_V4: u8 = 8;
const ECHO_REQUEST_V6: u8 = 128;
const ECHO_REPLY_V6: u8 = 129;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_checksum_of_a_checked_packet_is_zero() {
        let packet = request(false, 0x1234, b"abc");
        assert_eq!(checksum(&packet), 0);
    }

    #[test]
    fn an_oversized_echo_is_refused_without_a_socket() {
        let mut reactor = Reactor::new().unwrap();
        let to = Ipv4Addr::LOCALHOST.into();
        let refused = Echo::send(&mut reactor, 0, to, None, MAX_ECHO + 1, 1, Instant::now());
        assert_eq!(refused.unwrap_err(), EchoEnd::Oversized);
    }

    #[test]
    fn loopback_answers_where_echoes_may_be_sent() {
        let mut reactor = Reactor::new().unwrap();
        let now = Instant::now();
        match Echo::send(&mut reactor, 0, Ipv4Addr::LOCALHOST.into(), None, 56, 77, now) {
            Ok(echo) => {
                let mut ready = Vec::new();
                while Instant::now() < echo.deadline() {
                    reactor.wait(Some(echo.deadline()), &mut ready).unwrap();
                    if let Some(end) = echo.progress(Instant::now()) {
                        assert_eq!(end, EchoEnd::Answered);
                        return;
                    }
                }
                panic!("loopback did not answer");
            }
            // Neither echo sockets nor raw ones: the adapter then reports an ICMP error, which is the truth.
            Err(end) => assert_eq!(end, EchoEnd::Failed),
        }
    }
}
