//! What the client does on its way from state to state: what it says, and how long it waits.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{CONFLICTS, Client, DECLINED, FIRST, LONGEST, State};
use crate::address::dhcp4::lease::Lease;
use crate::address::dhcp4::request::Request;
use crate::address::retry::Retry;
use crate::address::{Effect, Loss};

impl Client {
    /// INIT.
    pub(super) fn select(&mut self, now: Instant) {
        self.wanted = None;
        self.transaction(now);
        self.tries = 0;
        self.retry = Retry::new(FIRST, LONGEST);
        self.state = State::Selecting;
        self.discover(now);
    }

    pub(super) fn discover(&mut self, now: Instant) {
        self.count_unanswered();
        self.tries = self.tries.saturating_add(1);
        self.say(
            now,
            Request::Discover {
                wanted: self.remembered,
            },
        );
        self.wait(now);
    }

    pub(super) fn request(&mut self, now: Instant) {
        let Some(Lease { address, server, .. }) = self.wanted else {
            return self.select(now);
        };
        self.tries += 1;
        self.say(now, Request::Select { address, server });
        self.wait(now);
    }

    /// What was offered came to nothing: once more, after pauses that grow.
    pub(super) fn start_over(&mut self, now: Instant) {
        self.failed = self.wanted.take().map(|w| w.server);
        self.remembered = None;
        self.count_unanswered();
        let pause = self.pauses.next(&mut self.random);
        self.rest(State::Waiting, now.checked_add(pause));
    }

    pub(super) fn reboot(&mut self, now: Instant) {
        self.transaction(now);
        self.tries = 0;
        self.retry = Retry::new(FIRST, LONGEST);
        self.state = State::Rebooting;
        self.ask_again(now);
    }

    pub(super) fn ask_again(&mut self, now: Instant) {
        let Some(Lease { address, .. }) = self.lease else {
            return self.select(now);
        };
        self.tries += 1;
        self.say(now, Request::Reboot { address });
        self.wait(now);
    }

    /// RENEWING until the rebinding time, then REBINDING until the end. Half of what is left goes by between two messages, a minute
    /// at least; where a lease has no minutes to spare, as many times less.
    pub(super) fn prolong(&mut self, now: Instant) {
        let Some(lease) = &self.lease else {
            return self.select(now);
        };
        let Lease {
            address,
            server,
            renew,
            rebind,
            expires,
            ..
        } = *lease;
        let (state, from, until, request) = if rebind.is_some_and(|at| at <= now) {
            (State::Rebinding, rebind, expires, Request::Rebind { address })
        } else {
            (State::Renewing, renew, rebind, Request::Renew { address, server })
        };
        if self.state != state {
            self.transaction(now);
            self.state = state;
        }
        self.say(now, request);
        let (Some(from), Some(until)) = (from, until) else {
            return self.rest(State::Bound, None);
        };
        let least = (until.saturating_duration_since(from) / 4)
            .clamp(Duration::from_secs(1), Duration::from_secs(60));
        let wait = (until.saturating_duration_since(now) / 2).max(least);
        self.at = now.checked_add(wait).map(|at| at.min(until));
    }

    pub(super) fn bind(&mut self, now: Instant, lease: Lease) {
        if lease.expires.is_some_and(|end| end <= now) {
            tracing::warn!(address = %lease.address, "the lease was over before its address was known to be free");
            self.wanted = Some(lease);
            return self.start_over(now);
        }
        self.remembered = Some(lease.address);
        self.conflicts = 0;
        self.failed = None;
        self.out.push_back(Effect::Announce(IpAddr::V4(lease.address)));
        self.lease = Some(lease);
        self.out.push_back(Effect::Changed);
        self.settle(now);
    }

    /// BOUND.
    pub(super) fn settle(&mut self, now: Instant) {
        self.unanswered = 0;
        self.pauses = Retry::new(FIRST, LONGEST);
        let renew = self.lease.as_ref().and_then(|l| l.renew);
        self.rest(State::Bound, renew);
        if renew.is_some_and(|at| at <= now) {
            self.prolong(now);
        }
    }

    pub(super) fn decline(&mut self, now: Instant, lease: Option<Lease>) {
        if let Some(Lease { address, server, .. }) = lease {
            tracing::warn!(%address, "somebody has the address that the server gave; it is declined");
            self.transaction(now);
            self.say(now, Request::Decline { address, server });
            self.failed = Some(server);
        }
        self.remembered = None;
        self.count_unanswered();
        self.conflicts = self.conflicts.saturating_add(1);
        let pause = if self.conflicts < CONFLICTS {
            DECLINED
        } else {
            LONGEST
        };
        self.rest(State::Waiting, now.checked_add(pause));
    }

    pub(super) fn lose(&mut self, why: Loss) -> Option<Lease> {
        let lease = self.lease.take();
        if let Some(lease) = &lease {
            self.remembered = Some(lease.address);
            self.out.push_back(Effect::Lost {
                address: IpAddr::V4(lease.address),
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

    pub(super) fn wait(&mut self, now: Instant) {
        let wait = self.retry.next(&mut self.random);
        self.at = now.checked_add(wait);
    }

    pub(super) fn count_unanswered(&mut self) {
        let before = self.failing();
        self.unanswered = self.unanswered.saturating_add(1);
        if self.failing() != before {
            tracing::warn!(limit = ?LONGEST, "no DHCP server gives an address; it goes on being asked");
            self.out.push_back(Effect::Changed);
        }
    }

    pub(super) fn transaction(&mut self, now: Instant) {
        self.began = now;
        self.xid = u32::try_from(self.random.next() & u64::from(u32::MAX)).unwrap_or(0);
    }

    pub(super) fn say(&mut self, now: Instant, request: Request) {
        self.asked = now;
        let secs = now.saturating_duration_since(self.began).as_secs();
        let secs = u16::try_from(secs).unwrap_or(u16::MAX);
        if let Some(datagram) = self.speaker.say(request, self.xid, secs) {
            self.out.push_back(Effect::Udp(datagram));
        }
    }
}
