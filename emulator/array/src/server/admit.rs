//! A connection is taken in: who makes way for it, and what it is given.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use emu_net::link::Link;
use emu_net::pcap::Opened;
use emu_net::reactor::Reactor;
use iscsi::LinkLoss;
use iscsi::negotiate::SessionType;
use iscsi::target_node::{Config, Connection};

use super::actor::Target;
use super::client::{Client, Core, Tamper};
use super::crowd::{Place, Rank, first_of_all, first_to_go};
use super::directory::PortalDirectory;
use crate::portal::FIRST_GROUP;

/// Descriptors that are given back at a time.
const RELIEF: usize = 8;
/// A flood is told of this often.
const TELL_EVERY: Duration = Duration::from_secs(10);

impl Target {
    pub(super) fn accept(&mut self, reactor: &mut Reactor, now: Instant, portal: usize, stream: TcpStream) {
        if self.stopping.is_some() {
            return;
        }
        // A peer that is gone already has no address.
        let Ok(peer) = stream.peer_addr().map(|peer| peer.ip().to_canonical()) else {
            return;
        };
        if !self.make_way(reactor, now, peer) {
            self.tell_of_crowd(now, "refused: nobody makes way for one more");
            return;
        }
        let mut seed = [0; 32];
        let ready = getrandom::fill(&mut seed).map_err(|error| io::Error::other(error.to_string()));
        let opened =
            ready.and_then(|()| Ok((stream.local_addr()?, Link::accepted(reactor, self.owner, stream)?)));
        let (local, mut link) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(%error, "a connection was lost while it was taken");
                return;
            }
        };
        if let Some(capture) = &self.capture {
            link.capture(capture, Opened::There);
        }
        let here = self
            .clients
            .values()
            .filter(|client| client.portal == portal)
            .count();
        let configured = self.portals.get(portal);
        let group = configured.map_or(FIRST_GROUP, |portal| portal.group);
        let full = configured
            .and_then(|portal| portal.connections)
            .is_some_and(|limit| here >= limit);
        self.next_client += 1;
        let id = self.next_client;
        let directory = PortalDirectory {
            policy: Arc::clone(&self.policy),
            local,
            group,
            full,
        };
        let engine = Config {
            tsih: self.take_tsih(),
            portal_group: group,
            ..self.engine.clone()
        };
        let core = Core {
            id,
            connection: Connection::new(engine, Arc::new(directory), seed, now),
            tamper: if self.silent { Tamper::Silent } else { Tamper::None },
            group,
            nexus: None,
            lose_reply: false,
            delayed: std::collections::VecDeque::new(),
        };
        tracing::debug!(client = id, %peer, "connection");
        self.tokens.insert(link.token(), id);
        self.wake_for(core.deadline());
        let client = Client {
            link,
            core,
            peer,
            portal,
        };
        self.clients.insert(id, client);
    }

    /// Sees to it that one more of `peer` has room; false if there is none.
    fn make_way(&mut self, reactor: &mut Reactor, now: Instant, peer: IpAddr) -> bool {
        let mut heard = None;
        loop {
            let victim = match self.in_the_way(peer) {
                Room::There => return true,
                Room::None => return false,
                Room::Instead(victim) => victim,
            };
            if heard == Some(victim) {
                self.tell_of_crowd(now, "the oldest without a login are dropped");
                self.turn_out(reactor, now, victim);
            } else {
                // What it has said meanwhile counts.
                heard = Some(victim);
                self.pump(reactor, now, victim, true);
            }
        }
    }

    /// The system has no descriptors left: idle callers of the control socket and those who are not logged in give some back, the
    /// oldest first, so that others who wait to be accepted are.
    pub(super) fn relieve(&mut self, reactor: &mut Reactor, now: Instant) {
        self.orders.relieve(reactor, RELIEF);
        for _ in 0..RELIEF {
            let Some(victim) = first_of_all(&half_open(&self.loose())) else {
                return;
            };
            self.pump(reactor, now, victim, true);
            let logged_in = self
                .clients
                .get(&victim)
                .is_some_and(|client| client.rank().is_none());
            if !logged_in {
                self.turn_out(reactor, now, victim);
            }
        }
    }

    pub(super) fn turn_out(&mut self, reactor: &mut Reactor, now: Instant, id: u64) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.core.lost(now, LinkLoss::Local, &mut self.world);
        }
        self.forget(reactor, id);
    }

    /// All who may have to make way.
    fn loose(&self) -> Vec<Place> {
        let place = |(id, client): (&u64, &Client)| {
            Some(Place {
                id: *id,
                peer: client.peer,
                rank: client.rank()?,
            })
        };
        self.clients.iter().filter_map(place).collect()
    }

    fn in_the_way(&self, peer: IpAddr) -> Room {
        let mut loose = self.loose();
        let own = self.clients.values().filter(|client| client.peer == peer).count();
        let half_open = half_open(&loose);
        if let Some(victim) = first_to_go(self.max_half_open, peer, &half_open) {
            return Room::Instead(victim);
        }
        // One address leaves some room to the others, sessions included.
        let of_one = self.max_connections - self.max_connections / 16;
        if own >= of_one {
            loose.retain(|place| place.peer == peer);
        } else if self.clients.len() < self.max_connections {
            return Room::There;
        }
        first_of_all(&loose).map_or(Room::None, Room::Instead)
    }

    fn tell_of_crowd(&mut self, now: Instant, what: &str) {
        if self.crowd_told.is_none_or(|at| at + TELL_EVERY <= now) {
            self.crowd_told = Some(now);
            let (limit, half_open) = (self.max_connections, self.max_half_open);
            tracing::warn!(limit, half_open, "too many connections: {what}");
        }
    }

    /// A session handle that no session has.
    fn take_tsih(&mut self) -> u16 {
        loop {
            self.next_tsih = self.next_tsih.wrapping_add(1);
            let taken = |client: &Client| {
                client
                    .core
                    .connection
                    .session()
                    .is_some_and(|s| s.tsih == self.next_tsih)
            };
            if self.next_tsih != 0 && !self.clients.values().any(taken) {
                return self.next_tsih;
            }
        }
    }
}

fn half_open(places: &[Place]) -> Vec<Place> {
    let open = places.iter().filter(|place| place.rank != Rank::Discovery);
    open.copied().collect()
}

enum Room {
    There,
    /// Once this one is gone.
    Instead(u64),
    None,
}

impl Client {
    /// What its place is worth; `None` for a normal session, which keeps it.
    fn rank(&self) -> Option<Rank> {
        let connection = &self.core.connection;
        match connection.session() {
            Some(session) if session.session == SessionType::Normal => None,
            Some(_) => Some(Rank::Discovery),
            // Whoever has said something has an answer, or one that waits.
            None if connection.octets().1 > 0 || connection.queued() > 0 => Some(Rank::LoggingIn),
            None => Some(Rank::Mute),
        }
    }
}
