//! The L2 rings of hosts: `DIR/l2/iscsi_hostN`, and what each is tied to.
//!
//! A packet is a frame. One client has a ring; whoever comes meanwhile is closed at once, as a UIO device that is open is refused. A
//! frame that finds no room, no client or no cable is dropped. Must not know what is in a frame. Source: `cnic.c`
//! (`cnic_uio_open`), packet loss of a ring that nobody empties.

use std::collections::BTreeMap;
use std::time::Instant;

use driver_sys::netdev::Tap;
use emu_net::lan::{Lan, MAX_FRAME};
use emu_net::reactor::{Interest, Reactor, Token};
use nix::errno::Errno;

use super::Server;
use crate::config::{Bond, Config, OffloadPort};
use crate::error::ServeError;
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
    Tap(Tap, Token),
}

/// As many frames of a TAP device are taken in a turn.
const TURN: usize = 64;

impl Ring {
    fn new(reactor: &mut Reactor, owner: u32, port: &OffloadPort) -> Result<Self, ServeError> {
        let bond = match &port.bond {
            Bond::Lan => Tied::Lan(Lan::new(port.network)),
            Bond::Tap(name) => {
                let (host, mac) = (port.host, port.iscsi_mac());
                let tap = Tap::open(name, mac).map_err(|source| ServeError::Cable { host, source })?;
                let token = reactor
                    .watch(owner, &tap, Interest::READ)
                    .map_err(ServeError::Reactor)?;
                Tied::Tap(tap, token)
            }
        };
        Ok(Self {
            bond,
            client: None,
            due: Vec::new(),
        })
    }

    fn lan(&mut self) -> Option<&mut Lan> {
        match &mut self.bond {
            Tied::Lan(lan) => Some(lan),
            Tied::Tap(..) => None,
        }
    }
}

/// The rings of a configuration, by host.
///
/// # Errors
/// A TAP device is not to be had.
pub(super) fn rings(
    config: &Config,
    reactor: &mut Reactor,
    owner: u32,
) -> Result<BTreeMap<u32, Ring>, ServeError> {
    let ring = |port: &OffloadPort| Ok((port.host, Ring::new(reactor, owner, port)?));
    config.offload.iter().map(ring).collect()
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
            match &mut ring.bond {
                Tied::Lan(lan) => ring.due.extend(lan.frame(frame)),
                Tied::Tap(tap, _) => {
                    if let Err(errno) = tap.send(frame) {
                        tracing::debug!(host, %errno, "a frame was lost on the way to the TAP device");
                    }
                }
            }
        }
    }

    /// A descriptor is ready; whether it was that of a TAP device, whose frames are taken then.
    pub(super) fn tap_ready(&mut self, reactor: &mut Reactor, token: Token) -> bool {
        let mine = |ring: &Ring| matches!(ring.bond, Tied::Tap(_, of_tap) if of_tap == token);
        let Some((host, ring)) = self.rings.iter_mut().find(|(_, ring)| mine(ring)) else {
            return false;
        };
        let wanted = ring.client.is_some() && self.kernel.ring_runs(*host);
        let Tied::Tap(tap, _) = &ring.bond else {
            return true;
        };
        let mut room = [0; MAX_FRAME];
        for _ in 0..TURN {
            match tap.receive(&mut room) {
                Ok(len) => {
                    if let Some(frame) = room.get(..len).filter(|_| wanted) {
                        ring.due.push(frame.to_vec());
                    }
                }
                Err(Errno::EAGAIN) => break,
                Err(errno) => {
                    tracing::warn!(host, %errno, "the TAP device of an L2 ring is gone");
                    reactor.forget(tap);
                    break;
                }
            }
        }
        true
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
