//! What waits to be fetched by the front end and the shell, and the names of links and pings.
//!
//! Owns the two queues, the routing of link and ping names to ports, and the randomness. Names are never used twice.

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use super::{Aen, Effect, Event, LinkId, PingId};

/// The queues of a card.
pub(super) struct Outbox {
    events: VecDeque<(usize, Event)>,
    effects: VecDeque<Effect>,
    links: BTreeMap<LinkId, (usize, u16)>,
    pings: BTreeMap<PingId, (usize, u32)>,
    next: u64,
    seed: [u8; 32],
    drawn: u64,
}

impl Outbox {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self {
            events: VecDeque::new(),
            effects: VecDeque::new(),
            links: BTreeMap::new(),
            pings: BTreeMap::new(),
            next: 0,
            seed,
            drawn: 0,
        }
    }

    pub(super) fn event(&mut self, port: usize, event: Event) {
        self.events.push_back((port, event));
    }

    pub(super) fn aen(&mut self, port: usize, aen: Aen) {
        tracing::debug!(port, ?aen, "aen");
        self.event(port, Event::Aen(aen));
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    pub(super) fn poll_event(&mut self) -> Option<(usize, Event)> {
        self.events.pop_front()
    }

    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// A new name for a link of a DDB.
    pub(super) fn new_link(&mut self, port: usize, ddb: u16) -> LinkId {
        self.next += 1;
        let link = LinkId(self.next);
        self.links.insert(link, (port, ddb));
        link
    }

    /// The DDB a link belongs to, while it lives.
    pub(super) fn link(&self, link: LinkId) -> Option<(usize, u16)> {
        self.links.get(&link).copied()
    }

    /// The link is gone; the shell knows.
    pub(super) fn forget_link(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    /// Closes a link at once.
    pub(super) fn close_link(&mut self, link: LinkId) {
        if self.links.remove(&link).is_some() {
            self.effects.push_back(Effect::Close { link });
        }
    }

    /// A new name for a ping.
    pub(super) fn new_ping(&mut self, port: usize, handle: u32) -> PingId {
        self.next += 1;
        let ping = PingId(self.next);
        self.pings.insert(ping, (port, handle));
        ping
    }

    /// The port and handle of a ping that ended.
    pub(super) fn take_ping(&mut self, ping: PingId) -> Option<(usize, u32)> {
        self.pings.remove(&ping)
    }

    /// How many pings of a port are under way.
    pub(super) fn pings_of(&self, port: usize) -> usize {
        self.pings.values().filter(|(of, _)| *of == port).count()
    }

    /// Pings of a port that was reset are forgotten.
    pub(super) fn forget_pings(&mut self, port: usize) {
        self.pings.retain(|_, (of, _)| *of != port);
    }

    /// 32 bytes nobody else has.
    pub(super) fn random(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.drawn.to_le_bytes());
        hash.finalize().into()
    }
}
