//! The routers of one link and what they say: solicitations, routers, prefixes, MTU.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::advertisement::Advertisement;
use super::prefixes::Prefixes;
use super::routers::Routers;
use crate::address::retry::Retry;
use crate::address::{Effect, Held, Probed, Refusal, Refusals, Route};
use crate::net::SMALLEST_MTU;
use crate::port::InterfaceStatus;
use crate::random::Random;

/// The longest wait before the first solicitation, so that a rack that is switched on does not speak at once.
const DELAY: Duration = Duration::from_millis(300);
/// The first wait for an answer (RFC 4861, section 10: RTR_SOLICITATION_INTERVAL).
const INTERVAL: Duration = Duration::from_secs(4);
/// The longest wait between two solicitations (RFC 7559, section 2: MRT).
const LONGEST: Duration = Duration::from_secs(3600);
/// Solicitations without an answer after which there is no router (RFC 4861, section 10: MAX_RTR_SOLICITATIONS).
const PATIENCE: u32 = 3;

/// What is taken from routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::address) struct Wanted {
    /// Addresses are made out of prefixes.
    pub(in crate::address) addresses: bool,
    /// They are used as routers.
    pub(in crate::address) routers: bool,
}

/// Router discovery on one interface.
pub(in crate::address) struct Discovery {
    wanted: Wanted,
    mac: [u8; 6],
    most: u16,
    random: Random,
    link: bool,
    routers: Routers,
    prefixes: Prefixes,
    managed: bool,
    mtu: Option<u16>,
    /// Somebody advertised on this link.
    heard: bool,
    retry: Retry,
    asked: u32,
    /// The next solicitation; `None`: somebody answered.
    at: Option<Instant>,
    refusals: Refusals,
}

impl Discovery {
    /// Begins to ask; what an earlier process had is gone on with. `most` is the port's MTU.
    pub(in crate::address) fn new(
        now: Instant,
        wanted: Wanted,
        (mac, most): ([u8; 6], u16),
        mut random: Random,
        saved: Option<&InterfaceStatus>,
        out: &mut VecDeque<Effect>,
    ) -> Self {
        let at = now.checked_add(random.between(Duration::ZERO, DELAY));
        let mut routers = Routers::default();
        let mut prefixes = Prefixes::default();
        if let Some(saved) = saved {
            for router in &saved.routers {
                if let IpAddr::V6(address) = router
                    && address.is_unicast_link_local()
                    && wanted.routers
                {
                    routers.assume(now, *address);
                }
            }
            if wanted.addresses {
                prefixes.resume(now, mac, saved, out);
            }
        }
        Self {
            wanted,
            mac,
            most,
            random,
            link: true,
            prefixes,
            managed: false,
            mtu: None,
            heard: !routers.is_empty(),
            routers,
            retry: Retry::new(INTERVAL, LONGEST),
            asked: 0,
            at,
            refusals: Refusals::default(),
        }
    }

    /// A router advertisement of `router`, as an ICMPv6 message.
    pub(in crate::address) fn hear(
        &mut self,
        now: Instant,
        router: Ipv6Addr,
        message: &[u8],
        out: &mut VecDeque<Effect>,
    ) {
        let said = match Advertisement::parse(router, message, &mut self.refusals) {
            Ok(said) => said,
            Err(why) => {
                tracing::debug!(%router, reason = %why, "a router advertisement is not taken");
                self.refusals.note(why);
                return;
            }
        };
        self.at = None;
        self.asked = 0;
        let before = (self.heard, self.managed, self.mtu);
        if !std::mem::replace(&mut self.heard, true) {
            // Of the link before.
            self.mtu = None;
        }
        // Of several routers one is enough; a new link begins anew.
        self.managed |= said.managed;
        match said.mtu.map(u16::try_from) {
            Some(Ok(mtu)) if (SMALLEST_MTU..=self.most).contains(&mtu) => self.mtu = Some(mtu),
            Some(_) => self.refusals.note(Refusal::BadMtu),
            None => {}
        }
        let mac = self.wanted.addresses.then_some(self.mac);
        for prefix in &said.prefixes {
            self.prefixes.hear(now, prefix, mac, &mut self.refusals, out);
        }
        let moved = self.wanted.routers && self.routers.hear(now, &said, &mut self.refusals);
        if moved || before != (self.heard, self.managed, self.mtu) {
            out.push_back(Effect::Changed);
        }
    }

    /// A router does not answer on the link.
    pub(in crate::address) fn silent(&mut self, router: Ipv6Addr, out: &mut VecDeque<Effect>) {
        if self.routers.silent(router) {
            tracing::warn!(%router, "a router does not answer; another is used");
            out.push_back(Effect::Changed);
        }
    }

    /// The link came or went: it may be another one.
    pub(in crate::address) fn link(&mut self, now: Instant, up: bool, out: &mut VecDeque<Effect>) {
        self.link = up;
        if up {
            (self.heard, self.managed) = (false, false);
            self.prefixes.link_up(now, out);
            self.solicit_anew(now);
        }
    }

    fn solicit_anew(&mut self, now: Instant) {
        self.asked = 0;
        self.retry = Retry::new(INTERVAL, LONGEST);
        self.at = now.checked_add(self.random.between(Duration::ZERO, DELAY));
    }

    pub(in crate::address) fn probed(
        &mut self,
        now: Instant,
        address: Ipv6Addr,
        said: Probed,
        out: &mut VecDeque<Effect>,
    ) {
        self.prefixes
            .probed(now, address.into(), said, &mut self.random, out);
    }

    /// Whether there is an address that may be used.
    pub(in crate::address) fn held(&self) -> bool {
        self.prefixes.held()
    }

    /// Whether an address may come: of a prefix, or of a router that may still answer.
    pub(in crate::address) fn acquiring(&self) -> bool {
        self.prefixes.acquiring() || (self.at.is_some() && self.asked <= PATIENCE)
    }

    /// Whether a router spoke on this link.
    pub(in crate::address) fn heard(&self) -> bool {
        self.heard
    }

    /// Whether routers say that addresses are DHCPv6's.
    pub(in crate::address) fn managed(&self) -> bool {
        self.managed
    }

    /// The MTU that routers tell.
    pub(in crate::address) fn mtu(&self) -> Option<u16> {
        self.mtu
    }

    /// The router in use.
    pub(in crate::address) fn router(&self) -> Option<Ipv6Addr> {
        self.routers.best()
    }

    pub(in crate::address) fn addresses(&self, to: &mut Vec<Held>) {
        self.prefixes.addresses(to);
    }

    pub(in crate::address) fn duplicates(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        self.prefixes.duplicates()
    }

    pub(in crate::address) fn routes(&self, to: &mut Vec<Route>) {
        self.prefixes.routes(to);
    }

    pub(in crate::address) fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    pub(in crate::address) fn poll_timeout(&self) -> Option<Instant> {
        [
            self.at.filter(|_| self.link),
            self.routers.poll_timeout(),
            self.prefixes.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(in crate::address) fn handle_timeout(&mut self, now: Instant, out: &mut VecDeque<Effect>) {
        self.prefixes.handle_timeout(now, out);
        let some = !self.routers.is_empty();
        if self.routers.handle_timeout(now) {
            out.push_back(Effect::Changed);
        }
        if some && self.routers.is_empty() && self.at.is_none() {
            self.solicit_anew(now);
        }
        if self.link && self.at.is_some_and(|at| at <= now) {
            self.asked = self.asked.saturating_add(1);
            out.push_back(Effect::SolicitRouter);
            if self.asked == PATIENCE + 1 {
                tracing::warn!(limit = ?LONGEST, "no router advertises itself; it goes on being asked");
                out.push_back(Effect::Changed);
            }
            let wait = self.retry.next(&mut self.random);
            self.at = now.checked_add(wait);
        }
    }
}
