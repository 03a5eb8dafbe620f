//! The L2 rings of hosts: `DIR/l2/iscsi_hostN`, and what each is tied to.
//!
//! A packet is a frame. One client has a ring; whoever comes meanwhile is closed at once, as a UIO device that is open is refused. A
//! frame that finds no room, no client or no cable is dropped. Must not know what is in a frame. Source: `cnic.c`
//! (`cnic_uio_open`), packet loss of a ring that nobody empties.

use std::collections::BTreeMap;
use std::time::Instant;

use emu_net::lan::Lan;
use emu_net::reactor::Reactor;

use super::Server;
use crate::config::{Bond, Config};
use crate::kernel::ClientId;

/// A ring.
pub(super) struct Ring {
    bond: Tied,
    client: Option<ClientId>,
    /// Answers for the client that have not been given to its socket.
    due: Vec<Vec<u8>>,
}

/// What a ring is tied to.
enum Tied {
    Lan(Lan),
}

impl Ring {
    fn lan(&mut self) -> Option<&mut Lan> {
        let Tied::Lan(lan) = &mut self.bond;
        Some(lan)
    }
}

/// The rings of a configuration, by host.
pub(super) fn rings(config: &Config) -> BTreeMap<u32, Ring> {
    let ring = |port: &crate::config::OffloadPort| match &port.bond {
        Bond::Lan | Bond::Tap(_) => Ring {
            bond: Tied::Lan(Lan::new(port.network)),
            client: None,
            due: Vec::new(),
        },
    };
    config
        .offload
        .iter()
        .map(|port| (port.host, ring(port)))
        .collect()
}

impl Server {
    /// A client wants the ring of a host; whether it gets it.
    pub(super) fn take_ring(&mut self, now: Instant, host: u32, id: ClientId) -> bool {
        let Some(ring) = self.rings.get_mut(&host) else {
            return false;
        };
        let free = ring.client.is_none() && self.kernel.ring_open(now, host);
        if free {
            ring.client = Some(id);
        } else {
            tracing::info!(
                host,
                "the L2 ring is not to be had: it is open already, or its device is down"
            );
        }
        free
    }

    /// A client is gone that may have had a ring.
    pub(super) fn leave_ring(&mut self, id: ClientId) {
        let left = self.rings.iter_mut().find(|(_, ring)| ring.client == Some(id));
        if let Some((host, ring)) = left {
            ring.client = None;
            ring.due.clear();
            self.kernel.ring_closed(*host);
        }
    }

    /// A frame of the client of a ring.
    pub(super) fn frame_out(&mut self, host: u32, frame: &[u8]) {
        if !self.kernel.ring_runs(host) {
            return;
        }
        if let Some(ring) = self.rings.get_mut(&host) {
            let Tied::Lan(lan) = &mut ring.bond;
            ring.due.extend(lan.frame(frame));
        }
    }

    /// Gives the clients of rings the frames that are there for them.
    pub(super) fn frames_in(&mut self, reactor: &mut Reactor, now: Instant) {
        let hosts: Vec<u32> = self.rings.keys().copied().collect();
        for host in hosts {
            let Some(ring) = self.rings.get_mut(&host) else {
                continue;
            };
            let (due, client) = (std::mem::take(&mut ring.due), ring.client);
            let Some(id) = client.filter(|_| !due.is_empty()) else {
                continue;
            };
            for frame in due {
                if !self.with_client(id, |client, _| client.frame(reactor, now, frame)) {
                    self.close(reactor, id);
                    break;
                }
            }
        }
    }

    /// Fault injection: nobody answers on the network of a port.
    pub(super) fn silence(&mut self, port: u32, silent: bool) -> Result<(), String> {
        self.lan_of(port)?.silence(silent);
        Ok(())
    }

    /// Fault injection: the next frames of a port are lost.
    pub(super) fn lose_frames(&mut self, port: u32, frames: u32) -> Result<(), String> {
        self.lan_of(port)?.lose(frames);
        Ok(())
    }

    fn lan_of(&mut self, port: u32) -> Result<&mut Lan, String> {
        let host = self.kernel.host_of_port(port as usize);
        let ring = host.and_then(|host| self.rings.get_mut(&host));
        let lan = ring.and_then(Ring::lan);
        lan.ok_or_else(|| format!("port {port} has no L2 ring on a network of the emulator's"))
    }
}
