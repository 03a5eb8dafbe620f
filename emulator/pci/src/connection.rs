//! One client: bytes in, messages out, replies back.
//!
//! Owns framing and its bounds. It must not know what messages mean. Descriptors belong to the message whose header they come
//! with, and are not taken while too many wait to be closed; a message whose descriptors were lost says so. A client that does not
//! take its replies is not read any further.

use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;

use emu_net::reactor::{Interest, Reactor, Token};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};

use crate::descriptor::{Foreign, Waiting};
use crate::error::ProtocolError;
use crate::wire::{HEADER, Header, MAX_FDS, MAX_MESSAGE};

/// What came.
#[derive(Debug)]
pub(crate) enum Received {
    /// A whole command, with its descriptors; `None` when some of them could not be taken.
    Message(Header, Vec<u8>, Option<Vec<Foreign>>),
    /// Nothing more for now.
    Nothing,
    /// The client is gone.
    Closed,
}

/// A connected client.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    token: Token,
    header: [u8; HEADER],
    got: usize,
    body: Vec<u8>,
    fds: Vec<Foreign>,
    lost: bool,
    waiting: Waiting,
    out: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(
        reactor: &mut Reactor,
        owner: u32,
        stream: UnixStream,
        waiting: Waiting,
    ) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let token = reactor.watch(owner, &stream, Interest::READ)?;
        Ok(Self {
            stream,
            token,
            header: [0; HEADER],
            got: 0,
            body: Vec::new(),
            fds: Vec::new(),
            lost: false,
            waiting,
            out: Vec::new(),
        })
    }

    pub(crate) fn token(&self) -> Token {
        self.token
    }

    pub(crate) fn close(self, reactor: &mut Reactor) {
        reactor.forget(&self.stream);
    }

    /// Takes in what is there, one message at most.
    pub(crate) fn receive(&mut self) -> Result<Received, ProtocolError> {
        if !self.out.is_empty() {
            return Ok(Received::Nothing);
        }
        while self.got < HEADER {
            match self.receive_header() {
                Ok(0) => return Ok(Received::Closed),
                Ok(n) => self.got += n,
                Err(error) => return Ok(ended(&error)),
            }
            if self.got == HEADER {
                let size = Header::parse(&self.header).size;
                if !(HEADER..=MAX_MESSAGE).contains(&(size as usize)) {
                    return Err(ProtocolError::Size(size));
                }
                self.body.resize(size as usize - HEADER, 0);
            }
        }
        while self.got < HEADER + self.body.len() {
            match self.stream.read(&mut self.body[self.got - HEADER..]) {
                Ok(0) => return Ok(Received::Closed),
                Ok(n) => self.got += n,
                Err(error) => return Ok(ended(&error)),
            }
        }
        self.got = 0;
        let header = Header::parse(&self.header);
        if !header.is_command() {
            return Err(ProtocolError::Unasked(header.id));
        }
        let fds = std::mem::take(&mut self.fds);
        let fds = (!std::mem::take(&mut self.lost)).then_some(fds);
        Ok(Received::Message(header, std::mem::take(&mut self.body), fds))
    }

    fn receive_header(&mut self) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        // Without room the kernel drops them.
        let room = if self.waiting.enough() { 0 } else { space.len() };
        let mut ancillary = RecvAncillaryBuffer::new(space.get_mut(..room).unwrap_or_default());
        let mut rest = [IoSliceMut::new(&mut self.header[self.got..])];
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        let received = recvmsg(&self.stream, &mut rest, &mut ancillary, flags)?;
        // Too many, or we have no number left for them.
        self.lost |= received.flags.contains(ReturnFlags::CTRUNC);
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                self.fds
                    .extend(fds.map(|fd| Foreign::new(fd, self.waiting.clone())));
            }
        }
        self.lost |= self.fds.len() > MAX_FDS;
        self.fds.truncate(MAX_FDS);
        Ok(received.bytes)
    }

    /// Sends a reply; what the socket does not take now goes with [`Connection::flush`].
    pub(crate) fn send(&mut self, reactor: &mut Reactor, reply: Vec<u8>) -> io::Result<()> {
        if !self.out.is_empty() {
            self.out.extend_from_slice(&reply);
            return Ok(());
        }
        let sent = match self.stream.write(&reply) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        if sent < reply.len() {
            self.out = reply;
            self.out.drain(..sent);
            reactor.change(self.token, &self.stream, Interest::WRITE)?;
        }
        Ok(())
    }

    /// The socket takes bytes again.
    pub(crate) fn flush(&mut self, reactor: &mut Reactor) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        match self.stream.write(&self.out) {
            Ok(n) => {
                self.out.drain(..n);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if self.out.is_empty() {
            reactor.change(self.token, &self.stream, Interest::READ)?;
        }
        Ok(())
    }
}

fn ended(error: &io::Error) -> Received {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Received::Nothing,
        _ => Received::Closed,
    }
}
