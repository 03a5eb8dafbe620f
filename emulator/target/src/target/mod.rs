//! The served target: an actor on the reactor that owns portals, sessions and logical units.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::time::Instant;

use emu_net::reactor::{Interest, Reactor, Ready, Token};
use emu_net::run::Actor;

use crate::config::TargetConfig;
use crate::error::TargetError;
use crate::fault::Fault;

/// A target with its portals open.
#[derive(Debug)]
pub struct Target {
    portals: Vec<SocketAddr>,
    listeners: Vec<(TcpListener, Token)>,
    orders: Option<(OwnedFd, Token)>,
    owner: u32,
    finished: bool,
}

impl Target {
    /// Opens the logical units and the portals as actor `owner` of the reactor.
    ///
    /// # Errors
    /// [`TargetError`] names what cannot be opened.
    pub fn bind(reactor: &mut Reactor, owner: u32, config: TargetConfig) -> Result<Self, TargetError> {
        if config.listen.is_empty() {
            return Err(TargetError::NoPortal);
        }
        let mut portals = Vec::new();
        let mut listeners = Vec::new();
        for portal in config.listen {
            let failed = |source| TargetError::Listen { portal, source };
            let listener = TcpListener::bind(portal).map_err(failed)?;
            listener.set_nonblocking(true).map_err(failed)?;
            portals.push(listener.local_addr().map_err(failed)?);
            let token = reactor.watch(owner, &listener, Interest::READ).map_err(failed)?;
            listeners.push((listener, token));
        }
        Ok(Self {
            portals,
            listeners,
            orders: None,
            owner,
            finished: false,
        })
    }

    /// The portals with their real ports, in the order of the configuration.
    #[must_use]
    pub fn portals(&self) -> &[SocketAddr] {
        &self.portals
    }

    /// Asks every initiator to log out, closes the portals, and finishes when all are gone or the drain time is over.
    pub fn stop(&mut self, reactor: &mut Reactor, _now: Instant) {
        for (listener, _) in self.listeners.drain(..) {
            reactor.forget(&listener);
        }
        self.finished = true;
    }

    /// Goes wrong in the way asked for, from now on.
    ///
    /// # Errors
    /// Why the fault cannot be had.
    pub fn fault(&mut self, _reactor: &mut Reactor, _now: Instant, _fault: &Fault) -> Result<(), String> {
        Err("no session engine".to_owned())
    }

    pub(crate) fn take_orders(&mut self, reactor: &mut Reactor, fd: OwnedFd) -> Result<(), TargetError> {
        let token = reactor.watch(self.owner, &fd, Interest::READ)?;
        self.orders = Some((fd, token));
        Ok(())
    }
}

impl Actor for Target {
    fn ready(&mut self, _reactor: &mut Reactor, _now: Instant, ready: Ready) {
        if self
            .orders
            .as_ref()
            .is_some_and(|(_, token)| *token == ready.token)
            && ready.hangup
        {
            self.finished = true;
        }
        for (listener, token) in &self.listeners {
            if *token == ready.token {
                drop(listener.accept());
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn tick(&mut self, _reactor: &mut Reactor, _now: Instant) {}

    fn finished(&self) -> bool {
        self.finished
    }
}
