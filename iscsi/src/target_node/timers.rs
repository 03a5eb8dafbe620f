//! What a connection waits for, and what it does when the time has come: the end of a login, a late refusal, a ping, an initiator that
//! reads nothing or owes data, a logout that was asked for.
//!
//! Must not know how bytes come and go. Source: RFC 7143 §11.9 (time of a
//! requested logout), §11.19 (NOP-In).

use std::time::{Duration, Instant};

use super::connection::{Connection, Phase};
use super::event::CloseReason;

impl Connection {
    /// When [`Connection::handle_timeout`] is wanted.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if let Some(closing) = self.closing {
            return (!self.tx.is_empty()).then_some(closing);
        }
        match &self.phase {
            Phase::Login(login) => Some(self.late.as_ref().map_or(login.deadline, |late| late.at)),
            Phase::Full(_) => {
                let ping = self.config.nop_interval.map(|interval| self.ping_at(interval));
                let unread = self.unread.map(|(since, _)| since + self.config.read_timeout);
                [self.logout_deadline, ping, unread, self.data_check]
                    .into_iter()
                    .flatten()
                    .min()
            }
        }
    }

    /// The time asked for has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(closing) = self.closing {
            if closing <= now {
                self.tx.clear();
                self.tasks.clear();
            }
            return;
        }
        if let Some(late) = self.late.take_if(|late| late.at <= now) {
            self.refuse_now(now, &late.request, late.refusal);
            return;
        }
        match &self.phase {
            // A refusal that waits comes before the end of the login's time.
            Phase::Login(_) if self.late.is_some() => {}
            Phase::Login(login) if login.deadline <= now => self.close(now, CloseReason::LoginTimeout),
            Phase::Login(_) => {}
            Phase::Full(_) => {
                if self.logout_deadline.is_some_and(|at| at <= now) {
                    self.close(now, CloseReason::LogoutTimeout);
                } else if self.reads_nothing(now) {
                    self.close(now, CloseReason::Stuck);
                } else if self.data_is_late(now) {
                    self.close(now, CloseReason::NoData);
                } else if let Some(interval) = self.config.nop_interval
                    && self.ping_at(interval) <= now
                {
                    if self.ping.is_some() {
                        self.close(now, CloseReason::Silent);
                    } else {
                        self.send_ping();
                    }
                }
            }
        }
    }

    fn ping_at(&self, interval: Duration) -> Instant {
        self.heard + interval * if self.ping.is_some() { 2 } else { 1 }
    }

    /// Notes whether the initiator reads.
    pub(super) fn watch_reader(&mut self, now: Instant) {
        let out = self.tx.octets();
        if self.tx.is_empty() || self.kept_back {
            self.unread = None;
        } else if self.unread.is_none_or(|(_, then)| then != out) {
            self.unread = Some((now, out));
        }
    }

    fn reads_nothing(&mut self, now: Instant) -> bool {
        self.watch_reader(now);
        self.unread
            .is_some_and(|(since, _)| since + self.config.read_timeout <= now)
    }
}
