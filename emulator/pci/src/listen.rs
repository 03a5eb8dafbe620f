//! The socket of a PCI function.
//!
//! Owns the taking in of clients. Where the socket lies and what happens to the path is [`crate::socket`]'s.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Instant;

use emu_net::accept::Acceptor;
use emu_net::reactor::{Reactor, Token};
use nix::sys::socket::SockType;

use crate::error::PciError;
use crate::socket::{self, Place};

/// A listening socket.
#[derive(Debug)]
pub(crate) struct Listener {
    acceptor: Acceptor<UnixListener>,
    _place: Place,
}

impl Listener {
    /// Clients of a stream (the functions) or of packets (the control socket; only accept is used of it).
    pub(crate) fn bind(
        reactor: &mut Reactor,
        owner: u32,
        path: &Path,
        kind: SockType,
    ) -> Result<Self, PciError> {
        let (socket, place) = socket::listen(path, kind)?;
        let acceptor = Acceptor::new(reactor, owner, socket).map_err(|source| PciError::Io {
            what: "watch",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            acceptor,
            _place: place,
        })
    }

    pub(crate) fn token(&self) -> Token {
        self.acceptor.token()
    }

    /// Who waits, so many in a turn.
    pub(crate) fn accept(&mut self, reactor: &mut Reactor, now: Instant) -> Vec<UnixStream> {
        self.acceptor.accept(reactor, now)
    }

    /// When [`Listener::handle_timeout`] is wanted.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.acceptor.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, reactor: &mut Reactor, now: Instant) {
        self.acceptor.handle_timeout(reactor, now);
    }
}
