//! The stack as its owner sees it.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use smoltcp::wire::EthernetProtocol;

use super::arp::Arp;
use super::ethernet::{self, Frame};
use super::event::Event;
use super::local::{self, Local};
use super::neighbours::{Neighbours, Question, Told};
use super::{Address, Answer, Mac, Neighbour, NoWay, Route, Vlan, Way};

/// Frames that wait to be taken; beyond that they are dropped and counted.
const FRAMES: usize = 1024;

/// What a stack is told once.
#[derive(Clone)]
pub struct StackConfig {
    /// Our MAC address.
    pub mac: Mac,
    /// The tag of our frames; `None`: untagged.
    pub vlan: Option<Vlan>,
    /// Largest IP packet in bytes.
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
    frames: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
    counters: Counters,
}

impl Stack {
    /// An interface without addresses.
    #[must_use]
    pub fn new(config: StackConfig) -> Self {
        Self {
            config,
            local: Local::default(),
            neighbours: Neighbours::default(),
            frames: VecDeque::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// Addresses and routes from now on, in the place of all others.
    pub fn set(&mut self, now: Instant, addresses: &[Address], routes: &[Route]) {
        let _ = now;
        self.local.set(addresses, routes);
    }

    /// The addresses that are in use.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        self.local.addresses()
    }

    /// Where packets for `destination` go, from `source` when that is an address of ours.
    ///
    /// # Errors
    /// There is no way.
    pub fn way(&self, destination: IpAddr, source: Option<IpAddr>) -> Result<Way, NoWay> {
        self.local.way(destination, source)
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
            self.events.push_back(Event::Neighbour { address, mac: None });
        }
    }

    /// What an earlier process knew of a neighbour: used at once, and asked again.
    pub fn restore(&mut self, now: Instant, neighbour: &Neighbour) {
        self.neighbours.restore(now, neighbour);
    }

    /// The neighbours it knows or asks for.
    #[must_use]
    pub fn neighbours(&self, now: Instant) -> Vec<Neighbour> {
        self.neighbours.list(now)
    }

    /// A frame on this interface's VLAN, whatever it is.
    pub fn frame(&mut self, now: Instant, frame: &Frame<'_>) {
        let used = frame.from != self.config.mac
            && match frame.protocol {
                EthernetProtocol::Arp => self.arp(now, frame),
                _ => None,
            }
            .is_some();
        if !used {
            self.counters.dropped += 1;
        }
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
        self.neighbours.poll_timeout()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.ask(now);
    }

    /// Counters.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            evicted: self.counters.evicted + self.neighbours.evicted(),
            ..self.counters
        }
    }

    /// Questions that are due, and those that ended.
    fn ask(&mut self, now: Instant) {
        while let Some(due) = self.neighbours.due(now) {
            match due {
                Ok(Question {
                    address: IpAddr::V4(address),
                    whom,
                }) => self.arp_request(address, whom),
                Ok(Question { .. }) => {}
                Err(address) => self.events.push_back(Event::Neighbour { address, mac: None }),
            }
        }
    }

    fn arp_request(&mut self, target: Ipv4Addr, whom: Option<Mac>) {
        let Some(IpAddr::V4(source)) = self.local.source(target.into(), None) else {
            return;
        };
        let arp = Arp {
            request: true,
            sender: (self.config.mac, source),
            target: ([0; 6], target),
        };
        self.send(arp.frame(whom.unwrap_or(ethernet::BROADCAST), self.config.vlan));
    }

    /// `None`: of no use.
    fn arp(&mut self, now: Instant, frame: &Frame<'_>) -> Option<()> {
        let arp = Arp::parse(frame.payload)?;
        let (mac, address) = arp.sender;
        if mac == self.config.mac {
            return None;
        }
        if local::is_unicast4(address) {
            if self.local.has(address) {
                self.events.push_back(Event::Conflict {
                    address: address.into(),
                    mac,
                });
                return Some(());
            }
            let solicited = !arp.request && arp.target.0 == self.config.mac;
            self.heard(
                now,
                address.into(),
                Told {
                    mac,
                    solicited,
                    replaces: true,
                },
            );
        } else if !address.is_unspecified() {
            return None;
        }
        if arp.request && self.local.has(arp.target.1) {
            let reply = Arp {
                request: false,
                sender: (self.config.mac, arp.target.1),
                target: arp.sender,
            };
            self.send(reply.frame(mac, self.config.vlan));
        }
        Some(())
    }

    fn heard(&mut self, now: Instant, address: IpAddr, told: Told) {
        if self.neighbours.heard(now, address, told) {
            self.events.push_back(Event::Neighbour {
                address,
                mac: Some(told.mac),
            });
        }
    }

    fn send(&mut self, frame: Vec<u8>) {
        if self.frames.len() < FRAMES {
            self.frames.push_back(frame);
        } else {
            self.counters.dropped += 1;
        }
    }
}
