//! One interface: a stack, and the sources of the addresses that its configuration asks for.
//!
//! The stack and the sources know nothing of each other; what one wants of the other is carried here.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{Configured, InterfaceConfig, InterfaceStatus, NeighbourStatus, PortConfig};
use crate::address::{self, Addresses, Effect, Probed, Setup};
use crate::net::SMALLEST_MTU;
use crate::stack::{
    Address, Answer, Datagram, EchoEnd, Event, Frame, Neighbour, NoWay, Route, Stack, StackConfig, Way,
};

/// An interface of a port.
pub(super) struct Interface {
    pub(super) config: InterfaceConfig,
    stack: Stack,
    addresses: Addresses,
    /// What it can carry.
    mtu: u16,
    link: bool,
    news: VecDeque<News>,
}

/// What the port is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Addresses, routes, leases or the state are others.
    Changed,
    /// A neighbour that was asked for is there, or is not.
    Neighbour { address: IpAddr },
    /// An echo is over.
    Echo {
        number: u64,
        end: EchoEnd,
        took: Duration,
    },
}

impl Interface {
    /// Begins to acquire what `config` says.
    pub(super) fn new(port: &PortConfig, config: InterfaceConfig, link: bool, now: Instant) -> Self {
        let addresses = Addresses::new(now, &setup(port, &config), &config);
        Self::build(port, config, addresses, link, now)
    }

    /// Goes on with what an earlier process left.
    pub(super) fn resume(port: &PortConfig, saved: &InterfaceStatus, link: bool, now: Instant) -> Self {
        let addresses = Addresses::resume(now, &setup(port, &saved.config), saved);
        let mut made = Self::build(port, saved.config.clone(), addresses, link, now);
        for &NeighbourStatus { address, mac, age } in &saved.neighbours {
            made.stack.restore(now, &Neighbour { address, mac, age });
        }
        made.pump(now);
        made
    }

    fn build(
        port: &PortConfig,
        config: InterfaceConfig,
        addresses: Addresses,
        link: bool,
        now: Instant,
    ) -> Self {
        let Setup { mac, mtu, seed } = setup(port, &config);
        let stack = Stack::new(StackConfig {
            mac,
            vlan: config.vlan,
            mtu,
            seed,
        });
        let mut made = Self {
            config,
            stack,
            addresses,
            mtu,
            link,
            news: VecDeque::new(),
        };
        if !link {
            made.addresses.link(now, false);
        }
        made.pump(now);
        made
    }

    /// How far it is.
    pub(super) fn configured(&self) -> Configured {
        self.addresses.configured()
    }

    /// The way to `destination`; `None`: there is none, but addresses are being acquired.
    pub(super) fn way(&self, destination: IpAddr, source: Option<IpAddr>) -> Option<Result<Way, NoWay>> {
        match self.stack.way(destination, source) {
            Err(NoWay::Address | NoWay::Route) if self.acquires(destination) => None,
            way => Some(way),
        }
    }

    fn acquires(&self, destination: IpAddr) -> bool {
        let family = if destination.is_ipv4() {
            self.addresses.configured4()
        } else {
            self.addresses.configured6()
        };
        family == Some(Configured::Acquiring)
    }

    /// Largest packet over `way` to `destination`, when the kernel proposes `proposed` (0: nothing).
    ///
    /// What routers told holds beyond them only: qedi makes the answer the MTU of its whole host (`qedi_set_path`).
    pub(super) fn path_mtu(&self, now: Instant, destination: IpAddr, way: &Way, proposed: u16) -> u16 {
        let told = self.config.mtu.or(self.addresses.mtu());
        let link = if told.is_none() && proposed > 0 {
            proposed
        } else {
            self.link_mtu()
        };
        if way.routed {
            link.min(self.stack.path_mtu(now, destination))
        } else {
            link
        }
    }

    fn link_mtu(&self) -> u16 {
        self.addresses
            .mtu()
            .unwrap_or(self.mtu)
            .clamp(SMALLEST_MTU, self.mtu)
    }

    pub(super) fn resolve(&mut self, now: Instant, next_hop: IpAddr) -> Answer {
        let answer = self.stack.resolve(now, next_hop);
        self.pump(now);
        answer
    }

    pub(super) fn frame(&mut self, now: Instant, frame: &Frame<'_>) {
        self.stack.frame(now, frame);
        self.pump(now);
    }

    pub(super) fn echo(&mut self, now: Instant, number: u64, to: IpAddr, size: usize, limit: Instant) {
        self.stack.echo(now, number, to, size, limit);
        self.pump(now);
    }

    pub(super) fn link(&mut self, now: Instant, up: bool) {
        self.link = up;
        if !up {
            self.stack.link_lost(now);
        }
        self.addresses.link(now, up);
        self.pump(now);
    }

    /// Gives back what it has. That is done when [`Interface::is_waiting`] says so.
    pub(super) fn release(&mut self, now: Instant) {
        self.addresses.release(now);
        self.pump(now);
    }

    /// Whether something is to be sent once a neighbour is known.
    pub(super) fn is_waiting(&self) -> bool {
        self.stack.is_waiting()
    }

    pub(super) fn poll_frame(&mut self) -> Option<Vec<u8>> {
        self.stack.poll_frame()
    }

    pub(super) fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.stack.poll_timeout(), self.addresses.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.addresses.handle_timeout(now);
        self.stack.handle_timeout(now);
        self.pump(now);
    }

    pub(super) fn counters(&self) -> crate::stack::Counters {
        self.stack.counters()
    }

    pub(super) fn status(&self, now: Instant) -> InterfaceStatus {
        let neighbours = self.stack.neighbours(now).into_iter();
        InterfaceStatus {
            config: self.config.clone(),
            state: self.configured(),
            addresses: self.addresses.status(now),
            routers: self.addresses.routers(),
            leases: self.addresses.leases(now),
            neighbours: neighbours
                .map(|Neighbour { address, mac, age }| NeighbourStatus { address, mac, age })
                .collect(),
        }
    }

    /// Carries what each side wants to the other until both are silent.
    fn pump(&mut self, now: Instant) {
        loop {
            if let Some(effect) = self.addresses.poll() {
                self.carry(now, effect);
            } else if let Some(event) = self.stack.poll_event() {
                self.hear(now, event);
            } else {
                return;
            }
        }
    }

    /// The sources of addresses want something.
    fn carry(&mut self, now: Instant, effect: Effect) {
        match effect {
            Effect::Udp(address::Datagram {
                source,
                destination,
                payload,
            }) => {
                self.stack.send_udp(
                    now,
                    Datagram {
                        source,
                        destination,
                        payload,
                    },
                );
            }
            Effect::SolicitRouter => self.stack.solicit_router(),
            Effect::Probe(address) => self.stack.probe(now, address),
            Effect::Announce(address) => self.stack.announce(now, address),
            Effect::Lost { .. } | Effect::Changed => self.use_addresses(),
        }
    }

    fn use_addresses(&mut self) {
        let held = self.addresses.addresses();
        let addresses: Vec<_> = held
            .iter()
            .map(|h| Address {
                address: h.address,
                prefix: h.prefix,
                preferred: h.preferred,
            })
            .collect();
        let routes = self.addresses.routes();
        let routes: Vec<_> = routes
            .iter()
            .map(|r| Route {
                destination: r.destination,
                prefix: r.prefix,
                gateway: r.gateway,
            })
            .collect();
        self.stack.set(&addresses, &routes);
        self.stack.set_mtu(self.link_mtu());
        self.news.push_back(News::Changed);
    }

    /// The link said something.
    fn hear(&mut self, now: Instant, event: Event) {
        match event {
            Event::Udp(Datagram {
                source,
                destination,
                payload,
            }) => {
                self.addresses.datagram(
                    now,
                    &address::Datagram {
                        source,
                        destination,
                        payload: &payload,
                    },
                );
            }
            Event::Probed { address, taken } => {
                let said = if taken.is_some() {
                    Probed::Taken
                } else {
                    Probed::Free
                };
                self.addresses.probed(now, address, said);
            }
            Event::Conflict { address, .. } => self.addresses.conflict(now, address),
            Event::RouterAdvertisement { router, message } => {
                self.addresses.router_advertisement(now, router, &message);
            }
            Event::Neighbour { address, mac } => {
                if mac.is_none() && self.link {
                    self.addresses.router_silent(address);
                }
                self.news.push_back(News::Neighbour { address });
            }
            Event::Echo { id, end, took } => self.news.push_back(News::Echo {
                number: id,
                end,
                took,
            }),
        }
    }
}

/// VLAN ID of a configuration; 0: untagged.
pub(super) fn vlan_id(config: &InterfaceConfig) -> u16 {
    config.vlan.map_or(0, |v| v.id)
}

/// What an interface of this configuration is to its sources. Each VLAN has numbers of its own.
fn setup(port: &PortConfig, config: &InterfaceConfig) -> Setup {
    let mtu = config.mtu.unwrap_or(port.mtu).min(port.mtu).max(SMALLEST_MTU);
    let mut seed = port.seed;
    for (byte, of_vlan) in seed.iter_mut().zip(vlan_id(config).to_be_bytes()) {
        *byte ^= of_vlan;
    }
    Setup {
        mac: port.mac,
        mtu,
        seed,
    }
}
