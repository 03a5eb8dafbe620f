//! The port as its owner sees it.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

use driver_sys::netlink::Path;

use super::interface::{Interface, vlan_id};
use super::requests::{self, Request, Requests, Waits};
use super::{
    Configured, Counters, Effect, InterfaceConfig, InterfaceStatus, Ping, PingEnd, PingId, PortConfig,
    PortStatus,
};
use crate::stack::{Answer, Event, Frame, Mac, Neighbour, NoWay, Way};

/// Interfaces of a port; more are refused.
const INTERFACES: usize = 64;

/// One port of an adapter.
pub struct Port {
    config: PortConfig,
    link: bool,
    interfaces: BTreeMap<u16, Interface>,
    requests: Requests,
    effects: VecDeque<Effect>,
    /// Whether [`Effect::Changed`] is to be told.
    changed: bool,
    counters: Counters,
}

/// How a request goes on.
enum Step {
    Answer { source: IpAddr, mac: Mac, vlan_id: u16 },
    Refuse,
    Wait(Waits),
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
            requests: Requests::default(),
            effects: VecDeque::new(),
            changed: false,
            counters: Counters::default(),
        }
    }

    /// An interface gets this configuration, in the place of the one on its VLAN. One that does not differ disturbs nothing.
    pub fn configure(&mut self, now: Instant, interface: InterfaceConfig) -> Configured {
        let id = vlan_id(&interface);
        if let Some(present) = self.interfaces.get(&id)
            && present.config == interface
        {
            return present.configured();
        }
        if !self.interfaces.contains_key(&id) && self.interfaces.len() >= INTERFACES {
            self.counters.evicted += 1;
            return Configured::Failed;
        }
        let made = Interface::new(&self.config, interface);
        let configured = made.configured();
        self.interfaces.insert(id, made);
        self.changed = true;
        self.try_again(now, |_| true);
        configured
    }

    /// What an earlier process left: an interface with its leases and neighbours. Nothing is asked for that is still good.
    pub fn resume(&mut self, now: Instant, interface: &InterfaceStatus) {
        self.configure(now, interface.config.clone());
        if let Some(made) = self.interfaces.get_mut(&vlan_id(&interface.config)) {
            for n in &interface.neighbours {
                made.stack.restore(
                    now,
                    &Neighbour {
                        address: n.address,
                        mac: n.mac,
                        age: n.age,
                    },
                );
            }
            made.stack.handle_timeout(now);
        }
        self.settle(now);
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
            self.refuse(&path);
            return;
        }
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
        let _ = now;
        for request in self.requests.take(|_| true) {
            self.refuse(&request.path);
        }
        if !self.interfaces.is_empty() {
            self.interfaces.clear();
            self.changed = true;
        }
    }

    /// The ring's link came or went.
    pub fn link(&mut self, now: Instant, up: bool) {
        if std::mem::replace(&mut self.link, up) == up {
            return;
        }
        if up {
            self.try_again(now, |_| true);
            return;
        }
        for interface in self.interfaces.values_mut() {
            interface.stack.link_lost(now);
        }
        for request in self.requests.take(|_| true) {
            self.refuse(&request.path);
        }
        self.settle(now);
    }

    /// An echo; ends with [`Effect::PingDone`].
    pub fn ping(&mut self, now: Instant, id: PingId, ping: Ping) {
        let _ = (now, ping);
        self.effects.push_back(Effect::PingDone {
            id,
            end: PingEnd::NoAddress,
            took: std::time::Duration::ZERO,
        });
    }

    /// A frame from the ring, whatever it is.
    pub fn frame(&mut self, now: Instant, frame: &[u8]) {
        self.counters.received += 1;
        let taken = Frame::parse(frame).and_then(|f| Some((self.interfaces.get_mut(&f.vlan_id)?, f)));
        match taken {
            Some((interface, frame)) => interface.stack.frame(now, &frame),
            None => self.counters.dropped += 1,
        }
        self.settle(now);
    }

    /// What is to be done, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        if let Some(effect) = self.effects.pop_front() {
            return Some(effect);
        }
        if let Some(frame) = self.interfaces.values_mut().find_map(|i| i.stack.poll_frame()) {
            self.counters.sent += 1;
            return Some(Effect::Send(frame));
        }
        std::mem::take(&mut self.changed).then_some(Effect::Changed)
    }

    /// When [`Port::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let stacks = self.interfaces.values().filter_map(|i| i.stack.poll_timeout());
        stacks.chain(self.requests.poll_timeout()).min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        for interface in self.interfaces.values_mut() {
            interface.stack.handle_timeout(now);
        }
        self.settle(now);
        for request in self.requests.take(|r| r.limit <= now) {
            self.refuse(&request.path);
        }
    }

    /// What it shows.
    #[must_use]
    pub fn status(&self, now: Instant) -> PortStatus {
        let mut counters = self.counters;
        for of_stack in self.interfaces.values().map(|i| i.stack.counters()) {
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

    /// What the stacks have to say.
    fn settle(&mut self, now: Instant) {
        loop {
            let event = self
                .interfaces
                .iter_mut()
                .find_map(|(&id, i)| Some((id, i.stack.poll_event()?)));
            match event {
                Some((id, Event::Neighbour { address, mac })) => self.neighbour(now, id, address, mac),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// A neighbour that was asked for is there, or is not.
    fn neighbour(&mut self, now: Instant, vlan_id: u16, next_hop: IpAddr, mac: Option<Mac>) {
        self.changed = true;
        let waits = Waits::Neighbour { vlan_id, next_hop };
        for request in self.requests.take(|r| r.waits == waits) {
            match mac {
                // The way may be another by now.
                Some(_) => self.advance(now, request),
                None => self.refuse(&request.path),
            }
        }
    }

    /// Requests that wait for an interface look at it again.
    fn try_again(&mut self, now: Instant, which: impl Fn(&Request) -> bool) {
        for request in self.requests.take(which) {
            self.advance(now, request);
        }
        self.settle(now);
    }

    fn advance(&mut self, now: Instant, request: Request) {
        match self.step(now, &request.path) {
            Step::Answer { source, mac, vlan_id } => {
                let Some(interface) = self.interfaces.get(&vlan_id) else {
                    return self.refuse(&request.path);
                };
                let pmtu = interface.path_mtu(request.path.pmtu);
                let path = requests::answer(&request.path, source, mac, interface.config.vlan, pmtu);
                self.counters.resolved += 1;
                self.effects.push_back(Effect::Path(path));
            }
            Step::Refuse => self.refuse(&request.path),
            Step::Wait(waits) => self.requests.push(Request { waits, ..request }),
        }
    }

    fn step(&mut self, now: Instant, path: &Path) -> Step {
        let Some(destination) = path.dst() else {
            return Step::Refuse;
        };
        if !self.link {
            return Step::Wait(Waits::Interface);
        }
        let (vlan_id, Way { next_hop, source, .. }) =
            match self.choose(path.vlan_id & 0x0fff, destination, path.src()) {
                Some(Ok(chosen)) => chosen,
                Some(Err(_)) => return Step::Refuse,
                None => return Step::Wait(Waits::Interface),
            };
        let Some(interface) = self.interfaces.get_mut(&vlan_id) else {
            return Step::Refuse;
        };
        match interface.stack.resolve(now, next_hop) {
            Answer::At(mac) => Step::Answer { source, mac, vlan_id },
            Answer::Asked => Step::Wait(Waits::Neighbour { vlan_id, next_hop }),
            Answer::Nobody => Step::Refuse,
        }
    }

    /// The interface and the way for a destination; `None`: addresses are being acquired.
    ///
    /// The kernel names the VLAN when its own route leads there over one. It knows nothing of a VLAN that only the adapter has: 0 is
    /// any, an interface on whose link the destination is before one that has a router.
    fn choose(
        &self,
        wanted: u16,
        destination: IpAddr,
        source: Option<IpAddr>,
    ) -> Option<Result<(u16, Way), NoWay>> {
        let candidates = || {
            self.interfaces
                .iter()
                .filter(|(id, _)| wanted == 0 || **id == wanted)
        };
        let mut found = Err(NoWay::Address);
        let mut acquiring = false;
        for (&id, interface) in candidates() {
            match interface.way(destination, source) {
                Some(Ok(way)) if !way.routed => return Some(Ok((id, way))),
                Some(Ok(way)) => found = found.or(Ok((id, way))),
                Some(Err(why)) => {
                    if why != NoWay::Address {
                        found = found.or(Err(why));
                    }
                }
                None => acquiring = true,
            }
        }
        (found.is_ok() || !acquiring).then_some(found)
    }

    fn refuse(&mut self, path: &Path) {
        self.counters.failed += 1;
        self.effects.push_back(Effect::Path(requests::refusal(path)));
    }
}
