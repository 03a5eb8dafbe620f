//! One connected client: packets in, packets out, a bounded queue for what it does not take.
//!
//! Must not know what a packet means. Source: unix(7); netlink(7) for what happens to a slow listener (`ENOBUFS`: messages
//! are lost, the socket lives).

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use emu_net::reactor::{Interest, Reactor, Token};
use nix::errno::Errno;
use nix::sys::socket::sockopt::{RcvBuf, SndBuf};
use nix::sys::socket::{self, MsgFlags};

use super::listen::Kind;

/// Largest packet taken in: a transfer of 256 KiB with its head.
const MAX_PACKET: usize = 256 * 1024 + 8192;
/// Bytes that wait for one client before broadcasts to it are dropped.
const MAX_QUEUED: usize = 1 << 20;
/// Bytes that wait for one client before it is cut off: it asks without reading.
const MAX_OWED: usize = 8 << 20;
/// Socket buffer asked for; the system may give less.
const BUFFER: usize = 1 << 20;

/// What receiving gave.
pub(super) enum Received {
    /// A packet.
    Packet(Vec<u8>),
    /// Nothing just now.
    Nothing,
    /// The client is gone, or sent more than any packet may have.
    Closed,
}

/// A connected client.
pub(super) struct Client {
    fd: OwnedFd,
    token: Token,
    pub(super) kind: Kind,
    /// Its netlink port id; none before the first packet.
    pub(super) portid: Option<u32>,
    /// Its netlink groups, as a bit mask.
    pub(super) groups: u32,
    queue: VecDeque<Vec<u8>>,
    queued: usize,
    lost: u64,
    writing: bool,
}

impl Client {
    pub(super) fn new(reactor: &mut Reactor, owner: u32, kind: Kind, fd: OwnedFd) -> io::Result<Self> {
        // Larger buffers let larger packets through; without them the limits are merely smaller.
        let _ = socket::setsockopt(&fd, SndBuf, &BUFFER);
        let _ = socket::setsockopt(&fd, RcvBuf, &BUFFER);
        let token = reactor.watch(owner, &fd, Interest::READ)?;
        Ok(Self {
            fd,
            token,
            kind,
            portid: None,
            groups: 0,
            queue: VecDeque::new(),
            queued: 0,
            lost: 0,
            writing: false,
        })
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    pub(super) fn receive(&mut self) -> Received {
        let mut buffer = vec![
            0u8;
            if matches!(self.kind, Kind::Sg(_) | Kind::Bsg(_)) {
                MAX_PACKET
            } else {
                65536 + 128
            }
        ];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        loop {
            return match socket::recv(self.fd.as_raw_fd(), &mut buffer, flags) {
                Ok(0) => Received::Closed,
                Ok(n) if n > buffer.len() => {
                    tracing::warn!(bytes = n, "a client sent more than a packet may have");
                    Received::Closed
                }
                Ok(n) => {
                    buffer.truncate(n);
                    Received::Packet(buffer)
                }
                Err(Errno::EAGAIN) => Received::Nothing,
                Err(Errno::EINTR) => continue,
                Err(_) => Received::Closed,
            };
        }
    }

    /// Sends or queues; `false` when the client is to be closed. A broadcast that finds no room is dropped.
    pub(super) fn send(&mut self, reactor: &mut Reactor, packet: Vec<u8>, droppable: bool) -> bool {
        if droppable && self.queued + packet.len() > MAX_QUEUED {
            self.lost += 1;
            if self.lost.is_power_of_two() {
                tracing::warn!(lost = self.lost, "a slow client loses events");
            }
            return true;
        }
        self.queued += packet.len();
        self.queue.push_back(packet);
        self.queued <= MAX_OWED && self.flush(reactor)
    }

    /// Writes what the socket takes; `false` when the client is gone.
    pub(super) fn flush(&mut self, reactor: &mut Reactor) -> bool {
        while let Some(packet) = self.queue.front() {
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            match socket::send(self.fd.as_raw_fd(), packet, flags) {
                Ok(_) => {
                    self.queued -= packet.len();
                    self.queue.pop_front();
                }
                Err(Errno::EAGAIN) => return self.want(reactor, true),
                Err(Errno::EINTR) => {}
                Err(Errno::EMSGSIZE) => {
                    tracing::error!(
                        bytes = packet.len(),
                        "a packet does not fit into the socket's buffer"
                    );
                    return false;
                }
                Err(_) => return false,
            }
        }
        self.want(reactor, false)
    }

    fn want(&mut self, reactor: &mut Reactor, writing: bool) -> bool {
        if self.writing == writing {
            return true;
        }
        self.writing = writing;
        let interest = if writing { Interest::BOTH } else { Interest::READ };
        reactor.change(self.token, &self.fd, interest).is_ok()
    }

    pub(super) fn close(self, reactor: &mut Reactor) {
        reactor.forget(&self.fd);
    }
}
