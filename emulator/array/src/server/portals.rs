//! Listening sockets: opening, closing, opening again at the same ports.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use emu_net::accept::Acceptor;
use emu_net::reactor::{Reactor, Token};
use nix::sys::socket::{self, Backlog};

use crate::error::TargetError;

/// The portals of a target.
#[derive(Debug)]
pub(super) struct Portals {
    owner: u32,
    addresses: Vec<SocketAddr>,
    listeners: Vec<Acceptor<TcpListener>>,
}

impl Portals {
    /// Opens every address.
    pub(super) fn open(
        reactor: &mut Reactor,
        owner: u32,
        listen: &[SocketAddr],
    ) -> Result<Self, TargetError> {
        if listen.is_empty() {
            return Err(TargetError::NoPortal);
        }
        let mut portals = Self {
            owner,
            addresses: listen.to_vec(),
            listeners: Vec::new(),
        };
        portals.reopen(reactor)?;
        Ok(portals)
    }

    /// Opens the same addresses again, with the ports that they had.
    pub(super) fn reopen(&mut self, reactor: &mut Reactor) -> Result<(), TargetError> {
        if !self.listeners.is_empty() {
            return Ok(());
        }
        for address in &mut self.addresses {
            let portal = *address;
            let failed = |source| TargetError::Listen { portal, source };
            let listener = TcpListener::bind(portal).map_err(failed)?;
            // Longer than the standard library makes it: who waits behind a flood waits here, and not for a retransmission.
            socket::listen(&listener, Backlog::MAXCONN).map_err(|errno| failed(io::Error::from(errno)))?;
            *address = listener.local_addr().map_err(failed)?;
            let acceptor = Acceptor::new(reactor, self.owner, listener).map_err(failed)?;
            self.listeners.push(acceptor);
        }
        Ok(())
    }

    pub(super) fn close(&mut self, reactor: &mut Reactor) {
        for listener in self.listeners.drain(..) {
            listener.close(reactor);
        }
    }

    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Connections that wait behind `token`; `None` if it is no portal's.
    pub(super) fn accept(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        token: Token,
    ) -> Option<Vec<TcpStream>> {
        let listener = self
            .listeners
            .iter_mut()
            .find(|listener| listener.token() == token)?;
        Some(listener.accept(reactor, now))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.listeners.iter().filter_map(Acceptor::poll_timeout).min()
    }

    pub(super) fn due(&mut self, reactor: &mut Reactor, now: Instant) {
        for listener in &mut self.listeners {
            listener.handle_timeout(reactor, now);
        }
    }
}
