//! What follows from each thing that happens. Nothing waits here; time is an argument.

mod clients;
mod keep;
mod ports;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Instant;

use driver_sys::netlink::{Event, Message, Path, Request};

use super::adapter::Adapter;
use super::left_behind::LeftBehind;
use super::waiting::{Pings, Waiting};
use super::{Report, Rings, Totals};
use crate::port::refusal;
use crate::state::State;

/// Answers that wait for the kernel to take them.
const MOST_ANSWERS: usize = 4096;

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
                self.answer(transport, host, refusal(&path));
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
