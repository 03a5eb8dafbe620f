//! Listening sockets: opening, accepting, pausing when the system has no descriptors left.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use emu_net::reactor::{Interest, Reactor, Token};

use crate::error::TargetError;

/// How long accepting rests after an error that waiting may cure (EMFILE and its kin).
const REST: Duration = Duration::from_millis(200);
/// Connections taken in one go.
const BATCH: usize = 64;

/// The portals of a target.
#[derive(Debug)]
pub(super) struct Portals {
    owner: u32,
    addresses: Vec<SocketAddr>,
    listeners: Vec<(TcpListener, Token)>,
    resting: Option<Instant>,
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
            resting: None,
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
            listener.set_nonblocking(true).map_err(failed)?;
            *address = listener.local_addr().map_err(failed)?;
            let token = reactor
                .watch(self.owner, &listener, Interest::READ)
                .map_err(failed)?;
            self.listeners.push((listener, token));
        }
        Ok(())
    }

    pub(super) fn close(&mut self, reactor: &mut Reactor) {
        for (listener, _) in self.listeners.drain(..) {
            reactor.forget(&listener);
        }
        self.resting = None;
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
        let (listener, _) = self.listeners.iter().find(|(_, t)| *t == token)?;
        let mut streams = Vec::new();
        while streams.len() < BATCH {
            match listener.accept() {
                Ok((stream, _)) => streams.push(stream),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The peer gave up before it was accepted.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections just now");
                    self.rest(reactor, now);
                    break;
                }
            }
        }
        Some(streams)
    }

    fn rest(&mut self, reactor: &mut Reactor, now: Instant) {
        self.resting = Some(now + REST);
        self.listen_for(reactor, Interest::NONE);
    }

    fn listen_for(&self, reactor: &mut Reactor, interest: Interest) {
        for (listener, token) in &self.listeners {
            if let Err(error) = reactor.change(*token, listener, interest) {
                tracing::error!(%error, "a portal is lost to the loop");
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.resting
    }

    pub(super) fn due(&mut self, reactor: &mut Reactor, now: Instant) {
        if self.resting.is_some_and(|at| at <= now) {
            self.resting = None;
            self.listen_for(reactor, Interest::READ);
        }
    }
}
