//! The client's states (RFC 2131, section 4.4 and figure 5).

mod exchange;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use dhcproto::v4::{CLIENT_PORT, SERVER_PORT};

use super::answer::{Answer, Kind, Ours};
use super::lease::Lease;
use super::request::{Request, Speaker};
use crate::address::effect::PROBE_LIMIT;
use crate::address::retry::Retry;
use crate::address::{Datagram, Effect, Loss, Probed, Refusal, Refusals};
use crate::random::Random;

/// The first wait for an answer; a link that loses the first message still gives an address within two seconds.
const FIRST: Duration = Duration::from_millis(1200);
/// The longest wait between two messages while there is no lease, as long as the RFC's.
const LONGEST: Duration = Duration::from_secs(64);
/// Messages for an offer or a remembered lease before something else is tried.
const TRIES: u8 = 4;
/// Unanswered messages after which the state is "failed"; it goes on being tried.
const PATIENCE: u32 = 4;
/// The wait after a duplicate address (RFC 2131, section 3.1, step 5).
const DECLINED: Duration = Duration::from_secs(10);
/// Duplicates in a row after which the wait is the longest one (RFC 5227, section 2.1.1: MAX_CONFLICTS).
const CONFLICTS: u32 = 10;

/// Where the client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing is wanted.
    Off,
    /// A pause before it starts over.
    Waiting,
    /// Waits for an offer.
    Selecting,
    /// Has asked for an offered address.
    Requesting,
    /// The link is asked whether somebody has the address.
    Probing,
    /// Has asked whether a remembered lease still holds; it is used meanwhile.
    Rebooting,
    /// Has a lease.
    Bound,
    /// Asks the lease's server to prolong it.
    Renewing,
    /// Asks any server to prolong it.
    Rebinding,
}

/// A client for one interface.
pub struct Client {
    speaker: Speaker,
    random: Random,
    state: State,
    link: bool,
    /// The lease in use.
    lease: Option<Lease>,
    /// A lease that is asked for (its address and server) or probed.
    wanted: Option<Lease>,
    /// The address that was held last, worth asking for.
    remembered: Option<Ipv4Addr>,
    /// The server whose offer came to nothing: others are heard first.
    failed: Option<Ipv4Addr>,
    xid: u32,
    /// When this exchange began; times of a lease count from the last message.
    began: Instant,
    asked: Instant,
    tries: u8,
    retry: Retry,
    pauses: Retry,
    at: Option<Instant>,
    unanswered: u32,
    conflicts: u32,
    refusals: Refusals,
    out: VecDeque<Effect>,
}

impl Client {
    /// A client that does nothing yet. `mtu` is the most that the port can carry.
    #[must_use]
    pub fn new(mac: [u8; 6], mtu: u16, seed: &[u8; 32], now: Instant) -> Self {
        Self {
            speaker: Speaker::new(mac, mtu),
            random: Random::new(seed, b"dhcp4"),
            state: State::Off,
            link: true,
            lease: None,
            wanted: None,
            remembered: None,
            failed: None,
            xid: 0,
            began: now,
            asked: now,
            tries: 0,
            retry: Retry::new(FIRST, LONGEST),
            pauses: Retry::new(FIRST, LONGEST),
            at: None,
            unanswered: 0,
            conflicts: 0,
            refusals: Refusals::default(),
            out: VecDeque::new(),
        }
    }

    /// Looks for a lease, at once.
    pub fn start(&mut self, now: Instant) {
        if self.state == State::Off {
            self.select(now);
        }
    }

    /// Goes on with a lease of an earlier process: it is used from now on, and servers are asked whether it still holds.
    pub fn resume(&mut self, now: Instant, lease: Lease) {
        if lease.expires.is_some_and(|end| end <= now) {
            self.remembered = Some(lease.address);
            return self.start(now);
        }
        self.lease = Some(lease);
        self.out.push_back(Effect::Changed);
        self.reboot(now);
    }

    /// The link came or went. A lease is asked about anew on a link that came back.
    pub fn link(&mut self, now: Instant, up: bool) {
        if std::mem::replace(&mut self.link, up) == up || !up || self.state == State::Off {
            return;
        }
        if self.lease.is_some() {
            self.reboot(now);
        } else if self.state != State::Waiting {
            self.select(now);
        }
    }

    /// Gives the lease back and stops.
    pub fn release(&mut self, now: Instant) {
        if let Some(Lease { address, server, .. }) = self.lease {
            self.transaction(now);
            self.say(now, Request::Release { address, server });
            self.lose(Loss::Released);
        }
        self.rest(State::Off, None);
        self.wanted = None;
    }

    /// What the link said to [`Effect::Probe`].
    pub fn probed(&mut self, now: Instant, address: Ipv4Addr, said: Probed) {
        if self.state != State::Probing || self.wanted.as_ref().is_none_or(|l| l.address != address) {
            return;
        }
        match (said, self.wanted.take()) {
            (Probed::Free, Some(lease)) => self.bind(now, lease),
            (_, wanted) => self.decline(now, wanted),
        }
    }

    /// Somebody else has the address in use: it is declined and another looked for.
    pub fn taken(&mut self, now: Instant, address: Ipv4Addr) {
        if self.lease.as_ref().is_some_and(|l| l.address == address) {
            let lease = self.lose(Loss::Taken);
            self.decline(now, lease);
        }
    }

    /// The lease in use.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
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
        let end = self.lease.as_ref().and_then(|l| l.expires);
        // Nothing is said on a link that is down; a lease ends there too.
        [end, self.at.filter(|_| self.link)].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if self.lease.as_ref().is_some_and(|l| due(l.expires)) {
            self.lose(Loss::Expired);
            return self.select(now);
        }
        if !self.link || !due(self.at) {
            return;
        }
        match self.state {
            State::Off => {}
            State::Waiting => self.select(now),
            State::Selecting => self.discover(now),
            State::Requesting if self.tries < TRIES => self.request(now),
            State::Requesting => self.start_over(now),
            State::Probing => match self.wanted.take() {
                Some(lease) => {
                    tracing::warn!(address = %lease.address, "a probe was never answered for, the address counts as free");
                    self.bind(now, lease);
                }
                None => self.select(now),
            },
            State::Rebooting if self.tries < TRIES => self.ask_again(now),
            // Nobody objects: the lease is good to its end (RFC 2131, section 3.2, step 3).
            State::Rebooting => self.settle(now),
            State::Bound | State::Renewing | State::Rebinding => self.prolong(now),
        }
    }

    /// A datagram, whosever it is.
    pub fn datagram(&mut self, now: Instant, heard: &Datagram<&[u8]>) {
        if heard.destination.port() != CLIENT_PORT || heard.source.port() != SERVER_PORT {
            return;
        }
        if let Err(why) = self.hear(now, heard.payload) {
            tracing::debug!(from = %heard.source, reason = %why, "a DHCP message is not taken");
            self.refusals.note(why);
        }
    }

    fn hear(&mut self, now: Instant, payload: &[u8]) -> Result<(), Refusal> {
        let ours = Ours {
            xid: self.xid,
            mac: &self.speaker.mac,
            client_id: &self.speaker.client_id,
        };
        let answer = Answer::parse(payload, &ours, &mut self.refusals)?;
        match (self.state, answer.kind) {
            (State::Selecting, Kind::Offer) => {
                let offer = self.checked(&answer)?;
                if self.failed == Some(offer.server) && self.tries < 2 {
                    return Err(Refusal::FailedBefore);
                }
                self.wanted = Some(offer);
                self.state = State::Requesting;
                self.tries = 0;
                self.retry = Retry::new(FIRST, LONGEST);
                self.request(now);
                Ok(())
            }
            (State::Requesting, Kind::Ack) => {
                self.by_chosen(&answer)?;
                let lease = self.checked(&answer)?;
                if self.wanted.as_ref().is_some_and(|w| w.address != lease.address) {
                    return Err(Refusal::OtherAddress);
                }
                self.out.push_back(Effect::Probe(IpAddr::V4(lease.address)));
                self.wanted = Some(lease);
                self.rest(State::Probing, now.checked_add(PROBE_LIMIT));
                Ok(())
            }
            (State::Requesting, Kind::Nak) => {
                self.by_chosen(&answer)?;
                self.start_over(now);
                Ok(())
            }
            (State::Rebooting | State::Renewing | State::Rebinding, Kind::Ack | Kind::Nak) => {
                self.answered(now, &answer)
            }
            _ => Err(Refusal::Unexpected),
        }
    }

    /// An answer about the lease in use.
    fn answered(&mut self, now: Instant, answer: &Answer) -> Result<(), Refusal> {
        let Some(held) = &self.lease else {
            return Err(Refusal::Unexpected);
        };
        if self.state == State::Renewing && answer.server != held.server {
            return Err(Refusal::OtherServer);
        }
        if answer.kind == Kind::Nak {
            self.lose(Loss::Refused);
            // What was refused is not asked for again.
            self.remembered = None;
            self.select(now);
            return Ok(());
        }
        let address = held.address;
        let lease = self.checked(answer)?;
        if lease.address != address {
            return Err(Refusal::OtherAddress);
        }
        self.lease = Some(lease);
        self.out.push_back(Effect::Changed);
        self.settle(now);
        Ok(())
    }

    fn checked(&mut self, answer: &Answer) -> Result<Lease, Refusal> {
        Lease::new(answer, self.asked, self.speaker.mtu, &mut self.refusals)
    }

    fn by_chosen(&self, answer: &Answer) -> Result<(), Refusal> {
        match &self.wanted {
            Some(wanted) if wanted.server == answer.server => Ok(()),
            _ => Err(Refusal::OtherServer),
        }
    }
}
