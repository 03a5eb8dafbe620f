//! What follows from each thing that happens. Nothing waits here; time is an argument.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use driver_sys::netlink::{Event, Message, Path, Request};
use driver_sys::uip::Status;

use super::adapter::{Adapter, Done};
use super::left_behind::LeftBehind;
use super::waiting::{HOLD, HOLD_PING, PING_LIMIT, Pings, Then, Waiting};
use super::{Report, Rings, Totals};
use crate::ask::Ask;
use crate::ipc::Wanted;
use crate::port::{Configured, Ping, Port, PortConfig};
use crate::state::State;

/// Ports that are open at once.
const MOST_PORTS: usize = 64;
/// Interfaces of a port.
const MOST_INTERFACES: usize = 64;
/// Answers that wait for the kernel to take them.
const MOST_ANSWERS: usize = 4096;
/// Hosts that are not there and that something is kept of.
const MOST_ABSENT: usize = 16;
/// How soon a ring that could not be opened is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Between two writes of what a restart needs.
const KEEP: Duration = Duration::from_millis(250);

/// The daemon without its waits.
pub struct Core {
    rings: Box<dyn Rings>,
    state: Option<State>,
    seed: fn() -> io::Result<[u8; 32]>,
    adapters: BTreeMap<u32, Adapter>,
    refused: BTreeMap<u32, Instant>,
    waiting: Vec<Waiting>,
    pings: Pings,
    answers: VecDeque<(u64, Request)>,
    totals: Totals,
    generation: u64,
    changes: u64,
    keep: Option<Instant>,
    kept: Option<Instant>,
    left_behind: LeftBehind,
}

impl Core {
    /// A daemon without ports. `seed` gives unpredictable bytes.
    #[must_use]
    pub fn new(rings: Box<dyn Rings>, state: Option<State>, seed: fn() -> io::Result<[u8; 32]>) -> Self {
        Self {
            rings,
            state,
            seed,
            adapters: BTreeMap::new(),
            refused: BTreeMap::new(),
            waiting: Vec::new(),
            pings: Pings::default(),
            answers: VecDeque::new(),
            totals: Totals::default(),
            generation: 0,
            changes: 0,
            keep: None,
            kept: None,
            left_behind: LeftBehind::default(),
        }
    }

    /// Opens the ports that an earlier process left. Those whose host or ring is not there yet are tried again for a while; what is kept
    /// of them stays, unless it is of too many.
    pub fn resume(&mut self, now: Instant) {
        let hosts = self.state.as_ref().map(State::hosts).unwrap_or_default();
        let mut absent: Vec<u32> = hosts
            .iter()
            .copied()
            .filter(|host| !self.rings.is_there(*host))
            .collect();
        for host in absent.split_off(absent.len().min(MOST_ABSENT)) {
            tracing::warn!(host, "what was kept of a host that is gone is forgotten");
            self.forget(host);
        }
        let left: Vec<u32> = hosts
            .into_iter()
            .filter(|host| !self.resumed(now, *host))
            .collect();
        self.left_behind = LeftBehind::new(now, left);
    }

    /// Whether the port of a host is open, opened if it can be.
    fn resumed(&mut self, now: Instant, host: u32) -> bool {
        if self.adapters.contains_key(&host) {
            return true;
        }
        let open = self.rings.is_there(host) && self.open(now, host).is_some();
        if open {
            self.settle(now, host);
        }
        open
    }

    /// A message of the kernel.
    pub fn message(&mut self, now: Instant, packet: &[u8]) {
        match Message::decode(packet) {
            Ok(Message::Event(header, Event::PathRequest { host_no, path })) => {
                self.path_request(now, header.transport_handle(), host_no, path);
            }
            Ok(Message::Event(_, Event::IfDown { host_no })) => self.down(now, host_no),
            Ok(Message::Event(header, _)) => {
                tracing::debug!(kind = header.event(), "a message that is not for a helper");
            }
            Ok(Message::Reply(reply)) => {
                if let Err(errno) = reply.result() {
                    self.totals.refused += 1;
                    tracing::warn!(
                        "the kernel refused an answer to its path request: {}",
                        errno.desc()
                    );
                }
            }
            Err(error) => {
                self.totals.malformed += 1;
                tracing::warn!("a message of the kernel makes no sense: {error}");
            }
        }
    }

    /// Messages of the kernel were lost. Requests among them are asked again by whoever waits for them; what can be seen
    /// otherwise is looked at.
    pub fn overrun(&mut self, now: Instant) {
        self.totals.overruns += 1;
        tracing::warn!(
            overruns = self.totals.overruns,
            "messages of the kernel were lost, hosts are looked at"
        );
        let hosts: Vec<u32> = self.adapters.keys().copied().collect();
        for host in hosts {
            if !self.rings.is_there(host) {
                self.down(now, host);
            }
        }
    }

    fn path_request(&mut self, now: Instant, transport: u64, host: u32, path: Path) {
        self.totals.path_requests += 1;
        tracing::debug!(host, handle = path.handle, dst = ?path.dst(), vlan = path.vlan_id, "path request");
        match self.open(now, host) {
            Some(adapter) => {
                adapter.transport = transport;
                adapter.port.path_request(now, path);
                self.settle(now, host);
            }
            None => {
                self.totals.no_ring += 1;
                self.answer(transport, host, Path { mac: [0; 6], ..path });
            }
        }
    }

    fn answer(&mut self, transport: u64, host_no: u32, path: Path) {
        if self.answers.len() >= MOST_ANSWERS {
            self.totals.refused += 1;
            tracing::warn!("the kernel takes no answers: one is dropped");
            self.answers.pop_front();
        }
        self.answers
            .push_back((transport, Request::PathUpdate { host_no, path }));
    }

    /// The kernel says that an interface went down: the device must be let go.
    fn down(&mut self, now: Instant, host: u32) {
        if let Some(adapter) = self.adapters.get_mut(&host) {
            tracing::info!(
                host,
                ring = adapter.nic.name(),
                "the kernel says that the interface is down"
            );
            adapter.port.down(now);
            self.settle(now, host);
            self.close(host);
        }
        self.forget(host);
    }

    /// A ring is gone: what waits for it is answered. What a restart needs is kept, the adapter may come back.
    fn vanished(&mut self, now: Instant, host: u32, why: &io::Error) {
        let Some(mut adapter) = self.adapters.remove(&host) else {
            return;
        };
        self.changes += 1;
        self.totals.vanished += 1;
        tracing::warn!(host, ring = adapter.nic.name(), "the ring is gone: {why}");
        adapter.port.down(now);
        let mut done = Vec::new();
        let _ = adapter.carry_out(&mut done);
        self.deliver(host, adapter.transport, done);
        self.left(host);
    }

    fn close(&mut self, host: u32) {
        self.changes += 1;
        self.adapters.remove(&host);
        self.left(host);
    }

    /// Nobody waits for a host that has no port any more.
    fn left(&mut self, host: u32) {
        for waiting in self.waiting.extract_if(.., |waiting| waiting.host == host) {
            waiting.then.refuse(Status::Err);
        }
        self.pings.end(host);
    }

    fn forget(&mut self, host: u32) {
        if let Some(state) = &mut self.state
            && let Err(error) = state.forget(host)
        {
            tracing::warn!(host, "what was kept of the host stays: {error}");
        }
    }

    /// The port of a host, opened when it is not yet.
    fn open(&mut self, now: Instant, host: u32) -> Option<&mut Adapter> {
        if !self.adapters.contains_key(&host) {
            self.refused.retain(|_, until| *until > now);
            if self.refused.contains_key(&host) {
                return None;
            }
            match self.make(now, host) {
                Ok(adapter) => {
                    self.changes += 1;
                    self.adapters.insert(host, adapter);
                }
                Err(error) => {
                    tracing::warn!(host, "no port: {}", chain(&*error));
                    if self.refused.len() < MOST_PORTS {
                        self.refused.insert(host, now + TRY_AGAIN);
                    }
                }
            }
        }
        self.adapters.get_mut(&host)
    }

    fn make(&mut self, now: Instant, host: u32) -> Result<Adapter, Box<dyn std::error::Error>> {
        if self.adapters.len() >= MOST_PORTS {
            return Err(format!("{MOST_PORTS} ports are open, that is the limit").into());
        }
        let nic = self.rings.open(host)?;
        let mut port = Port::new(
            PortConfig {
                host,
                mac: nic.mac(),
                mtu: nic.mtu(),
                seed: (self.seed)()?,
            },
            now,
        );
        let kept = self.state.as_ref().map(|state| state.load(host, nic.mac()));
        let kept = kept.unwrap_or_default();
        tracing::info!(host, ring = nic.name(), resumed = kept.len(), "port opened");
        self.generation += 1;
        let mut configs = BTreeMap::new();
        for interface in kept {
            configs.insert(
                interface.config.vlan.map_or(0, |vlan| vlan.id),
                interface.config.clone(),
            );
            port.resume(now, &interface);
        }
        let mut adapter = Adapter::new(now, port, nic, self.generation);
        adapter.configs = configs;
        Ok(adapter)
    }

    /// The ring of a host has something; whether it is empty now.
    pub fn frames(&mut self, now: Instant, host: u32) -> bool {
        let Some(adapter) = self.adapters.get_mut(&host) else {
            return true;
        };
        let outcome = adapter.receive(now);
        self.settle(now, host);
        match outcome {
            Ok(empty) => empty,
            Err(error) => {
                self.vanished(now, host, &error);
                true
            }
        }
    }

    /// A client asks.
    pub fn ask(&mut self, now: Instant, ask: Ask) {
        match ask {
            Ask::Iface { wanted, answer } => self.configure(now, &wanted, HOLD, Then::Answer(answer)),
            Ask::Ping {
                wanted,
                to,
                size,
                answer,
            } => self.configure(now, &wanted, HOLD_PING, Then::Ping { to, size, answer }),
            Ask::PingFrom {
                host,
                vlan_id,
                to,
                size,
                answer,
            } => {
                let then = Then::Ping { to, size, answer };
                let there = self
                    .adapters
                    .get(&host)
                    .is_some_and(|adapter| adapter.port.configured(vlan_id).is_some());
                if there {
                    self.wait(now, host, vlan_id, HOLD_PING, then);
                } else {
                    then.refuse(Status::NotFound);
                }
            }
            Ask::Report { answer } => drop(answer.send(self.report(now))),
        }
    }

    fn configure(&mut self, now: Instant, wanted: &Wanted, hold: Duration, then: Then) {
        let host = match self.rings.find(&wanted.who) {
            Ok(found) => found.host,
            Err(error) => {
                tracing::warn!("an interface was asked for in vain: {}", chain(&error));
                return then.refuse(Status::Err);
            }
        };
        let Some(adapter) = self.open(now, host) else {
            // The host is there, its ring may be soon.
            return then.refuse(Status::DeviceInitializing);
        };
        let vlan_id = wanted.vlan_id();
        let there = adapter.configs.get(&vlan_id);
        if there.is_none() && adapter.configs.len() >= MOST_INTERFACES {
            tracing::warn!(
                host,
                "{MOST_INTERFACES} interfaces are configured, that is the limit"
            );
            return then.refuse(Status::Err);
        }
        let config = wanted.within(there);
        if there != Some(&config) {
            tracing::info!(host, vlan_id, v4 = ?config.v4, v6 = ?config.v6, "interface configured");
        }
        adapter.configs.insert(vlan_id, config.clone());
        adapter.changed = true;
        adapter.port.configure(now, config);
        self.wait(now, host, vlan_id, hold, then);
        self.settle(now, host);
    }

    fn wait(&mut self, now: Instant, host: u32, vlan_id: u16, hold: Duration, then: Then) {
        let until = now + hold;
        self.waiting.push(Waiting {
            host,
            vlan_id,
            until,
            then,
        });
        self.settle(now, host);
    }

    /// Carries out what a port wants, until it wants nothing more.
    fn settle(&mut self, now: Instant, host: u32) {
        loop {
            let Some(adapter) = self.adapters.get_mut(&host) else {
                return;
            };
            let mut done = Vec::new();
            let outcome = adapter.carry_out(&mut done);
            if adapter.changed && self.state.is_some() && self.keep.is_none() {
                self.keep = Some(self.kept.map_or(now, |kept| now.max(kept + KEEP)));
            }
            let transport = adapter.transport;
            self.deliver(host, transport, done);
            if let Err(error) = outcome {
                return self.vanished(now, host, &error);
            }
            if !self.served(now, host) {
                return;
            }
        }
    }

    fn deliver(&mut self, host: u32, transport: u64, done: Vec<Done>) {
        for done in done {
            match done {
                Done::Path(path) => self.answer(transport, host, path),
                Done::Ping { id, end, took } => self.pings.done(id, end, took),
            }
        }
    }

    /// Serves who waits for an interface of a host; whether a ping was begun.
    fn served(&mut self, now: Instant, host: u32) -> bool {
        let mut begun = false;
        let Some(adapter) = self.adapters.get_mut(&host) else {
            return begun;
        };
        let ready = |waiting: &Waiting, adapter: &Adapter| {
            adapter.port.configured(waiting.vlan_id) == Some(Configured::Ready)
        };
        let over = self.waiting.extract_if(.., |waiting| {
            waiting.host == host
                && (ready(waiting, adapter) || waiting.until <= now || waiting.then.abandoned())
        });
        let over: Vec<Waiting> = over.collect();
        for waiting in over {
            let ready = ready(&waiting, adapter);
            match waiting.then {
                then if !ready => then.refuse(Status::DeviceInitializing),
                Then::Answer(answer) => drop(answer.send(Status::DeviceUp)),
                Then::Ping { to, size, answer } => {
                    begun = true;
                    let ping = Ping {
                        vlan_id: waiting.vlan_id,
                        to,
                        // More than that no port sends either, and says so.
                        size: u16::try_from(size).unwrap_or(u16::MAX),
                        limit: PING_LIMIT,
                    };
                    let id = self.pings.add(host, answer);
                    adapter.port.ping(now, id, ping);
                }
            }
        }
        begun
    }

    /// When [`Core::timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ports = self.adapters.values().map(Adapter::poll_timeout);
        let waiting = self.waiting.iter().map(|waiting| waiting.until);
        ports
            .chain(waiting)
            .chain(self.keep)
            .chain(self.left_behind.at)
            .min()
    }

    /// Time has passed.
    pub fn timeout(&mut self, now: Instant) {
        let hosts: Vec<u32> = self.adapters.keys().copied().collect();
        for host in hosts {
            let Some(adapter) = self.adapters.get_mut(&host) else {
                continue;
            };
            let due = adapter.poll_timeout() <= now;
            let outcome = if due { adapter.timeout(now) } else { Ok(()) };
            let waits = self
                .waiting
                .iter()
                .any(|waiting| waiting.host == host && waiting.until <= now);
            if due || waits {
                self.settle(now, host);
            }
            if let Err(error) = outcome {
                self.vanished(now, host, &error);
            }
        }
        for host in self.left_behind.due(now) {
            if !self.resumed(now, host) {
                self.left_behind.still(host);
            }
        }
        if self.keep.is_some_and(|at| at <= now) {
            self.keep_all(now);
        }
    }

    /// Writes what a restart needs, now.
    pub fn keep_all(&mut self, now: Instant) {
        self.keep = None;
        self.kept = Some(now);
        let Some(state) = &mut self.state else { return };
        for adapter in self.adapters.values_mut().filter(|adapter| adapter.changed) {
            adapter.changed = false;
            if let Err(error) = state.save(&adapter.port.status(now)) {
                tracing::warn!(
                    ring = adapter.nic.name(),
                    "what a restart needs was not kept: {error}"
                );
            }
        }
    }

    /// The oldest answer that the kernel has not got.
    #[must_use]
    pub fn answer_due(&self) -> Option<&(u64, Request)> {
        self.answers.front()
    }

    /// The kernel got the oldest answer, or refused it.
    pub fn answered(&mut self, taken: bool) {
        self.answers.pop_front();
        self.totals.refused += u64::from(!taken);
    }

    /// Goes on whenever a ring is opened or closed.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// The ports with their rings, each with a number that no other ring of that host has.
    pub(super) fn rings(&self) -> impl Iterator<Item = (u32, u64, &dyn crate::nic::Nic)> {
        self.adapters
            .iter()
            .map(|(host, adapter)| (*host, adapter.generation, &*adapter.nic))
    }

    /// What there is to see.
    #[must_use]
    pub fn report(&self, now: Instant) -> Report {
        Report {
            ports: self
                .adapters
                .values()
                .map(|adapter| adapter.report(now))
                .collect(),
            totals: self.totals,
        }
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("adapters", &self.adapters)
            .finish_non_exhaustive()
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(any(test, fuzzing))]
pub(super) mod made_up;
#[cfg(test)]
mod tests;
