//! The stack as its owner sees it.

mod discovery;
mod input;
mod output;
mod pings;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use super::claims::{Claims, Due};
use super::echoes::Echoes;
use super::event::Event;
use super::local::Local;
use super::neighbours::Neighbours;
use super::path_mtu::PathMtus;
use super::reassembly::Reassembly;
use super::{Address, Answer, EchoEnd, Mac, Neighbour, NoWay, Route, Vlan, Way};
use crate::net::SMALLEST_MTU;
use crate::random::Random;

/// What a stack is told once.
#[derive(Clone)]
pub struct StackConfig {
    /// Our MAC address.
    pub mac: Mac,
    /// The tag of our frames; `None`: untagged.
    pub vlan: Option<Vlan>,
    /// Largest IP packet in bytes, 1280 at least.
    pub mtu: u16,
    /// Unpredictable bytes.
    pub seed: [u8; 32],
}

/// Counters since the stack was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Frames that were no use: damaged, for others, of unknown protocols.
    pub dropped: u64,
    /// Entries that were pushed out of a full table, and what a full table did not take.
    pub evicted: u64,
}

/// One interface on a link.
pub struct Stack {
    config: StackConfig,
    local: Local,
    neighbours: Neighbours,
    claims: Claims,
    echoes: Echoes,
    reassembly: Reassembly,
    path_mtus: PathMtus,
    /// What waits for a neighbour.
    parked: VecDeque<output::Parked>,
    identification: u32,
    frames: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    counters: Counters,
}

impl Stack {
    /// An interface without addresses.
    #[must_use]
    pub fn new(config: StackConfig) -> Self {
        let mut random = Random::new(&config.seed, b"stack");
        let drawn = random.next();
        Self {
            config: StackConfig {
                mtu: config.mtu.max(SMALLEST_MTU),
                ..config
            },
            local: Local::default(),
            neighbours: Neighbours::default(),
            claims: Claims::default(),
            echoes: Echoes::new((drawn >> 32) as u16),
            reassembly: Reassembly::default(),
            path_mtus: PathMtus::default(),
            parked: VecDeque::new(),
            identification: drawn as u32,
            frames: VecDeque::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Addresses and routes from now on, in the place of all others.
    pub fn set(&mut self, addresses: &[Address], routes: &[Route]) {
        let before: Vec<IpAddr> = self.local.addresses().iter().map(|a| a.address).collect();
        self.local.set(addresses, routes);
        self.claims.keep(|address| self.local.has(address));
        let new = self.local.addresses().iter().map(|a| a.address);
        let new: Vec<IpAddr> = new.filter(|a| !before.contains(a)).collect();
        self.listen(&new);
    }

    /// The addresses that are in use.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        self.local.addresses()
    }

    /// The largest packet on the link from now on, in bytes.
    pub fn set_mtu(&mut self, mtu: u16) {
        self.config.mtu = mtu.max(SMALLEST_MTU);
    }

    /// Where packets for `destination` go, from `source` when that is an address of ours.
    ///
    /// # Errors
    /// There is no way.
    pub fn way(&self, destination: IpAddr, source: Option<IpAddr>) -> Result<Way, NoWay> {
        self.local.way(destination, source)
    }

    /// The largest packet to `destination`, as far as routers told.
    #[must_use]
    pub fn path_mtu(&self, now: Instant, destination: IpAddr) -> u16 {
        self.path_mtus
            .get(now, destination)
            .unwrap_or(u16::MAX)
            .min(self.config.mtu)
    }

    /// Who has this address on the link? [`Answer::Asked`] ends with [`Event::Neighbour`].
    pub fn resolve(&mut self, now: Instant, next_hop: IpAddr) -> Answer {
        let answer = self.neighbours.resolve(now, next_hop);
        self.ask(now);
        answer
    }

    /// Questions on the link end: there is nobody to ask.
    pub fn link_lost(&mut self, now: Instant) {
        for address in self.neighbours.give_up(now) {
            self.neighbour_known(now, address, None);
        }
    }

    /// What an earlier process knew of a neighbour: used at once, and asked again.
    pub fn restore(&mut self, now: Instant, neighbour: &Neighbour) {
        self.neighbours.restore(now, neighbour);
        self.ask(now);
    }

    /// The neighbours it knows or asks for.
    #[must_use]
    pub fn neighbours(&self, now: Instant) -> Vec<Neighbour> {
        self.neighbours.list(now)
    }

    /// Asks the link whether somebody has this address already; ends with [`Event::Probed`].
    pub fn probe(&mut self, now: Instant, address: IpAddr) {
        if !self.claims.probe(now, address) {
            self.counters.evicted += 1;
            self.events.push_back(Event::Probed { address, taken: None });
            return;
        }
        self.listen(&[address]);
        self.claim(now);
    }

    /// Tells the link that this address is here.
    pub fn announce(&mut self, now: Instant, address: IpAddr) {
        self.claims.announce(now, address);
        self.claim(now);
    }

    /// Whether something is to be sent once a neighbour is known.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.parked.is_empty()
    }

    /// The next frame to send.
    pub fn poll_frame(&mut self) -> Option<Vec<u8>> {
        self.frames.pop_front()
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Stack::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let timers = [
            self.neighbours.poll_timeout(),
            self.claims.poll_timeout(),
            self.echoes.poll_timeout(),
        ];
        timers.into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.reassembly.expire(now);
        self.claim(now);
        self.ask(now);
        while let Some(id) = self.echoes.due(now) {
            self.echo_ended(id, EchoEnd::TimedOut);
        }
    }

    /// Counters.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let tables = [
            self.neighbours.evicted(),
            self.reassembly.evicted(),
            self.path_mtus.evicted(),
        ];
        Counters {
            evicted: self.counters.evicted + tables.iter().sum::<u64>(),
            ..self.counters
        }
    }

    /// Probes and announcements that are due.
    fn claim(&mut self, now: Instant) {
        while let Some(due) = self.claims.due(now) {
            match due {
                Due::Probe(address) => self.send_probe(address),
                Due::Announce(address) => self.send_announcement(address),
                Due::Free(address) => self.events.push_back(Event::Probed { address, taken: None }),
            }
        }
    }

    /// Questions that are due, and those that ended.
    fn ask(&mut self, now: Instant) {
        while let Some(due) = self.neighbours.due(now) {
            match due {
                Ok(question) => self.send_question(question),
                Err(address) => self.neighbour_known(now, address, None),
            }
        }
    }
}
