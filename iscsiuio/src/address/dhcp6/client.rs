//! The client's states (RFC 8415, section 18.2).

mod answers;
mod exchange;

use std::collections::VecDeque;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use dhcproto::v6::{CLIENT_PORT, SERVER_PORT};

use super::lease::Lease;
use super::request::Speaker;
use crate::address::retry::Retry;
use crate::address::{Datagram, Effect, Loss, Probed, Refusals};
use crate::random::Random;

/// The longest wait before the first message, so that a rack that is switched on does not speak at once.
const DELAY: Duration = Duration::from_millis(300);
/// SOL_TIMEOUT, REQ_TIMEOUT, CNF_TIMEOUT, DEC_TIMEOUT (section 7.6).
const FIRST: Duration = Duration::from_secs(1);
/// SOL_MAX_RT, which servers may change. As in RFC 3315: RFC 8415's hour is for hosts that ask without having been told to.
const SOLICIT_LIMIT: Duration = Duration::from_secs(120);
/// REQ_MAX_RT and REQ_MAX_RC.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
const REQUESTS: u8 = 10;
/// CNF_MAX_RT, and as many messages as go in CNF_MAX_RD.
const CONFIRM_LIMIT: Duration = Duration::from_secs(4);
const CONFIRMS: u8 = 4;
/// REN_TIMEOUT and REB_TIMEOUT, REN_MAX_RT and REB_MAX_RT.
const PROLONG: Duration = Duration::from_secs(10);
const PROLONG_LIMIT: Duration = Duration::from_secs(600);
/// DEC_MAX_RC.
const DECLINES: u8 = 4;
/// The longest pause after an offer that came to nothing, or a duplicate.
const PAUSE_LIMIT: Duration = Duration::from_secs(64);
/// The first pause after a duplicate, as with DHCPv4.
const DECLINED: Duration = Duration::from_secs(10);
/// Unanswered messages after which the state is "failed"; it goes on being tried.
const PATIENCE: u32 = 4;

/// Where the client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing is wanted.
    Off,
    /// A pause before it starts over.
    Waiting,
    /// Looks for servers.
    Soliciting,
    /// Has asked a server for its address.
    Requesting,
    /// The link is asked whether somebody has the address.
    Probing,
    /// Has asked whether the address is still one of this link; it is used meanwhile.
    Confirming,
    /// Has a lease.
    Bound,
    /// Asks the lease's server to prolong it.
    Renewing,
    /// Asks any server to prolong it.
    Rebinding,
    /// Tells a server that somebody else has its address.
    Declining,
}

/// A client for one interface.
pub struct Client {
    speaker: Speaker,
    random: Random,
    state: State,
    link: bool,
    /// The lease in use.
    lease: Option<Lease>,
    /// Its preferred lifetime is over.
    deprecated: bool,
    /// A lease that is asked for, probed or declined.
    wanted: Option<Lease>,
    /// The best of what was advertised, and how good it is.
    best: Option<((bool, u8), Lease)>,
    /// The address that was held last, worth asking for.
    remembered: Option<Ipv6Addr>,
    /// The server whose offer came to nothing: others are asked first.
    failed: Option<Vec<u8>>,
    xid: [u8; 3],
    began: Instant,
    asked: Instant,
    tries: u8,
    retry: Retry,
    pauses: Retry,
    solicit_limit: Duration,
    at: Option<Instant>,
    unanswered: u32,
    refusals: Refusals,
    out: VecDeque<Effect>,
}

impl Client {
    /// A client that does nothing yet. `iaid` tells this interface from others with the same MAC address.
    #[must_use]
    pub fn new(mac: [u8; 6], iaid: u32, seed: &[u8; 32], now: Instant) -> Self {
        Self {
            speaker: Speaker::new(mac, iaid),
            random: Random::new(seed, b"dhcp6"),
            state: State::Off,
            link: true,
            lease: None,
            deprecated: false,
            wanted: None,
            best: None,
            remembered: None,
            failed: None,
            xid: [0; 3],
            began: now,
            asked: now,
            tries: 0,
            retry: Retry::new(FIRST, SOLICIT_LIMIT),
            pauses: Retry::new(DECLINED, PAUSE_LIMIT),
            solicit_limit: SOLICIT_LIMIT,
            at: None,
            unanswered: 0,
            refusals: Refusals::default(),
            out: VecDeque::new(),
        }
    }

    /// Looks for a lease, from the link-local address `source`.
    pub fn start(&mut self, now: Instant, source: Ipv6Addr) {
        self.speaker.source = source;
        if self.state == State::Off {
            self.solicit(now);
        }
    }

    /// Goes on with a lease of an earlier process: it is used from now on, and servers are asked whether it fits the link.
    pub fn resume(&mut self, now: Instant, source: Ipv6Addr, lease: Lease) {
        if lease.expires.is_some_and(|end| end <= now) {
            self.remembered = Some(lease.address);
            return self.start(now, source);
        }
        self.speaker.source = source;
        self.hold(now, lease);
        self.confirm(now);
    }

    /// The link came or went. Whether a lease fits is asked anew on a link that came back.
    pub fn link(&mut self, now: Instant, up: bool) {
        if std::mem::replace(&mut self.link, up) == up || !up {
            return;
        }
        match self.state {
            State::Off | State::Waiting | State::Declining => {}
            _ if self.lease.is_some() => self.confirm(now),
            _ => self.solicit(now),
        }
    }

    /// Gives the lease back, with one message, and stops.
    pub fn release(&mut self, now: Instant) {
        if let Some(lease) = self.lose(Loss::Released) {
            self.give_back(now, &lease);
        }
        self.wanted = None;
        self.best = None;
        self.rest(State::Off, None);
    }

    /// What the link said to [`Effect::Probe`].
    pub fn probed(&mut self, now: Instant, address: Ipv6Addr, said: Probed) {
        if self.state != State::Probing || self.wanted.as_ref().is_none_or(|l| l.address != address) {
            return;
        }
        match (said, self.wanted.take()) {
            (Probed::Free, Some(lease)) => self.bind(now, lease),
            (_, wanted) => self.decline(now, wanted),
        }
    }

    /// The lease in use.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Whether new connections should use the lease's address.
    #[must_use]
    pub fn preferred(&self) -> bool {
        self.lease.is_some() && !self.deprecated
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Which identity association this is.
    #[must_use]
    pub fn iaid(&self) -> u32 {
        self.speaker.iaid
    }

    /// No server answers, or none with an address that can be used. It is tried again all the same.
    #[must_use]
    pub fn failing(&self) -> bool {
        self.lease.is_none() && self.unanswered >= PATIENCE
    }

    /// What servers said that was not taken.
    #[must_use]
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// What is to be done, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        self.out.pop_front()
    }

    /// When [`Client::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ends = self.lease.as_ref().and_then(|l| l.expires);
        let ages = self
            .lease
            .as_ref()
            .and_then(|l| l.preferred)
            .filter(|_| !self.deprecated);
        [ends, ages, self.at.filter(|_| self.link)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if self.lease.as_ref().is_some_and(|l| due(l.expires)) {
            self.lose(Loss::Expired);
            if matches!(
                self.state,
                State::Bound | State::Renewing | State::Rebinding | State::Confirming
            ) {
                return self.solicit(now);
            }
        }
        if !self.deprecated && self.lease.as_ref().is_some_and(|l| due(l.preferred)) {
            self.deprecated = true;
            self.out.push_back(Effect::Changed);
        }
        if !self.link || !due(self.at) {
            return;
        }
        match self.state {
            State::Off => {}
            State::Waiting => self.solicit(now),
            State::Soliciting => match self.best.take() {
                Some((_, lease)) => self.ask_for(now, lease),
                None => self.solicit_again(now),
            },
            State::Requesting if self.tries < REQUESTS => self.request(now),
            State::Requesting => self.start_over(now),
            State::Probing => match self.wanted.take() {
                Some(lease) => {
                    tracing::warn!(address = %lease.address, "a probe was never answered for, the address counts as free");
                    self.bind(now, lease);
                }
                None => self.solicit(now),
            },
            State::Confirming if self.tries < CONFIRMS => self.confirm_again(now),
            // Nobody objects: the lease is good to its end (section 18.2.3).
            State::Confirming => self.settle(now),
            State::Bound | State::Renewing | State::Rebinding => self.prolong(now),
            State::Declining if self.tries < DECLINES => self.decline_again(now),
            State::Declining => self.pause(now),
        }
    }

    /// A datagram, whosever it is.
    pub fn datagram(&mut self, now: Instant, heard: &Datagram<&[u8]>) {
        if heard.destination.port() != CLIENT_PORT || heard.source.port() != SERVER_PORT {
            return;
        }
        if let Err(why) = self.hear(now, heard.payload) {
            tracing::debug!(from = %heard.source, reason = %why, "a DHCPv6 message is not taken");
            self.refusals.note(why);
        }
    }
}
