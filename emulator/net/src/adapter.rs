//! Executes what hardware wants done: connects, takes over, sends, closes, echoes.
//!
//! Owns the TCP links and echoes of one card, or of one driver that is its own hardware. It must not know what the bytes mean nor what a port is for. Source of the
//! seam: docs/architecture.md, "The firmware".

use std::collections::{BTreeMap, HashMap};
use std::io::{self, IoSlice};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::hardware::{Effect, Hardware, LinkId, PingId, PingStatus};
use crate::link::{Duplex, Link, Pumped};
use crate::pcap::{Capture, Opened};
use crate::ping::{Echo, EchoEnd};
use crate::reactor::{Interest, Reactor, Ready, Token};

/// How long a connect may take before the firmware hears that it failed.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// What a connect comes to while connections are refused.
const REFUSED: iscsi::LinkLoss = iscsi::LinkLoss::Os(nix::errno::Errno::ECONNREFUSED as i32);

/// The links and echoes of one card.
#[derive(Debug)]
pub struct AdapterLinks {
    owner: u32,
    links: BTreeMap<LinkId, Open>,
    echoes: BTreeMap<PingId, Echo>,
    tokens: HashMap<Token, Target>,
    next_echo: u16,
    /// New connections fail as if nobody listened (fault injection).
    refuse: bool,
    /// How long what peers send is held back (fault injection).
    delay: Duration,
    held: BTreeMap<LinkId, Instant>,
    capture: Option<Capture>,
}

#[derive(Debug)]
struct Open {
    link: Link,
    /// While connecting: when to give up.
    connect_by: Instant,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Link(LinkId),
    Echo(PingId),
}

impl AdapterLinks {
    /// No links yet. They will be registered under actor `owner`.
    #[must_use]
    pub fn new(owner: u32) -> Self {
        Self {
            owner,
            links: BTreeMap::new(),
            echoes: BTreeMap::new(),
            tokens: HashMap::new(),
            next_echo: 0,
            refuse: false,
            delay: Duration::ZERO,
            held: BTreeMap::new(),
            capture: None,
        }
    }

    /// Fault injection: new connections fail with ECONNREFUSED while this is on.
    pub fn refuse_connects(&mut self, refuse: bool) {
        self.refuse = refuse;
    }

    /// Fault injection: what peers send is held back so long; zero ends it.
    pub fn hold_back(&mut self, delay: Duration) {
        self.delay = delay;
    }

    /// Connections made from now on are captured.
    pub fn capture(&mut self, capture: Capture) {
        self.capture = Some(capture);
    }

    /// How many TCP connections are open or being opened.
    #[must_use]
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether no TCP connection is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// A descriptor is ready. Returns whether it was one of this card's. Call [`AdapterLinks::settle`] afterwards.
    pub fn ready(
        &mut self,
        reactor: &mut Reactor,
        card: &mut dyn Hardware,
        now: Instant,
        ready: Ready,
    ) -> bool {
        match self.tokens.get(&ready.token).copied() {
            Some(Target::Link(id)) => self.link_ready(reactor, card, now, id, ready),
            Some(Target::Echo(id)) => self.echo_ready(reactor, card, now, id),
            None => return false,
        }
        true
    }

    /// Executes the card's orders until it has no more. Call after anything that may have given the card something to say.
    pub fn settle(&mut self, reactor: &mut Reactor, card: &mut dyn Hardware, now: Instant) {
        while let Some(effect) = card.poll_effect() {
            match effect {
                Effect::Connect { link, .. } if self.refuse => card.connect_failed(now, link, REFUSED),
                Effect::Adopt { link, .. } if self.refuse => {
                    card.connect_failed(now, link, iscsi::LinkLoss::Reset);
                }
                Effect::Connect { link, to, source } => {
                    match Link::connect(reactor, self.owner, to, source) {
                        Ok(open) => self.keep(now, link, open),
                        Err(error) => card.connect_failed(now, link, loss(&error)),
                    }
                }
                Effect::Adopt { link, stream } => self.adopt(reactor, card, now, link, stream),
                Effect::Send { link } => self.pump(reactor, card, now, link, false),
                Effect::Close { link } => self.drop_link(reactor, link),
                Effect::Ping {
                    ping,
                    to,
                    source,
                    size,
                } => {
                    self.next_echo = self.next_echo.wrapping_add(1).max(1);
                    match Echo::send(reactor, self.owner, to, source, size, self.next_echo, now) {
                        Ok(echo) => {
                            self.tokens.insert(echo.token(), Target::Echo(ping));
                            self.echoes.insert(ping, echo);
                        }
                        Err(end) => card.ping_done(now, ping, status(end)),
                    }
                }
            }
        }
    }

    fn keep(&mut self, now: Instant, id: LinkId, link: Link) {
        self.tokens.insert(link.token(), Target::Link(id));
        let connect_by = now + CONNECT_LIMIT;
        self.links.insert(id, Open { link, connect_by });
    }

    /// A connection that stands already.
    fn adopt(
        &mut self,
        reactor: &mut Reactor,
        card: &mut dyn Hardware,
        now: Instant,
        id: LinkId,
        stream: TcpStream,
    ) {
        let taken = stream
            .local_addr()
            .and_then(|local| Ok((local, Link::accepted(reactor, self.owner, stream)?)));
        match taken {
            Ok((local, mut link)) => {
                if let Some(capture) = &self.capture {
                    link.capture(capture, Opened::Here);
                }
                self.keep(now, id, link);
                card.connected(now, id, local);
                self.pump(reactor, card, now, id, false);
            }
            Err(error) => card.connect_failed(now, id, loss(&error)),
        }
    }

    /// When [`AdapterLinks::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let connects = self
            .links
            .values()
            .filter(|open| open.link.is_connecting())
            .map(|open| open.connect_by);
        let echoes = self.echoes.values().map(Echo::deadline);
        connects.chain(echoes).chain(self.held.values().copied()).min()
    }

    /// Time has passed: connects and echoes that took too long are given up.
    pub fn handle_timeout(&mut self, reactor: &mut Reactor, card: &mut dyn Hardware, now: Instant) {
        let late = self
            .links
            .iter()
            .filter(|(_, open)| open.link.is_connecting() && open.connect_by <= now);
        let late: Vec<LinkId> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.drop_link(reactor, id);
            card.connect_failed(now, id, iscsi::LinkLoss::TimedOut);
        }
        let late = self.held.iter().filter(|(_, at)| **at <= now);
        let late: Vec<LinkId> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.held.remove(&id);
            if let Some(open) = self.links.get(&id) {
                // A failure shows itself at the next read.
                let _ = reactor.change(open.link.token(), &open.link, Interest::READ);
            }
            self.pump(reactor, card, now, id, true);
        }
        let late: Vec<PingId> = self
            .echoes
            .iter()
            .filter(|(_, echo)| echo.deadline() <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.echo_ready(reactor, card, now, id);
        }
    }

    fn link_ready(
        &mut self,
        reactor: &mut Reactor,
        card: &mut dyn Hardware,
        now: Instant,
        id: LinkId,
        ready: Ready,
    ) {
        let Some(open) = self.links.get_mut(&id) else {
            return;
        };
        if open.link.is_connecting() {
            match open.link.finish_connect(reactor) {
                Ok(local) => {
                    if let Some(capture) = &self.capture {
                        open.link.capture(capture, Opened::Here);
                    }
                    card.connected(now, id, local);
                }
                Err(error) => {
                    self.drop_link(reactor, id);
                    card.connect_failed(now, id, loss(&error));
                    return;
                }
            }
        }
        if ready.readable && !self.delay.is_zero() {
            // Not looked at until the time is over; the card hears nothing of it before.
            if let Some(open) = self.links.get(&id)
                && reactor
                    .change(open.link.token(), &open.link, Interest::NONE)
                    .is_ok()
            {
                self.held.entry(id).or_insert(now + self.delay);
                return;
            }
        }
        self.pump(reactor, card, now, id, ready.readable);
    }

    fn pump(
        &mut self,
        reactor: &mut Reactor,
        card: &mut dyn Hardware,
        now: Instant,
        id: LinkId,
        readable: bool,
    ) {
        let Some(open) = self.links.get_mut(&id) else {
            return;
        };
        let why = match open.link.pump(reactor, &mut CardLink { card, id }, now, readable) {
            Pumped::Open => return,
            Pumped::Done => iscsi::LinkLoss::Local,
            Pumped::PeerClosed => iscsi::LinkLoss::PeerClosed,
            Pumped::Failed(error) => loss(&error),
        };
        self.drop_link(reactor, id);
        card.closed(now, id, why);
    }

    fn echo_ready(&mut self, reactor: &mut Reactor, card: &mut dyn Hardware, now: Instant, id: PingId) {
        let Some(end) = self.echoes.get(&id).and_then(|echo| echo.progress(now)) else {
            return;
        };
        if let Some(echo) = self.echoes.remove(&id) {
            self.tokens.remove(&echo.token());
            echo.close(reactor);
        }
        card.ping_done(now, id, status(end));
    }

    fn drop_link(&mut self, reactor: &mut Reactor, id: LinkId) {
        self.held.remove(&id);
        if let Some(open) = self.links.remove(&id) {
            self.tokens.remove(&open.link.token());
            open.link.close(reactor);
        }
    }
}

/// One link of the card, as the shell's [`Link`] wants to see it.
struct CardLink<'a> {
    card: &'a mut dyn Hardware,
    id: LinkId,
}

impl Duplex for CardLink<'_> {
    fn read_slot(&mut self) -> &mut [u8] {
        self.card.read_slot(self.id)
    }
    fn received(&mut self, now: Instant, n: usize) {
        self.card.received(now, self.id, n);
    }
    fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        self.card.write_slices(self.id, out);
    }
    fn sent(&mut self, now: Instant, n: usize) {
        self.card.sent(now, self.id, n);
    }
    fn wants_close(&self) -> bool {
        self.card.wants_close(self.id)
    }
}

/// A socket error in the engines' words.
fn loss(error: &io::Error) -> iscsi::LinkLoss {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => iscsi::LinkLoss::Reset,
        io::ErrorKind::TimedOut => iscsi::LinkLoss::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            iscsi::LinkLoss::Unreachable
        }
        _ => iscsi::LinkLoss::Os(error.raw_os_error().unwrap_or(0)),
    }
}

fn status(end: EchoEnd) -> PingStatus {
    match end {
        EchoEnd::Answered => PingStatus::Success,
        EchoEnd::TimedOut => PingStatus::Timeout,
        EchoEnd::Unreachable => PingStatus::InvalidDestination,
        EchoEnd::Oversized => PingStatus::OversizedPacket,
        EchoEnd::Failed => PingStatus::IcmpError,
    }
}

#[cfg(test)]
mod tests;
