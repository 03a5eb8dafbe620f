//! What clients ask, and who waits for an interface.

use std::time::{Duration, Instant};

use driver_sys::uip::Status;

use super::super::adapter::Adapter;
use super::super::waiting::{HOLD, HOLD_PING, PING_LIMIT, Then, Waiting};
use super::{Core, chain};
use crate::ask::Ask;
use crate::ipc::Wanted;
use crate::port::{Configured, Ping};

/// Interfaces of a port.
pub(super) const MOST_INTERFACES: usize = 64;

impl Core {
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

    pub(super) fn configure(&mut self, now: Instant, wanted: &Wanted, hold: Duration, then: Then) {
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

    pub(super) fn wait(&mut self, now: Instant, host: u32, vlan_id: u16, hold: Duration, then: Then) {
        let until = now + hold;
        self.waiting.push(Waiting {
            host,
            vlan_id,
            until,
            then,
        });
        self.settle(now, host);
    }

    /// Serves who waits for an interface of a host; whether a ping was begun.
    pub(super) fn served(&mut self, now: Instant, host: u32) -> bool {
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
}
