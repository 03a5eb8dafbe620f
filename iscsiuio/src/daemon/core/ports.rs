//! Ports with their rings: opened when they are asked for, carried out, let go.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use driver_sys::uip::Status;

use super::super::adapter::{Adapter, Done};
use super::{Core, chain};
use crate::port::{Port, PortConfig};

/// Ports that are open at once.
pub(super) const MOST_PORTS: usize = 64;
/// How soon a ring that could not be opened is tried again.
pub(super) const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Between two writes of what a restart needs.
pub(super) const KEEP: Duration = Duration::from_millis(250);

impl Core {
    /// The port of a host, opened when it is not yet.
    pub(super) fn open(&mut self, now: Instant, host: u32) -> Option<&mut Adapter> {
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

    pub(super) fn make(&mut self, now: Instant, host: u32) -> Result<Adapter, Box<dyn std::error::Error>> {
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

    /// Carries out what a port wants, until it wants nothing more.
    pub(super) fn settle(&mut self, now: Instant, host: u32) {
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

    pub(super) fn deliver(&mut self, host: u32, transport: u64, done: Vec<Done>) {
        for done in done {
            match done {
                Done::Path(path) => self.answer(transport, host, path),
                Done::Ping { id, end, took } => self.pings.done(id, end, took),
            }
        }
    }

    /// A ring is gone: what waits for it is answered. What a restart needs is kept, the adapter may come back.
    pub(super) fn vanished(&mut self, now: Instant, host: u32, why: &io::Error) {
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

    pub(super) fn close(&mut self, host: u32) {
        self.changes += 1;
        self.adapters.remove(&host);
        self.left(host);
    }

    /// Nobody waits for a host that has no port any more.
    pub(super) fn left(&mut self, host: u32) {
        for waiting in self.waiting.extract_if(.., |waiting| waiting.host == host) {
            waiting.then.refuse(Status::Err);
        }
        self.pings.end(host);
    }
}
