//! The clients of all sockets together: taken in, served by turns, cut off, and what waits for them.
//!
//! Owns the limits that hold for all; one client's are in [`super::client`]. Must not know what a packet means.

use std::sync::Arc;
use std::time::Instant;

use emu_net::reactor::{Reactor, Ready, Token};
use nix::sys::resource::{Resource, getrlimit};

use super::Server;
use super::client::{Client, Received};
use super::listen::Kind;
use crate::kernel::ClientId;

/// Most clients at once, however many descriptors there are.
const MOST_CLIENTS: usize = 1024;
/// Bytes that wait for all clients before the one that owes most is cut off.
const MAX_OWED_ALL: usize = 64 << 20;

/// Half of the descriptors are for clients: the card needs some for its connections, every unit has a socket.
pub(super) fn most_clients() -> usize {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(256, |(soft, _)| soft);
    usize::try_from(limit / 2)
        .unwrap_or(MOST_CLIENTS)
        .clamp(1, MOST_CLIENTS)
}

impl Server {
    pub(super) fn accept(&mut self, reactor: &mut Reactor, now: Instant, token: Token) {
        let Some(listener) = self.listeners.get_mut(&token) else {
            return;
        };
        let kind = listener.kind().clone();
        let taken = listener.accept(reactor, now);
        if listener.poll_timeout().is_some() {
            self.resting.insert(token);
        }
        for fd in taken {
            // Descriptors are for the card's connections, too: whoever comes beyond the limit hears it at once.
            if self.clients.len() >= self.most_clients {
                if !std::mem::replace(&mut self.full, true) {
                    tracing::warn!(clients = self.clients.len(), "no more clients are taken just now");
                }
                continue;
            }
            self.full = false;
            self.next_client += 1;
            let id = ClientId(self.next_client);
            if let Kind::L2(host) = kind
                && !self.take_ring(now, host, id)
            {
                continue;
            }
            match Client::new(reactor, self.owner, kind.clone(), fd) {
                Ok(client) => {
                    self.tokens.insert(client.token(), id);
                    self.clients.insert(id, client);
                }
                Err(error) => {
                    self.leave_ring(id);
                    tracing::warn!(%error, "a client was turned away");
                }
            }
        }
    }

    pub(super) fn close(&mut self, reactor: &mut Reactor, id: ClientId) {
        if let Some(client) = self.clients.remove(&id) {
            self.owed -= client.owed();
            self.tokens.remove(&client.token());
            client.close(reactor);
            self.kernel.client_gone(id);
            self.leave_ring(id);
            self.count_listeners();
        }
    }

    pub(super) fn count_listeners(&mut self) {
        let groups = self.clients.values().fold(0, |all, c| all | c.groups);
        self.kernel.set_listeners(groups);
    }

    pub(super) fn client_ready(&mut self, reactor: &mut Reactor, now: Instant, id: ClientId, ready: Ready) {
        if ready.writable && !self.with_client(id, |client, _| client.flush(reactor, now)) {
            self.close(reactor, id);
            return;
        }
        if !ready.readable {
            return;
        }
        // One client may not starve the others: so many packets a turn.
        for _ in 0..64 {
            let Some(client) = self.clients.get_mut(&id) else {
                return;
            };
            match client.receive() {
                Received::Nothing => return,
                Received::Closed => {
                    self.close(reactor, id);
                    return;
                }
                Received::Packet(packet, descriptor) => {
                    if !self.packet(now, id, &packet, descriptor) {
                        self.close(reactor, id);
                        return;
                    }
                }
            }
        }
    }

    pub(super) fn broadcast(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        packet: Vec<u8>,
        to: impl Fn(&Client) -> bool,
    ) {
        let packet = Arc::from(packet);
        let ids: Vec<ClientId> = self
            .clients
            .iter()
            .filter(|(_, c)| to(c))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            if !self.with_client(id, |client, all| client.broadcast(reactor, now, &packet, all)) {
                self.close(reactor, id);
            }
        }
    }

    /// Lets a client send and keeps the sum of what waits; `true` when there is no such client.
    pub(super) fn with_client(&mut self, id: ClientId, act: impl FnOnce(&mut Client, usize) -> bool) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return true;
        };
        let before = client.owed();
        let lives = act(client, self.owed);
        self.owed = self.owed + client.owed() - before;
        if client.poll_timeout().is_some() {
            self.unsent.insert(id);
        }
        lives
    }

    /// Too much waits for all together: whoever owes most goes.
    pub(super) fn cut_off(&mut self, reactor: &mut Reactor) {
        while self.owed > MAX_OWED_ALL {
            let Some((id, owed)) = self
                .clients
                .iter()
                .map(|(id, c)| (*id, c.owed()))
                .max_by_key(|c| c.1)
            else {
                return;
            };
            tracing::warn!(owed, "a client that asks without reading is cut off");
            self.close(reactor, id);
        }
    }

    /// Clients whose rest is over are sent to again.
    pub(super) fn wake_clients(&mut self, reactor: &mut Reactor, now: Instant) {
        for id in std::mem::take(&mut self.unsent) {
            match self.clients.get(&id).and_then(Client::poll_timeout) {
                Some(at) if at > now => {
                    self.unsent.insert(id);
                }
                Some(_) if !self.with_client(id, |client, _| client.flush(reactor, now)) => {
                    self.close(reactor, id);
                }
                _ => {}
            }
        }
    }

    /// Listeners whose rest is over accept again.
    pub(super) fn wake_listeners(&mut self, reactor: &mut Reactor, now: Instant) {
        let listeners = &mut self.listeners;
        self.resting.retain(|token| {
            listeners.get_mut(token).is_some_and(|listener| {
                listener.handle_timeout(reactor, now);
                listener.poll_timeout().is_some()
            })
        });
    }
}
