//! One connected client: packets in, packets out, a bounded queue for what it does not take.
//!
//! A broadcast that finds no room is dropped, with all that follow until the client has read what waits; in their place it gets
//! one notice ([`driver_sys::port::overrun`]), as netlink answers ENOBUFS there. Must not know what a packet means.
//! Source: unix(7); netlink(7) and `af_netlink.c` (`netlink_overrun`, `NETLINK_S_CONGESTED`) for what happens to a slow listener.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use driver_sys::port::overrun;
use emu_net::accept::REST;
use emu_net::reactor::{Interest, Reactor, Token};
use nix::errno::Errno;
use nix::sys::socket::sockopt::{RcvBuf, SndBuf};
use nix::sys::socket::{self, MsgFlags};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::listen::Kind;

/// Largest packet taken in: a transfer of 256 KiB with its head.
const MAX_PACKET: usize = 256 * 1024 + 8192;
/// Bytes that wait for one client before broadcasts to it are dropped.
const MAX_QUEUED: usize = 256 << 10;
/// Bytes that wait for all clients before broadcasts are dropped, to whomever something waits for.
const MAX_QUEUED_ALL: usize = 16 << 20;
/// Bytes that wait for one client before it is cut off: it asks without reading.
const MAX_OWED: usize = 2 << 20;
/// What a waiting packet costs beside its bytes.
const PACKET_COST: usize = 64;
/// Socket buffer asked for; the system may give less.
const BUFFER: usize = 1 << 20;

/// What receiving gave.
pub(super) enum Received {
    /// A packet, and the descriptor that came beside it.
    Packet(Vec<u8>, Option<OwnedFd>),
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
    queue: VecDeque<Arc<[u8]>>,
    queued: usize,
    /// Broadcasts that it did not get since it read everything; the notice of it is in the queue.
    lost: u64,
    writing: bool,
    /// The system had no memory for a packet: not tried again until then.
    resting: Option<Instant>,
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
            resting: None,
        })
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// Bytes that wait for it.
    pub(super) fn owed(&self) -> usize {
        self.queued
    }

    /// When [`Client::flush`] is wanted although nothing happens.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.resting
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
        loop {
            return match receive(&self.fd, &mut buffer) {
                Ok((0, _)) => Received::Closed,
                Ok((n, _)) if n > buffer.len() => {
                    tracing::warn!(bytes = n, "a client sent more than a packet may have");
                    Received::Closed
                }
                Ok((n, descriptor)) => {
                    buffer.truncate(n);
                    Received::Packet(buffer, descriptor)
                }
                Err(Errno::EAGAIN) => Received::Nothing,
                Err(Errno::EINTR) => continue,
                Err(_) => Received::Closed,
            };
        }
    }

    /// Sends or queues an answer; `false` when the client is to be closed.
    pub(super) fn answer(&mut self, reactor: &mut Reactor, now: Instant, packet: Vec<u8>) -> bool {
        self.enqueue(packet.into());
        self.queued <= MAX_OWED && self.flush(reactor, now)
    }

    /// Sends or queues what goes to many, or drops it; `false` when the client is gone. `all` is what waits for all clients.
    pub(super) fn broadcast(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        packet: &Arc<[u8]>,
        all: usize,
    ) -> bool {
        let room = self.queue.is_empty()
            || self.lost == 0 && self.queued + packet.len() <= MAX_QUEUED && all <= MAX_QUEUED_ALL;
        if room {
            self.enqueue(packet.clone());
            return self.flush(reactor, now);
        }
        if self.lost == 0 {
            tracing::warn!(
                waiting = self.queue.len(),
                "a listener does not read: it loses events"
            );
            self.enqueue(Arc::from(overrun::NOTICE));
        }
        self.lost += 1;
        true
    }

    /// Sends or queues a frame, or drops it; `false` when the client is gone.
    pub(super) fn frame(&mut self, reactor: &mut Reactor, now: Instant, frame: Vec<u8>) -> bool {
        if self.queued + frame.len() > MAX_QUEUED {
            self.lost += 1;
            return true;
        }
        self.enqueue(frame.into());
        self.flush(reactor, now)
    }

    fn enqueue(&mut self, packet: Arc<[u8]>) {
        self.queued += packet.len() + PACKET_COST;
        self.queue.push_back(packet);
    }

    /// Writes what the socket takes; `false` when the client is gone.
    pub(super) fn flush(&mut self, reactor: &mut Reactor, now: Instant) -> bool {
        self.flush_with(reactor, now, |fd, packet| {
            socket::send(fd, packet, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL)
        })
    }

    fn flush_with(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        send: impl Fn(RawFd, &[u8]) -> nix::Result<usize>,
    ) -> bool {
        self.resting = None;
        while let Some(packet) = self.queue.front() {
            match send(self.fd.as_raw_fd(), packet) {
                Ok(_) => {
                    self.queued -= packet.len() + PACKET_COST;
                    self.queue.pop_front();
                }
                Err(Errno::EAGAIN) => return self.want(reactor, true),
                // No memory for a packet in one piece. The socket says all the time that it has room, so it is not asked.
                Err(Errno::ENOBUFS | Errno::ENOMEM) => {
                    self.resting = Some(now + REST);
                    return self.want(reactor, false);
                }
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
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            tracing::info!(lost, "a listener reads again");
            self.queue.shrink_to_fit();
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

/// One packet, and the first descriptor beside it; others are closed. The length is the packet's, whatever fits.
fn receive(fd: &OwnedFd, buffer: &mut [u8]) -> Result<(usize, Option<OwnedFd>), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut slices = [IoSliceMut::new(buffer)];
    let flags = RecvFlags::DONTWAIT | RecvFlags::TRUNC | RecvFlags::CMSG_CLOEXEC;
    let got = recvmsg(fd, &mut slices, &mut beside, flags).map_err(|e| Errno::from_raw(e.raw_os_error()))?;
    let rights = beside.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut all) => all.next(),
        _ => None,
    });
    Ok((got.bytes, rights))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

    use super::*;

    #[test]
    fn a_packet_that_the_system_has_no_memory_for_waits_and_the_loop_sleeps_meanwhile() {
        let (served, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_NONBLOCK,
        )
        .expect("sockets");
        let mut reactor = Reactor::new().expect("reactor");
        let mut client = Client::new(&mut reactor, 0, Kind::Uevent, served).expect("client");
        let start = Instant::now();
        client.enqueue(Arc::from(*b"event"));
        for errno in [Errno::ENOBUFS, Errno::ENOMEM] {
            assert!(
                client.flush_with(&mut reactor, start, |_, _| Err(errno)),
                "it stays"
            );
            assert_eq!(client.poll_timeout(), Some(start + REST));
            // Its socket has room, and nobody is told so in a circle.
            let mut ready = Vec::new();
            let soon = Instant::now() + Duration::from_millis(20);
            reactor.wait(Some(soon), &mut ready).expect("wait");
            assert!(ready.is_empty(), "{ready:?}");
        }
        assert!(client.flush(&mut reactor, start + REST));
        assert_eq!((client.poll_timeout(), client.owed()), (None, 0));
        let mut buffer = [0; 16];
        let n = socket::recv(theirs.as_raw_fd(), &mut buffer, MsgFlags::empty()).expect("packet");
        assert_eq!(&buffer[..n], b"event");
    }
}
