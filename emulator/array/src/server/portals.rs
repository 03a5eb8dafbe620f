//! Listening sockets: opening, closing, opening again at the same ports.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use emu_net::accept::Acceptor;
use emu_net::reactor::{Reactor, Token};
use nix::sys::socket::{self, Backlog};

use crate::error::TargetError;
use crate::portal::Portal;

/// The portals of a target.
#[derive(Debug)]
pub(super) struct Portals {
    owner: u32,
    portals: Vec<Portal>,
    /// Their real addresses.
    addresses: Vec<SocketAddr>,
    /// In the same order; a closed portal has none.
    listeners: Vec<Option<Acceptor<TcpListener>>>,
}

impl Portals {
    /// Opens every address.
    pub(super) fn open(reactor: &mut Reactor, owner: u32, listen: &[Portal]) -> Result<Self, TargetError> {
        if listen.is_empty() {
            return Err(TargetError::NoPortal);
        }
        let mut portals = Self {
            owner,
            portals: listen.to_vec(),
            addresses: listen.iter().map(|portal| portal.at).collect(),
            listeners: listen.iter().map(|_| None).collect(),
        };
        portals.reopen(reactor)?;
        Ok(portals)
    }

    /// Opens what is closed again, at the same addresses and ports.
    pub(super) fn reopen(&mut self, reactor: &mut Reactor) -> Result<(), TargetError> {
        (0..self.portals.len()).try_for_each(|index| self.reopen_one(reactor, index))
    }

    fn reopen_one(&mut self, reactor: &mut Reactor, index: usize) -> Result<(), TargetError> {
        let (Some(address), Some(slot @ None)) =
            (self.addresses.get_mut(index), self.listeners.get_mut(index))
        else {
            return Ok(());
        };
        let portal = *address;
        let failed = |source| TargetError::Listen { portal, source };
        let listener = TcpListener::bind(portal).map_err(failed)?;
        // Longer than the standard library makes it: who waits behind a flood waits here, and not for a retransmission.
        socket::listen(&listener, Backlog::MAXCONN).map_err(|errno| failed(io::Error::from(errno)))?;
        *address = listener.local_addr().map_err(failed)?;
        *slot = Some(Acceptor::new(reactor, self.owner, listener).map_err(failed)?);
        Ok(())
    }

    pub(super) fn close(&mut self, reactor: &mut Reactor) {
        for listener in self.listeners.iter_mut().filter_map(Option::take) {
            listener.close(reactor);
        }
    }

    /// Opens or closes the portal at this address; gives its place.
    pub(super) fn turn(
        &mut self,
        reactor: &mut Reactor,
        at: SocketAddr,
        open: bool,
    ) -> Result<usize, String> {
        let place = self.addresses.iter().position(|address| *address == at);
        let index = place.ok_or_else(|| format!("there is no portal {at}"))?;
        if open {
            self.reopen_one(reactor, index)
                .map_err(|error| error.to_string())?;
        } else if let Some(listener) = self.listeners.get_mut(index).and_then(Option::take) {
            listener.close(reactor);
        }
        Ok(index)
    }

    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Address and portal group of each.
    pub(super) fn with_groups(&self) -> impl Iterator<Item = (SocketAddr, u16)> {
        let groups = self.portals.iter().map(|portal| portal.group);
        self.addresses.iter().copied().zip(groups)
    }

    /// As it was configured.
    pub(super) fn get(&self, index: usize) -> Option<&Portal> {
        self.portals.get(index)
    }

    /// The portal of `token` and the connections that wait behind it; `None` if it is no portal's.
    pub(super) fn accept(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        token: Token,
    ) -> Option<(usize, Vec<TcpStream>)> {
        let listeners = self.listeners.iter_mut().enumerate();
        let mut open = listeners.filter_map(|(index, slot)| Some((index, slot.as_mut()?)));
        let (index, listener) = open.find(|(_, listener)| listener.token() == token)?;
        Some((index, listener.accept(reactor, now)))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.listeners
            .iter()
            .flatten()
            .filter_map(Acceptor::poll_timeout)
            .min()
    }

    pub(super) fn due(&mut self, reactor: &mut Reactor, now: Instant) {
        for listener in self.listeners.iter_mut().flatten() {
            listener.handle_timeout(reactor, now);
        }
    }
}
