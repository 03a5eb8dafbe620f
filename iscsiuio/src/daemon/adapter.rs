//! A port with its ring: what the one wants done is carried out on the other.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use driver_sys::netlink::Path;

use super::PortReport;
use crate::nic::{FRAME_ROOM, Nic};
use crate::port::{Effect, InterfaceConfig, PingEnd, PingId, Port};

/// Frames taken in at once, before others have their turn.
const BURST: usize = 64;
/// How often a ring is looked at that says nothing.
const LOOK: Duration = Duration::from_secs(5);

/// What came of a turn.
#[derive(Debug)]
pub(super) enum Done {
    /// The kernel's answer.
    Path(Path),
    /// A ping ended.
    Ping {
        id: PingId,
        end: PingEnd,
        took: Duration,
    },
}

/// A port with its ring.
pub struct Adapter {
    /// The port.
    pub(super) port: Port,
    /// The ring.
    pub(super) nic: Box<dyn Nic>,
    /// The kernel's handle of the transport that asked last.
    pub(super) transport: u64,
    /// What its interfaces were told, by VLAN ID.
    pub(super) configs: BTreeMap<u16, InterfaceConfig>,
    /// What is to be kept for a restart is another than was kept.
    pub(super) changed: bool,
    /// Tells this ring from one that had the same host before.
    pub(super) generation: u64,
    link: bool,
    look: Instant,
    ring_full: u64,
}

impl Adapter {
    pub(super) fn new(now: Instant, port: Port, nic: Box<dyn Nic>, generation: u64) -> Self {
        Self {
            port,
            nic,
            transport: 0,
            configs: BTreeMap::new(),
            changed: false,
            generation,
            // What a port takes its link to be.
            link: true,
            look: now,
            ring_full: 0,
        }
    }

    /// Takes frames in; whether the ring is empty now. A ring that fails is gone.
    pub(super) fn receive(&mut self, now: Instant) -> io::Result<bool> {
        self.nic.service()?;
        self.look_at_link(now);
        let mut room = [0; FRAME_ROOM];
        for _ in 0..BURST {
            match self.nic.receive(&mut room)? {
                Some(len) => self.port.frame(now, room.get(..len).unwrap_or_default()),
                None => return Ok(true),
            }
        }
        Ok(false)
    }

    fn look_at_link(&mut self, now: Instant) {
        self.look = now + LOOK;
        let link = self.nic.link();
        if link != self.link {
            tracing::info!(
                ring = self.nic.name(),
                "link {}",
                if link { "up" } else { "down" }
            );
            self.link = link;
            self.port.link(now, link);
        }
    }

    /// When [`Adapter::timeout`] is wanted at the latest.
    pub(super) fn poll_timeout(&self) -> Instant {
        self.port
            .poll_timeout()
            .map_or(self.look, |port| port.min(self.look))
    }

    /// Time has passed.
    pub(super) fn timeout(&mut self, now: Instant) -> io::Result<()> {
        if self.look <= now {
            self.nic.service()?;
            self.look_at_link(now);
        }
        self.port.handle_timeout(now);
        Ok(())
    }

    /// Carries out what the port wants. A ring that fails is gone; what else there is to do is done nevertheless.
    pub(super) fn carry_out(&mut self, done: &mut Vec<Done>) -> io::Result<()> {
        let mut outcome = Ok(());
        while let Some(effect) = self.port.poll() {
            match effect {
                Effect::Send(_) if outcome.is_err() => {}
                Effect::Send(frame) => outcome = self.send(&frame),
                Effect::Path(path) => done.push(Done::Path(path)),
                Effect::PingDone { id, end, took } => done.push(Done::Ping { id, end, took }),
                Effect::Changed => self.changed = true,
            }
        }
        outcome
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        match self.nic.send(frame) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // Whoever sent it tries again: nothing here is said only once.
                self.ring_full += 1;
                if self.ring_full.is_power_of_two() {
                    tracing::warn!(
                        ring = self.nic.name(),
                        dropped = self.ring_full,
                        "the ring is full, frames are dropped"
                    );
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                tracing::debug!(
                    ring = self.nic.name(),
                    len = frame.len(),
                    "the ring takes no such frame"
                );
                Ok(())
            }
            other => other,
        }
    }

    pub(super) fn report(&self, now: Instant) -> PortReport {
        PortReport {
            ring: self.nic.name().to_owned(),
            port: self.port.status(now),
            ring_full: self.ring_full,
        }
    }
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter")
            .field("ring", &self.nic.name())
            .finish_non_exhaustive()
    }
}
