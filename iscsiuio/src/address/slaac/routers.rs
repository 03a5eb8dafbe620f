//! Default routers (RFC 4861, sections 6.3.4 to 6.3.6).

use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use super::advertisement::{Advertisement, Preference};
use crate::address::{Refusal, Refusals};

/// Routers that are kept.
pub(super) const ROUTERS: usize = 8;
/// How long a router of an earlier process counts as one without a word of it: the usual lifetime.
const ASSUMED: Duration = Duration::from_secs(1800);

struct Router {
    address: Ipv6Addr,
    expires: Instant,
    preference: Preference,
    /// It does not answer on the link.
    silent: bool,
}

/// The routers, the one in use first among equals.
#[derive(Default)]
pub(super) struct Routers(Vec<Router>);

impl Routers {
    /// A router of an earlier process.
    pub(super) fn assume(&mut self, now: Instant, address: Ipv6Addr) {
        if self.0.len() < ROUTERS {
            let expires = now + ASSUMED;
            self.0.push(Router {
                address,
                expires,
                preference: Preference::Medium,
                silent: false,
            });
        }
    }

    /// What one says. Whether the one in use changed.
    pub(super) fn hear(&mut self, now: Instant, said: &Advertisement, refusals: &mut Refusals) -> bool {
        let before = self.best();
        let room = self.0.len() < ROUTERS;
        let known = self.0.iter_mut().find(|r| r.address == said.router);
        let expires = now + Duration::from_secs(said.lifetime.into());
        match known {
            _ if said.lifetime == 0 => self.0.retain(|r| r.address != said.router),
            Some(router) => {
                router.expires = expires;
                router.preference = said.preference;
                router.silent = false;
            }
            None if room => self.0.push(Router {
                address: said.router,
                expires,
                preference: said.preference,
                silent: false,
            }),
            None => refusals.note(Refusal::TooMany),
        }
        self.best() != before
    }

    /// One does not answer on the link: others are used before it. Whether the one in use changed.
    pub(super) fn silent(&mut self, address: Ipv6Addr) -> bool {
        let before = self.best();
        if let Some(at) = self.0.iter().position(|r| r.address == address) {
            let mut router = self.0.remove(at);
            router.silent = true;
            self.0.push(router);
        }
        self.best() != before
    }

    /// The one to use.
    pub(super) fn best(&self) -> Option<Ipv6Addr> {
        // The first of the best: whoever is in use stays in use.
        let rank = |r: &Router| (r.silent, std::cmp::Reverse(r.preference));
        self.0.iter().min_by_key(|r| rank(r)).map(|r| r.address)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.0.iter().map(|r| r.expires).min()
    }

    /// Whether the one in use changed.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let before = self.best();
        self.0.retain(|r| r.expires > now);
        self.best() != before
    }
}
