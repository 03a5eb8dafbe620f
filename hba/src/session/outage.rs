//! A session is lost: its devices wait, it is tried again, and at some time its devices are given up.
//!
//! Source: Microsoft's removal latency (60 seconds); kernel `scsi_transport_iscsi.c` (`recovery_tmo`: commands wait for so long, then the devices
//! answer with errors and stay); RFC 7143 section 11.9 (what a target announces) and 13.15.

use std::time::{Duration, Instant};

use super::effect::Effect;
use super::id::SessionId;
use super::state::{Cause, State};
use super::supervisor::Supervisor;
use super::told::{Event, Told};
use super::wanted::OnExpiry;
use crate::ids::HostNo;
use crate::policy::retry::{MAX_TIME2WAIT, Policy};

impl Supervisor {
    /// The connection is lost; the kernel has the session still.
    pub(super) fn lose(&mut self, now: Instant, id: SessionId, why: &str, wait: Option<Duration>) {
        let Some(one) = self.sessions.get(&id).filter(|one| one.state.is_up()) else {
            return;
        };
        let expires = Self::seconds(self.latency(one)).map(|latency| now + latency);
        let ours = one.ours();
        if let Some(live) = one.live {
            self.by_attempt.remove(&live);
        }
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        one.go(Cause::Lose);
        one.live = None;
        one.portal = None;
        one.leave_by = None;
        one.since = now;
        one.failed = 0;
        if ours {
            one.expires = expires;
            one.retry_at = Some(first_try(
                now,
                one.began,
                one.wanted.intent,
                wait.unwrap_or(one.time2wait),
            ));
        }
        self.event(id, Event::Lost { why: why.to_owned() });
        let discovery = self
            .sessions
            .get(&id)
            .is_some_and(|one| !one.wanted.kind.is_kept() && one.leaving.is_none());
        if discovery {
            return self.drop_it(now, id);
        }
        self.step(now, id);
    }

    /// The kernel has it no more.
    pub(super) fn gone(&mut self, now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        let sid = one.sid.take();
        if let Some(sid) = sid {
            self.by_sid.remove(&sid);
        }
        if let Some(live) = one.live.take() {
            self.by_attempt.remove(&live);
        }
        if one.leaving.is_some() {
            if let Some(leaving) = &mut one.leaving {
                leaving.asked = None;
            }
            if let Some(sid) = sid {
                self.out.push(Effect::Disown { sid });
            }
            return self.step(now, id);
        }
        one.portal = None;
        one.leave_by = None;
        one.scan_at = None;
        // Its devices went with it.
        one.expires = None;
        one.deleted = true;
        let ours = one.ours() && one.wanted.kind.is_kept();
        if one.state.is_up() {
            one.go(Cause::Lose);
            one.since = now;
            one.failed = 0;
            one.retry_at = Some(first_try(now, one.began, one.wanted.intent, one.time2wait));
        }
        self.count(id, |counts| counts.logout_other += 1);
        if let Some(sid) = sid {
            self.out.push(Effect::Disown { sid });
        }
        self.event(id, Event::Gone);
        if ours {
            self.remember(id);
            self.step(now, id);
        } else {
            self.forget(id);
        }
    }

    /// A session that another one keeps is in again.
    pub(super) fn kept_up(&mut self, _now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id).filter(|one| !one.ours()) else {
            return;
        };
        let (Some(sid), false) = (one.sid, one.state.is_up()) else {
            return;
        };
        one.go(Cause::Up);
        one.was_up = true;
        let portal = one.wanted.portals.first().map(ToString::to_string);
        one.portal.clone_from(&portal);
        self.count(id, |counts| counts.accepted += 1);
        let event = Event::Up {
            sid,
            portal: portal.unwrap_or_default(),
            redirected: false,
        };
        self.event(id, event);
    }

    /// The target wants a logout within a time; it is brought back afterwards.
    pub(super) fn logout_requested(&mut self, now: Instant, id: SessionId, within: Duration) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        if one.state != State::LoggedIn || !one.go(Cause::Asked) {
            return;
        }
        let ours = one.ours();
        if let Some(sid) = one.sid.filter(|_| ours) {
            one.leave_by = Some(now + within);
            self.out.push(Effect::Leave { id, sid, within });
        }
        self.event(id, Event::LogoutRequested(within));
    }

    /// Gives its devices up when they waited long enough.
    pub(super) fn expire(&mut self, now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        if one.expires.is_none_or(|at| at > now) {
            return;
        }
        one.expires = None;
        let delete = one.wanted.on_expiry == OnExpiry::Delete && one.wanted.kind.has_devices();
        one.deleted |= delete;
        if let Some(sid) = one.sid.filter(|_| delete) {
            self.out.push(Effect::RemoveDevices { sid });
        }
        self.event(id, Event::Expired { deleted: delete });
    }

    /// A port's link came or went. What waits for the port is tried at once when it is back.
    pub(super) fn link(&mut self, now: Instant, host: HostNo, up: bool) {
        self.tell(Told::Link { host, up });
        if !up {
            return;
        }
        let mut waiting = Vec::new();
        for (id, one) in &mut self.sessions {
            if one.wanted.host == Some(host)
                && let Some(at) = &mut one.retry_at
            {
                *at = (*at).min(now.max(one.since + one.time2wait.min(MAX_TIME2WAIT)));
                waiting.push(*id);
            }
        }
        for id in waiting {
            self.step(now, id);
        }
    }
}

/// When a lost session is tried first: after DefaultTime2Wait, but one that is lost again and again not more often than any other.
fn first_try(
    now: Instant,
    began: Option<Instant>,
    intent: crate::policy::retry::Intent,
    time2wait: Duration,
) -> Instant {
    let calm = began.map(|began| began + Policy::of(intent).wait(1));
    let asked = now + time2wait.min(MAX_TIME2WAIT);
    calm.map_or(asked, |calm| asked.max(calm))
}
