//! What the client does on its way from state to state: what it says, and how long it waits.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{
    CONFIRM_LIMIT, Client, DECLINED, DELAY, FIRST, PAUSE_LIMIT, PROLONG, PROLONG_LIMIT, REQUEST_LIMIT, State,
};
use crate::address::dhcp6::lease::Lease;
use crate::address::dhcp6::request::Request;
use crate::address::effect::PROBE_LIMIT;
use crate::address::retry::Retry;
use crate::address::{Effect, Loss};

impl Client {
    pub(super) fn solicit(&mut self, now: Instant) {
        self.wanted = None;
        self.best = None;
        self.begin(now, State::Soliciting, FIRST, self.solicit_limit);
        let delay = self.random.between(Duration::ZERO, DELAY);
        self.at = now.checked_add(delay);
    }

    pub(super) fn solicit_again(&mut self, now: Instant) {
        self.count_unanswered();
        self.tries = self.tries.saturating_add(1);
        self.say(
            now,
            Request::Solicit {
                wanted: self.remembered,
            },
        );
        self.wait(now);
    }

    /// Asks the lease's server for it.
    pub(super) fn ask_for(&mut self, now: Instant, lease: Lease) {
        self.wanted = Some(lease);
        self.begin(now, State::Requesting, FIRST, REQUEST_LIMIT);
        self.request(now);
    }

    pub(super) fn request(&mut self, now: Instant) {
        let Some(Lease { address, server, .. }) = self.wanted.clone() else {
            return self.solicit(now);
        };
        self.tries += 1;
        self.say(
            now,
            Request::Ask {
                address,
                server: &server,
            },
        );
        self.wait(now);
    }

    /// What was offered came to nothing: once more, after pauses that grow.
    pub(super) fn start_over(&mut self, now: Instant) {
        self.failed = self.wanted.take().map(|w| w.server);
        self.remembered = None;
        self.count_unanswered();
        self.pause(now);
    }

    pub(super) fn pause(&mut self, now: Instant) {
        let pause = self.pauses.next(&mut self.random);
        self.rest(State::Waiting, now.checked_add(pause));
    }

    pub(super) fn confirm(&mut self, now: Instant) {
        self.wanted = None;
        self.best = None;
        self.begin(now, State::Confirming, FIRST, CONFIRM_LIMIT);
        let delay = self.random.between(Duration::ZERO, DELAY);
        self.at = now.checked_add(delay);
    }

    pub(super) fn confirm_again(&mut self, now: Instant) {
        let Some(address) = self.lease.as_ref().map(|l| l.address) else {
            return self.solicit(now);
        };
        self.tries += 1;
        self.say(now, Request::Confirm { address });
        self.wait(now);
    }

    /// RENEW until the rebinding time, then REBIND until the end.
    pub(super) fn prolong(&mut self, now: Instant) {
        let Some(lease) = self.lease.clone() else {
            return self.solicit(now);
        };
        let late = lease.rebind.is_some_and(|at| at <= now);
        let (state, until) = if late {
            (State::Rebinding, lease.expires)
        } else {
            (State::Renewing, lease.rebind)
        };
        if self.state != state {
            self.begin(now, state, PROLONG, PROLONG_LIMIT);
        }
        let (address, server) = (lease.address, &lease.server[..]);
        self.say(
            now,
            if late {
                Request::Rebind { address }
            } else {
                Request::Renew { address, server }
            },
        );
        self.wait(now);
        self.at = [self.at, until].into_iter().flatten().min();
    }

    pub(super) fn probing(&mut self, now: Instant) {
        self.rest(State::Probing, now.checked_add(PROBE_LIMIT));
    }

    pub(super) fn bind(&mut self, now: Instant, lease: Lease) {
        if lease.expires.is_some_and(|end| end <= now) {
            tracing::warn!(address = %lease.address, "the lease was over before its address was known to be free");
            self.failed = Some(lease.server);
            return self.pause(now);
        }
        // What a forgetful server gives in the place of what we had.
        self.lose(Loss::Refused);
        self.remembered = Some(lease.address);
        self.failed = None;
        self.pauses = Retry::new(DECLINED, PAUSE_LIMIT);
        self.out.push_back(Effect::Announce(IpAddr::V6(lease.address)));
        self.hold(now, lease);
        self.settle(now);
    }

    /// The lease in use from now on. Its address may be one that new connections should not use already.
    pub(super) fn hold(&mut self, now: Instant, lease: Lease) {
        self.deprecated = lease.preferred.is_some_and(|end| end <= now);
        self.lease = Some(lease);
        self.out.push_back(Effect::Changed);
    }

    /// The lease is good until it is time to renew it.
    pub(super) fn settle(&mut self, now: Instant) {
        self.unanswered = 0;
        let renew = self.lease.as_ref().and_then(|l| l.renew);
        self.rest(State::Bound, renew);
        if renew.is_some_and(|at| at <= now) {
            self.prolong(now);
        }
    }

    /// A server takes the lease back.
    pub(super) fn refuse(&mut self, now: Instant) {
        self.lose(Loss::Refused);
        self.remembered = None;
        self.solicit(now);
    }

    pub(super) fn decline(&mut self, now: Instant, lease: Option<Lease>) {
        self.remembered = None;
        self.count_unanswered();
        self.failed = lease.as_ref().map(|l| l.server.clone());
        if let Some(lease) = &lease {
            tracing::warn!(address = %lease.address, "somebody has the address that the server gave; it is declined");
        }
        self.wanted = lease;
        self.begin(now, State::Declining, FIRST, REQUEST_LIMIT);
        self.decline_again(now);
    }

    pub(super) fn decline_again(&mut self, now: Instant) {
        let Some(Lease { address, server, .. }) = self.wanted.clone() else {
            return self.pause(now);
        };
        self.tries += 1;
        self.say(
            now,
            Request::Decline {
                address,
                server: &server,
            },
        );
        self.wait(now);
    }

    pub(super) fn give_back(&mut self, now: Instant, lease: &Lease) {
        self.begin(now, State::Off, FIRST, REQUEST_LIMIT);
        self.say(
            now,
            Request::Release {
                address: lease.address,
                server: &lease.server,
            },
        );
    }

    pub(super) fn lose(&mut self, why: Loss) -> Option<Lease> {
        let lease = self.lease.take();
        if let Some(lease) = &lease {
            self.remembered = Some(lease.address);
            self.out.push_back(Effect::Lost {
                address: IpAddr::V6(lease.address),
                why,
            });
            self.out.push_back(Effect::Changed);
        }
        lease
    }

    pub(super) fn rest(&mut self, state: State, at: Option<Instant>) {
        self.state = state;
        self.at = at;
    }

    /// A new exchange.
    fn begin(&mut self, now: Instant, state: State, first: Duration, limit: Duration) {
        let [.., a, b, c] = self.random.next().to_be_bytes();
        self.xid = [a, b, c];
        self.began = now;
        self.state = state;
        self.tries = 0;
        self.retry = Retry::new(first, limit);
    }

    fn wait(&mut self, now: Instant) {
        let wait = self.retry.next(&mut self.random);
        self.at = now.checked_add(wait);
    }

    fn count_unanswered(&mut self) {
        let before = self.failing();
        self.unanswered = self.unanswered.saturating_add(1);
        if self.failing() != before {
            tracing::warn!(limit = ?self.solicit_limit, "no DHCPv6 server gives an address; it goes on being asked");
            self.out.push_back(Effect::Changed);
        }
    }

    fn say(&mut self, now: Instant, request: Request<'_>) {
        self.asked = now;
        let hundredths = now.saturating_duration_since(self.began).as_millis() / 10;
        let elapsed = u16::try_from(hundredths).unwrap_or(u16::MAX);
        if let Some(datagram) = self.speaker.say(request, self.xid, elapsed) {
            self.out.push_back(Effect::Udp(datagram));
        }
    }
}
