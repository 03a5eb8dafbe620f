//! One TCP connection between an engine and its peer.
//!
//! Owns the socket, its options and the moving of bytes: into the slot the engine names, out of the slices it lends. It must
//! not know what the bytes mean. Payload is read to and written from the engine's buffers without a copy.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Instant;

use iscsi::pool::{Memory, Pool};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage};

use crate::pcap::{Capture, Conversation, Opened};
use crate::reactor::{Interest, Reactor, Token};

/// The engine's half of a link, as both iSCSI engines and the adapter's firmware show it.
pub trait Duplex {
    /// Where the next incoming bytes go. Empty only when nothing more is taken: the connection ends.
    fn read_slot(&mut self) -> &mut [u8];
    /// `n` bytes of the slot have been filled.
    fn received(&mut self, now: Instant, n: usize);
    /// Everything that is ready to be sent, in order.
    fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>);
    /// `n` bytes of those slices were taken by the socket.
    fn sent(&mut self, now: Instant, n: usize);
    /// Nothing more will be sent or taken: close after the last byte went out.
    fn wants_close(&self) -> bool;
}

/// Where a link stands after moving bytes.
#[derive(Debug)]
pub enum Pumped {
    /// Still open.
    Open,
    /// The peer closed its side in an orderly way.
    PeerClosed,
    /// The engine asked to close and all its bytes are out.
    Done,
    /// The socket failed.
    Failed(io::Error),
}

/// A non-blocking TCP connection registered with the reactor.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    token: Token,
    interest: Interest,
    connecting: bool,
    tap: Option<Box<Conversation>>,
    /// Long slots were the last to be filled.
    bulk: bool,
}

impl Link {
    /// Starts a connect. The source address is bound only if it is one of this machine's (an emulated adapter's address
    /// usually is not); otherwise the system chooses.
    ///
    /// # Errors
    /// Whatever `socket`, `connect` or the reactor answer at once; later failures come from [`Link::finish_connect`].
    pub fn connect(
        reactor: &mut Reactor,
        owner: u32,
        to: SocketAddr,
        source: Option<IpAddr>,
    ) -> io::Result<Self> {
        let family = if to.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let fd = socket::socket(family, SockType::Stream, flags, None)?;
        if let Some(source) =
            source.filter(|source| source.is_ipv4() == to.is_ipv4() && !source.is_unspecified())
        {
            match socket::bind(fd.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(source, 0))) {
                Ok(()) | Err(nix::errno::Errno::EADDRNOTAVAIL | nix::errno::Errno::EINVAL) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        match socket::connect(fd.as_raw_fd(), &SockaddrStorage::from(to)) {
            Ok(()) | Err(nix::errno::Errno::EINPROGRESS) => {}
            Err(errno) => return Err(errno.into()),
        }
        let stream = TcpStream::from(fd);
        let token = reactor.watch(owner, &stream, Interest::WRITE)?;
        Ok(Self {
            stream,
            token,
            interest: Interest::WRITE,
            connecting: true,
            tap: None,
            bulk: false,
        })
    }

    /// Takes over a connection that a listener accepted.
    ///
    /// # Errors
    /// Whatever the socket options or the reactor answer.
    pub fn accepted(reactor: &mut Reactor, owner: u32, stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let token = reactor.watch(owner, &stream, Interest::READ)?;
        Ok(Self {
            stream,
            token,
            interest: Interest::READ,
            connecting: false,
            tap: None,
            bulk: false,
        })
    }

    /// The token readiness is reported under.
    #[must_use]
    pub const fn token(&self) -> Token {
        self.token
    }

    /// A connect is still under way.
    #[must_use]
    pub const fn is_connecting(&self) -> bool {
        self.connecting
    }

    /// The connect became ready: collects its result and gives the local address.
    ///
    /// # Errors
    /// Why the connect failed.
    pub fn finish_connect(&mut self, reactor: &mut Reactor) -> io::Result<SocketAddr> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        self.stream.set_nodelay(true)?;
        let local = self.stream.local_addr()?;
        self.connecting = false;
        self.want(reactor, Interest::READ)?;
        Ok(local)
    }

    /// Captures what goes over the link from now on. Call once the connection stands, before the first byte.
    pub fn capture(&mut self, capture: &Capture, opened: Opened) {
        if let (Ok(here), Ok(there)) = (self.stream.local_addr(), self.stream.peer_addr()) {
            self.tap = Some(Box::new(Conversation::open(capture, here, there, opened)));
        }
    }

    /// The peer's address, if the socket still knows it.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.stream.peer_addr().ok()
    }

    /// Moves bytes both ways until the socket would block or the fairness budget is spent, then adjusts what the reactor
    /// reports. Call on readiness and whenever the engine may have something to say.
    pub fn pump(
        &mut self,
        reactor: &mut Reactor,
        engine: &mut impl Duplex,
        now: Instant,
        readable: bool,
    ) -> Pumped {
        if self.connecting {
            return Pumped::Open;
        }
        let pumped = self.pump_both(reactor, engine, now, readable);
        if let Some(tap) = &mut self.tap {
            match pumped {
                Pumped::PeerClosed => tap.peer_closed(),
                Pumped::Failed(_) => tap.failed(),
                Pumped::Open | Pumped::Done => {}
            }
            tap.flush();
        }
        pumped
    }

    fn pump_both(
        &mut self,
        reactor: &mut Reactor,
        engine: &mut impl Duplex,
        now: Instant,
        readable: bool,
    ) -> Pumped {
        if readable {
            let mut stage = reactor.take_stage();
            let read = self.read(engine, now, &mut stage);
            reactor.give_stage(stage);
            match read {
                Pumped::Open => {}
                // What is still queued cannot reach a peer that is gone; a half-closed one gets a last chance.
                Pumped::PeerClosed => {
                    let _ = self.write(engine, now);
                    return Pumped::PeerClosed;
                }
                other => return other,
            }
        }
        let blocked = match self.write(engine, now) {
            Ok(blocked) => blocked,
            Err(error) => return Pumped::Failed(error),
        };
        if engine.wants_close() && !blocked {
            return Pumped::Done;
        }
        let interest = Interest {
            read: true,
            write: blocked,
        };
        match self.want(reactor, interest) {
            Ok(()) => Pumped::Open,
            Err(error) => Pumped::Failed(error),
        }
    }

    /// Closes the connection and forgets it.
    pub fn close(self, reactor: &mut Reactor) {
        reactor.forget(&self.stream);
    }

    /// Takes in what is there. A long slot (payload) is filled by the system call itself; short ones (headers, small payload) are
    /// filled from `stage`, which holds what one call brings. A call for a long slot brings the bytes behind it along.
    fn read(&mut self, engine: &mut impl Duplex, now: Instant, memory: &mut Memory) -> Pumped {
        let mut budget = READ_BUDGET;
        while budget > 0 && !engine.wants_close() {
            let slot = engine.read_slot();
            let direct = if slot.len() >= DIRECT { slot.len() } else { 0 };
            let room = if self.bulk || direct > 0 {
                STAGE_BULK
            } else {
                STAGE
            };
            let room = room.min(memory.bytes().len());
            let stage = memory.bytes_mut().get_mut(..room).unwrap_or_default();
            let taken = if direct > 0 {
                let mut slots = [IoSliceMut::new(slot), IoSliceMut::new(stage)];
                self.stream.read_vectored(&mut slots)
            } else {
                self.stream.read(stage)
            };
            let taken = match taken {
                Ok(0) => return Pumped::PeerClosed,
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Pumped::Open,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Pumped::Failed(error),
            };
            budget = budget.saturating_sub(taken);
            let in_place = taken.min(direct);
            if in_place > 0 {
                if let Some(tap) = &mut self.tap {
                    tap.received(engine.read_slot().get(..in_place).unwrap_or_default());
                }
                engine.received(now, in_place);
            }
            let staged = stage.get(..taken - in_place).unwrap_or_default();
            if let Some(tap) = &mut self.tap {
                tap.received(staged);
            }
            feed(engine, now, staged);
            if taken < direct + room {
                // The socket is empty: spare the call that would say so.
                return Pumped::Open;
            }
            if direct == 0 && room < STAGE {
                *memory = Pool::default().take(STAGE);
            }
            self.bulk = direct > 0 || (self.bulk && engine.read_slot().len() >= DIRECT);
        }
        Pumped::Open
    }

    /// Whether the socket is full with bytes left to send.
    fn write(&mut self, engine: &mut impl Duplex, now: Instant) -> io::Result<bool> {
        loop {
            let mut slices = Vec::with_capacity(SLICES);
            engine.write_slices(&mut slices);
            slices.truncate(MAX_SLICES);
            let offered: usize = slices.iter().map(|slice| slice.len()).sum();
            if offered == 0 {
                return Ok(false);
            }
            match self.stream.write_vectored(&slices) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    if let Some(tap) = &mut self.tap {
                        tap.sent(&slices, n);
                    }
                    engine.sent(now, n);
                    if n < offered {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn want(&mut self, reactor: &mut Reactor, interest: Interest) -> io::Result<()> {
        if interest != self.interest {
            reactor.change(self.token, &self.stream, interest)?;
            self.interest = interest;
        }
        Ok(())
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Hands staged bytes to the engine, slot by slot. What comes after it wants to close is dropped.
fn feed(engine: &mut impl Duplex, now: Instant, mut bytes: &[u8]) {
    while !bytes.is_empty() && !engine.wants_close() {
        let slot = engine.read_slot();
        let (part, rest) = bytes.split_at(slot.len().min(bytes.len()));
        let Some(to) = slot.get_mut(..part.len()).filter(|to| !to.is_empty()) else {
            return;
        };
        to.copy_from_slice(part);
        engine.received(now, part.len());
        bytes = rest;
    }
}

/// Bytes one link may take in before the others get their turn.
const READ_BUDGET: usize = 1 << 20;
/// Slots of this length are read into directly; below, copying is cheaper than a system call of its own.
const DIRECT: usize = 8 << 10;
/// Bytes that one call takes in for short slots.
const STAGE: usize = 128 << 10;
/// The same until so many came at once: a program that has little to say need not touch all that memory.
pub(crate) const FIRST_STAGE: usize = 8 << 10;
/// The same while long slots come: most of what is staged would be payload, and copied.
const STAGE_BULK: usize = 4 << 10;
/// Slices that engines usually lend.
const SLICES: usize = 64;
/// IOV_MAX of Linux.
const MAX_SLICES: usize = 1024;

#[cfg(test)]
mod tests;
