//! The TCP engine of the card: connections that the shell makes for it, and what became of them.
//!
//! Must not know ports, endpoints or sessions. Source: `cnic.c` (`cnic_cm_conn_req`, `cnic_cm_abort_req`), `cnic_defs.h` (L4 KCQEs);
//! `bnx2i_iscsi.c` (`bnx2i_ep_disconnect` tells how long the chip tries to connect).

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use emu_net::hardware::{Effect, LinkId};
use iscsi::LinkLoss;

/// How long the chip tries to connect.
const CONNECT_LIMIT: Duration = Duration::from_secs(9);
/// How long it sends what nobody acknowledges.
const STALL_LIMIT: Duration = Duration::from_secs(60);
/// Nobody sends before a login asks him to; what comes all the same is looked at no further than this.
const EARLY: usize = 512;

/// What the chip tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// A connection stands.
    Connected(LinkId),
    /// A connection does not come about.
    ConnectFailed(LinkId),
    /// A connection is gone.
    Closed(LinkId, LinkLoss),
}

/// A connection.
struct Conn {
    /// While it connects: when that is given up.
    connect_by: Option<Instant>,
    /// The cable is out: when it is given up.
    stalled: Option<Instant>,
    local: Option<SocketAddr>,
    early: Box<[u8]>,
}

/// The engine.
#[derive(Default)]
pub(super) struct Chip {
    conns: BTreeMap<LinkId, Conn>,
    effects: VecDeque<Effect>,
    tells: VecDeque<Tells>,
}

impl Chip {
    /// Connects, from the source address where this machine has it.
    pub(super) fn connect(&mut self, now: Instant, link: LinkId, to: SocketAddr, source: IpAddr) {
        let conn = Conn {
            connect_by: Some(now + CONNECT_LIMIT),
            stalled: None,
            local: None,
            early: vec![0; EARLY].into(),
        };
        self.conns.insert(link, conn);
        let source = Some(source).filter(|source| !source.is_unspecified());
        self.effects.push_back(Effect::Connect { link, to, source });
    }

    /// The next order to whoever moves the bytes.
    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// A connection stands.
    pub(super) fn connected(&mut self, link: LinkId, local: SocketAddr) {
        if let Some(conn) = self.conns.get_mut(&link) {
            (conn.connect_by, conn.local) = (None, Some(local));
            self.tells.push_back(Tells::Connected(link));
        }
    }

    /// A connection does not come about.
    pub(super) fn connect_failed(&mut self, link: LinkId, why: LinkLoss) {
        if self.conns.remove(&link).is_some() {
            tracing::info!(?why, "the chip could not connect");
            self.tells.push_back(Tells::ConnectFailed(link));
        }
    }

    /// A connection is gone.
    pub(super) fn closed(&mut self, link: LinkId, why: LinkLoss) {
        if self.conns.remove(&link).is_some() {
            self.tells.push_back(Tells::Closed(link, why));
        }
    }

    /// Where a connection begins.
    pub(super) fn local(&self, link: LinkId) -> Option<SocketAddr> {
        self.conns.get(&link)?.local
    }

    /// Where bytes go that come before anybody may send any.
    pub(super) fn early(&mut self, link: LinkId) -> &mut [u8] {
        self.conns.get_mut(&link).map_or(&mut [], |c| &mut c.early)
    }

    /// Whether a cable that is out holds a connection up.
    pub(super) fn stalls(&self, link: LinkId) -> bool {
        self.conns.get(&link).is_some_and(|c| c.stalled.is_some())
    }

    /// Ends a connection; nothing more is told of it.
    pub(super) fn close(&mut self, link: LinkId) {
        if self.conns.remove(&link).is_some() {
            self.effects.push_back(Effect::Close { link });
        }
    }

    /// Nothing of a connection reaches its peer any more, or does again.
    pub(super) fn stall(&mut self, now: Instant, link: LinkId, stalled: bool) {
        if let Some(conn) = self.conns.get_mut(&link) {
            conn.stalled = stalled.then_some(now + STALL_LIMIT);
            if !stalled {
                self.effects.push_back(Effect::Send { link });
            }
        }
    }

    /// What it has to tell.
    pub(super) fn told(&mut self) -> Option<Tells> {
        self.tells.pop_front()
    }

    /// When [`Chip::expire`] is wanted at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let times = |c: &Conn| c.connect_by.into_iter().chain(c.stalled).min();
        self.conns.values().filter_map(times).min()
    }

    /// What took too long is given up; what that was.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<LinkId> {
        let late = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let late: Vec<(LinkId, bool)> = self
            .conns
            .iter()
            .filter(|(_, c)| late(c.connect_by) || late(c.stalled))
            .map(|(link, c)| (*link, c.connect_by.is_some()))
            .collect();
        for (link, connecting) in &late {
            self.close(*link);
            self.tells.push_back(if *connecting {
                Tells::ConnectFailed(*link)
            } else {
                Tells::Closed(*link, LinkLoss::TimedOut)
            });
        }
        late.into_iter().map(|(link, _)| link).collect()
    }
}
