//! How a connection ends: login failures, drops, and everything that still ran.
//!
//! Owns the rule that every task and every request ends exactly once, before the last event. At error recovery level 0 the session
//! goes with its connection; who wants the tasks done requeues them after a new login. Source: RFC 7143 sections 7.1.4.4 and 7.1.5.

use super::{DropReason, Event, Initiator, LoginFailure, Outcome, TextFailure, TmfOutcome, engine::Phase};
use crate::framer::FrameError;

impl Initiator {
    pub(super) fn fail_login(&mut self, why: LoginFailure) {
        self.tx.clear();
        self.end(Event::LoginFailed(why));
    }

    /// Drops the connection. What the login phase comes across is a login failure.
    pub(super) fn fail(&mut self, why: DropReason) {
        match why {
            DropReason::Frame(FrameError::HeaderDigest) => self.counters.digest_errors += 1,
            DropReason::Frame(FrameError::TooLong { .. }) | DropReason::Protocol(_) => {
                self.counters.format_errors += 1;
            }
            _ => {}
        }
        if let Phase::Login(_) = self.phase {
            self.fail_login(match why {
                DropReason::Frame(why) => LoginFailure::Frame(why),
                DropReason::Link(why) => LoginFailure::Link(why),
                _ => LoginFailure::BadField("format"),
            });
            return;
        }
        self.tx.clear();
        self.end(Event::Dropped(why));
    }

    /// The last event: everything that runs ends before it.
    pub(super) fn end(&mut self, last: Event) {
        self.phase = Phase::Closed;
        let tags: Vec<u32> = self.tasks.0.keys().copied().collect();
        for tag in tags {
            self.end_task(tag, Outcome::Lost);
        }
        for (tag, tmf) in std::mem::take(&mut self.tmfs) {
            if tmf.given_up.is_none() {
                self.tmf_done(tag, TmfOutcome::Lost);
            }
        }
        for tag in std::mem::take(&mut self.nops).into_keys() {
            self.nop_done(tag, false);
        }
        self.end_exchange(Err(TextFailure::Lost));
        self.waiting.clear();
        self.logout = None;
        if let Some(relay) = &mut self.relay {
            relay.forget();
        }
        self.events.push_back(last);
    }
}
