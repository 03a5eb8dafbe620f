//! The port as its owner sees it.

mod leaving;
mod paths;
mod users;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use driver_sys::netlink::Path;

use self::leaving::Leaving;
use super::interface::{Interface, News, vlan_id};
use super::pings::Pings;
use super::requests::{self, Request, Requests, Waits};
use super::{
    Configured, Counters, Effect, InterfaceConfig, InterfaceStatus, Ping, PingEnd, PingId, PortConfig,
    PortStatus,
};
use crate::stack::Frame;

/// Interfaces of a port; more are refused.
const INTERFACES: usize = 64;
/// 802.1Q, table 9-2: 4095 is reserved.
const LAST_VLAN: u16 = 4094;

/// One port of an adapter.
pub struct Port {
    config: PortConfig,
    link: bool,
    interfaces: BTreeMap<u16, Interface>,
    /// VLANs whose interface is the untagged one's configuration.
    inherited: BTreeSet<u16>,
    requests: Requests,
    pings: Pings,
    effects: VecDeque<Effect>,
    leaving: Leaving,
    /// Whether [`Effect::Changed`] is to be told.
    changed: bool,
    counters: Counters,
}

impl Port {
    /// A port without interfaces; its link is taken to be up.
    #[must_use]
    pub fn new(config: PortConfig, now: Instant) -> Self {
        let _ = now;
        Self {
            config,
            link: true,
            interfaces: BTreeMap::new(),
            inherited: BTreeSet::new(),
            requests: Requests::default(),
            pings: Pings::default(),
            effects: VecDeque::new(),
            leaving: Leaving::default(),
            changed: false,
            counters: Counters::default(),
        }
    }

    /// An interface gets this configuration, in the place of the one on its VLAN. One that does not differ disturbs nothing; one
    /// whose addresses come from where they came from keeps them.
    pub fn configure(&mut self, now: Instant, interface: InterfaceConfig) -> Configured {
        let id = vlan_id(&interface);
        if id > LAST_VLAN {
            tracing::error!(host = self.config.host, vlan = id, "there is no such VLAN");
            return Configured::Failed;
        }
        self.inherited.remove(&id);
        let made = match self.interfaces.get(&id) {
            Some(present) if present.config == interface => return present.configured(),
            Some(present) if same_sources(&present.config, &interface) => {
                let saved = InterfaceStatus {
                    config: interface,
                    ..present.status(now)
                };
                Interface::resume(&self.config, &saved, self.link, now)
            }
            Some(_) => {
                self.remove(now, id);
                if id == 0 {
                    self.disinherit(now);
                }
                Interface::new(&self.config, interface, self.link, now)
            }
            None if self.interfaces.len() >= INTERFACES => {
                self.counters.evicted += 1;
                tracing::warn!(
                    host = self.config.host,
                    vlan = id,
                    "a port has no more than {INTERFACES} interfaces"
                );
                return Configured::Failed;
            }
            None => Interface::new(&self.config, interface, self.link, now),
        };
        self.insert(now, id, made)
    }

    /// What an earlier process left: an interface with its leases and neighbours. Nothing is asked for that is still good.
    pub fn resume(&mut self, now: Instant, interface: &InterfaceStatus) {
        let id = vlan_id(&interface.config);
        if self.interfaces.contains_key(&id) || self.interfaces.len() >= INTERFACES || id > LAST_VLAN {
            return;
        }
        if let Some(untagged) = self.interfaces.get(&0)
            && interface.config
                == (InterfaceConfig {
                    vlan: interface.config.vlan,
                    ..untagged.config.clone()
                })
        {
            self.inherited.insert(id);
        }
        let made = Interface::resume(&self.config, interface, self.link, now);
        self.insert(now, id, made);
    }

    /// How far the interface on a VLAN is; `None`: there is none.
    #[must_use]
    pub fn configured(&self, vlan_id: u16) -> Option<Configured> {
        self.interfaces.get(&vlan_id).map(Interface::configured)
    }

    /// The kernel wants a path. It is always answered, by [`Effect::Path`] with the same handle.
    pub fn path_request(&mut self, now: Instant, path: Path) {
        self.counters.requests += 1;
        if !self.requests.has_room() {
            self.counters.evicted += 1;
            tracing::warn!(
                host = self.config.host,
                pending = self.requests.len(),
                "too many path requests wait; this one is refused"
            );
            self.refuse(&path);
            return;
        }
        self.inherit(now, path.vlan_id);
        let request = Request {
            path,
            limit: now + requests::LIMIT,
            waits: Waits::Interface,
        };
        self.advance(now, request);
        self.settle(now);
    }

    /// The kernel says that the interface is down (`ISCSI_KEVENT_IF_DOWN`): leases are released, requests answered, interfaces go.
    pub fn down(&mut self, now: Instant) {
        self.refuse_all();
        let ids: Vec<u16> = self.interfaces.keys().copied().collect();
        for id in ids {
            self.remove(now, id);
        }
        for number in self.pings.waiting() {
            self.ping_over(number, PingEnd::NoAddress, Duration::ZERO);
        }
    }

    /// The ring's link came or went. Requests that wait are answered when it goes; those that come while there is none wait for it.
    pub fn link(&mut self, now: Instant, up: bool) {
        if std::mem::replace(&mut self.link, up) == up {
            return;
        }
        self.changed = true;
        if !up {
            self.refuse_all();
        }
        for interface in self.interfaces.values_mut() {
            interface.link(now, up);
        }
        self.settle(now);
        self.try_again(now);
    }

    /// An echo; ends with [`Effect::PingDone`].
    pub fn ping(&mut self, now: Instant, id: PingId, ping: Ping) {
        match self.pings.begin(now, id, ping) {
            Some(number) => self.try_ping(now, number),
            None => {
                self.counters.evicted += 1;
                let end = PingEnd::Unreachable;
                self.effects.push_back(Effect::PingDone {
                    id,
                    end,
                    took: Duration::ZERO,
                });
            }
        }
        self.settle(now);
    }

    /// A frame from the ring, whatever it is.
    pub fn frame(&mut self, now: Instant, frame: &[u8]) {
        self.counters.received += 1;
        let frame = Frame::parse(frame);
        if let Some(frame) = &frame {
            self.leaving.frame(now, frame);
        }
        let taken = frame.and_then(|f| Some((self.interfaces.get_mut(&f.vlan_id)?, f)));
        match taken {
            Some((interface, frame)) => interface.frame(now, &frame),
            None => self.counters.dropped += 1,
        }
        self.settle(now);
    }

    /// What is to be done, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        if let Some(effect) = self.effects.pop_front() {
            return Some(effect);
        }
        let frame = self.leaving.poll_frame();
        if let Some(frame) = frame.or_else(|| self.interfaces.values_mut().find_map(Interface::poll_frame)) {
            self.counters.sent += 1;
            return Some(Effect::Send(frame));
        }
        std::mem::take(&mut self.changed).then_some(Effect::Changed)
    }

    /// When [`Port::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let interfaces = self.interfaces.values().filter_map(Interface::poll_timeout);
        let others = [
            self.requests.poll_timeout(),
            self.pings.poll_timeout(),
            self.leaving.poll_timeout(),
        ];
        interfaces.chain(others.into_iter().flatten()).min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.leaving.handle_timeout(now);
        for interface in self.interfaces.values_mut() {
            interface.handle_timeout(now);
        }
        self.settle(now);
        for request in self.requests.take(|r| r.limit <= now) {
            let destination = request.path.dst();
            let limit = requests::LIMIT;
            tracing::warn!(host = self.config.host, ?destination, waits = ?request.waits, "no path after {limit:?}");
            self.refuse(&request.path);
        }
        for number in self.pings.late(now) {
            self.ping_over(number, PingEnd::TimedOut, Duration::ZERO);
        }
    }

    /// What it shows.
    #[must_use]
    pub fn status(&self, now: Instant) -> PortStatus {
        let mut counters = self.counters;
        for of_stack in self.interfaces.values().map(Interface::counters) {
            counters.dropped += of_stack.dropped;
            counters.evicted += of_stack.evicted;
        }
        PortStatus {
            host: self.config.host,
            mac: self.config.mac,
            mtu: self.config.mtu,
            link: self.link,
            interfaces: self.interfaces.values().map(|i| i.status(now)).collect(),
            pending: self.requests.len(),
            counters,
        }
    }

    /// An interface is there, in the place of one whose frames and pings are over.
    fn insert(&mut self, now: Instant, id: u16, made: Interface) -> Configured {
        if let Some(old) = self.interfaces.insert(id, made) {
            self.gone(now, id, old);
        }
        self.changed = true;
        self.settle(now);
        self.try_again(now);
        self.configured(id).unwrap_or(Configured::Failed)
    }

    /// An interface goes; it gives back what it has.
    fn remove(&mut self, now: Instant, id: u16) {
        if let Some(mut old) = self.interfaces.remove(&id) {
            old.release(now);
            self.gone(now, id, old);
            self.changed = true;
        }
    }

    /// What was the untagged interface's configuration on VLANs is no more.
    fn disinherit(&mut self, now: Instant) {
        for id in std::mem::take(&mut self.inherited) {
            self.remove(now, id);
        }
    }

    fn gone(&mut self, now: Instant, id: u16, old: Interface) {
        let of_stack = old.counters();
        self.counters.dropped += of_stack.dropped;
        self.counters.evicted += of_stack.evicted;
        self.leaving.push(now, id, old);
        self.pings_gone(id);
    }

    /// What the interfaces have to say.
    fn settle(&mut self, now: Instant) {
        let mut again = false;
        loop {
            let news = self
                .interfaces
                .iter_mut()
                .find_map(|(&id, i)| Some((id, i.poll_news()?)));
            match news {
                Some((id, News::Neighbour { address })) => self.neighbour(now, id, address),
                Some((_, News::Echo { number, end, took })) => self.ping_over(number, end.into(), took),
                Some((_, News::Changed)) => {
                    self.changed = true;
                    again = true;
                }
                None if again => {
                    again = false;
                    self.try_again(now);
                }
                None => return,
            }
        }
    }
}

/// Whether addresses come from the same places.
fn same_sources(a: &InterfaceConfig, b: &InterfaceConfig) -> bool {
    (a.v4, a.v6, a.link_local, a.router) == (b.v4, b.v6, b.link_local, b.router)
}
