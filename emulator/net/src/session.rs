//! One iSCSI session as an initiator: the engine on a TCP link.
//!
//! Owns the pair and the order of calls between them. What events mean is the owner's matter ([`Owner`]). The adapter does not use
//! it, its firmware has its own links; it is for whoever needs an initiator without an adapter.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Instant;

use iscsi::LinkLoss;
use iscsi::initiator::{Config, Event, Initiator};

use crate::link::{Duplex, Link, Pumped};
use crate::reactor::{Reactor, Ready, Token};

/// Who decides what the session does.
pub trait Owner {
    /// Something happened; new commands go to `engine`.
    fn event(&mut self, engine: &mut Initiator, now: Instant, event: Event);
}

/// A session, from its connect to its end.
pub struct Session {
    link: Option<Link>,
    /// Until the connection stands.
    config: Option<Config>,
    engine: Option<Box<Initiator>>,
}

impl Session {
    /// Starts to connect; the login follows by itself.
    ///
    /// # Errors
    /// As [`Link::connect`].
    pub fn connect(reactor: &mut Reactor, owner: u32, to: SocketAddr, config: Config) -> io::Result<Self> {
        Ok(Self {
            link: Some(Link::connect(reactor, owner, to, None)?),
            config: Some(config),
            engine: None,
        })
    }

    /// The token readiness is reported under; `None` when the session is over.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.link.as_ref().map(Link::token)
    }

    /// The engine, once the connection stands. Call [`Session::settle`] after giving it something to do.
    pub fn engine(&mut self) -> Option<&mut Initiator> {
        self.engine.as_deref_mut()
    }

    /// The descriptor is ready.
    ///
    /// # Errors
    /// Why the connect failed. Later losses are events.
    pub fn ready(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        ready: Ready,
        owner: &mut impl Owner,
    ) -> io::Result<()> {
        let Some(link) = &mut self.link else { return Ok(()) };
        if link.is_connecting()
            && let Some(config) = self.config.take()
        {
            if let Err(error) = link.finish_connect(reactor) {
                self.close(reactor);
                return Err(error);
            }
            self.engine = Some(Box::new(Initiator::new(config, now)));
        }
        self.pump(reactor, now, ready.readable, owner);
        Ok(())
    }

    /// Sends what the engine has to say and tells the owner what happened.
    pub fn settle(&mut self, reactor: &mut Reactor, now: Instant, owner: &mut impl Owner) {
        self.pump(reactor, now, false, owner);
    }

    /// When [`Session::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.engine.as_ref()?.poll_timeout()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, reactor: &mut Reactor, now: Instant, owner: &mut impl Owner) {
        if let Some(engine) = self.engine.as_deref_mut() {
            engine.handle_timeout(now);
            self.pump(reactor, now, false, owner);
        }
    }

    fn pump(&mut self, reactor: &mut Reactor, now: Instant, readable: bool, owner: &mut impl Owner) {
        let (Some(link), Some(engine)) = (&mut self.link, self.engine.as_deref_mut()) else {
            return;
        };
        let mut driver = Driver { engine, owner };
        driver.tell(now);
        let why = match link.pump(reactor, &mut driver, now, readable) {
            Pumped::Open => return,
            Pumped::Done => LinkLoss::Local,
            Pumped::PeerClosed => LinkLoss::PeerClosed,
            Pumped::Failed(error) => LinkLoss::Os(error.raw_os_error().unwrap_or(0)),
        };
        driver.engine.closed(now, why);
        driver.tell(now);
        self.close(reactor);
    }

    fn close(&mut self, reactor: &mut Reactor) {
        if let Some(link) = self.link.take() {
            link.close(reactor);
        }
    }
}

/// The engine with its owner at hand.
struct Driver<'a, O> {
    engine: &'a mut Initiator,
    owner: &'a mut O,
}

impl<O: Owner> Driver<'_, O> {
    fn tell(&mut self, now: Instant) {
        while let Some(event) = self.engine.poll_event() {
            self.owner.event(self.engine, now, event);
        }
    }
}

impl<O: Owner> Duplex for Driver<'_, O> {
    fn read_slot(&mut self) -> &mut [u8] {
        self.engine.read_slot()
    }

    fn received(&mut self, now: Instant, n: usize) {
        self.engine.received(now, n);
        self.tell(now);
    }

    fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        self.engine.write_slices(out);
    }

    fn sent(&mut self, now: Instant, n: usize) {
        self.engine.sent(now, n);
    }

    fn wants_close(&self) -> bool {
        self.engine.wants_close()
    }
}
