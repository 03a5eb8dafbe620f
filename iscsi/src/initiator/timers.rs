//! Deadlines: login, liveness, logout, text, task management.

use std::time::Instant;

use super::{DropReason, Initiator, LoginFailure, TextFailure, TmfOutcome, engine::Phase};
use crate::pdu::{Lun, RESERVED_TAG};

impl Initiator {
    /// When liveness wants something: a NOP-Out to be sent, or the connection to be dropped.
    fn liveness(&self) -> Option<Instant> {
        let interval = self.terms.timeouts.noop_interval?;
        Some(match self.ping {
            // As `iscsi_has_ping_timed_out` counts.
            Some(_) if self.relay.is_some() => self.last_rx + interval + self.terms.timeouts.noop_timeout,
            // Anything that arrives is a sign of life.
            Some((_, sent)) => sent.max(self.last_rx) + self.terms.timeouts.noop_timeout,
            None => self.last_rx + interval,
        })
    }

    /// When [`Initiator::handle_timeout`] wants to be called. Ask again after every call into the engine.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Closed | Phase::Relay => None,
            Phase::Login(_) => Some(self.login_deadline),
            Phase::Full => {
                let logout = self.logout.map(|(_, deadline)| deadline);
                let exchange = self.exchange.as_ref().map(|exchange| exchange.deadline);
                let tmfs = self.tmfs.values().map(|tmf| tmf.deadline).min();
                let nops = self.nops.values().copied().min();
                [self.liveness(), logout, exchange, tmfs, nops]
                    .into_iter()
                    .flatten()
                    .min()
            }
        }
    }

    /// Time has come. Calling it early does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &self.phase {
            Phase::Closed | Phase::Relay => {}
            Phase::Login(_) => {
                if now >= self.login_deadline {
                    self.counters.timeout_errors += 1;
                    self.fail_login(LoginFailure::TimedOut);
                }
            }
            Phase::Full => self.full_feature_timeouts(now),
        }
    }

    fn full_feature_timeouts(&mut self, now: Instant) {
        if self.logout.is_some_and(|(_, deadline)| now >= deadline) {
            self.counters.timeout_errors += 1;
            self.fail(DropReason::LogoutTimeout);
            return;
        }
        if self
            .exchange
            .as_ref()
            .is_some_and(|exchange| now >= exchange.deadline)
        {
            self.counters.timeout_errors += 1;
            self.close_exchange(now, Err(TextFailure::TimedOut));
        }
        let late: Vec<u32> = self
            .tmfs
            .iter()
            .filter(|(_, tmf)| now >= tmf.deadline)
            .map(|(tag, _)| *tag)
            .collect();
        for tag in late {
            let tmf = self.tmfs.remove(&tag);
            self.counters.timeout_errors += 1;
            if tmf.is_some_and(|tmf| tmf.given_up.is_some()) {
                self.fail(DropReason::DataDigest);
                return;
            }
            self.tmf_done(tag, TmfOutcome::TimedOut);
        }
        let late: Vec<u32> = self
            .nops
            .iter()
            .filter(|(_, deadline)| now >= **deadline)
            .map(|(tag, _)| *tag)
            .collect();
        for tag in late {
            self.nops.remove(&tag);
            self.counters.timeout_errors += 1;
            self.nop_done(tag, false);
        }
        if self.liveness().is_some_and(|deadline| now >= deadline) {
            if self.ping.is_some() {
                self.counters.timeout_errors += 1;
                self.fail(DropReason::NopTimeout);
            } else {
                self.send_ping(now);
            }
        }
    }

    /// Asks for a sign of life; one question runs at a time.
    pub(super) fn send_ping(&mut self, now: Instant) {
        let tag = self.new_tag();
        self.ping = Some((tag, now));
        self.send_nop(tag, RESERVED_TAG, Lun::default(), &[]);
    }
}
