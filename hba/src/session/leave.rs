//! A session is wanted no more.
//!
//! Owns who may end what. Source: open-iscsi `usr/session_mgmt.c`; kernel `ql4_os.c` (`qla4xxx_sysfs_flashnode_logout`: what boots stays).

use std::time::Instant;

use super::config::Scope;
use super::effect::Effect;
use super::id::SessionId;
use super::kind::Kind;
use super::one::{Leaving, One};
use super::state::Cause;
use super::supervisor::Supervisor;
use super::told::{Answer, Event, Refusal, Ticket};
use crate::policy::retry::Keeper;

impl Supervisor {
    pub(super) fn unwant(&mut self, now: Instant, ticket: Ticket, id: SessionId, exclude: bool) {
        let answer = match self.sessions.get(&id) {
            None => Some(Refusal::NotFound),
            Some(one) => self.spared(one, false),
        };
        match answer {
            Some(why) => self.answer(ticket, Answer::Refused(why)),
            None => self.begin_leave(now, ticket, id, exclude),
        }
    }

    pub(super) fn unwant_all(&mut self, now: Instant, ticket: Ticket) {
        let all: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, one)| self.spared(one, true).is_none())
            .map(|(id, _)| *id)
            .collect();
        if all.is_empty() {
            return self.answer(ticket, Answer::Refused(Refusal::NotFound));
        }
        for id in all {
            self.begin_leave(now, ticket, id, false);
        }
    }

    /// Why a session is not ended.
    fn spared(&self, one: &One, along_with_others: bool) -> Option<Refusal> {
        if one.wanted.kind == Kind::Boot || one.owner.is_boot() {
            return Some(Refusal::Boot);
        }
        let mine = one.owner == self.me;
        let firmware = one.keeper == Keeper::Driver;
        let reached = match self.config.scope {
            Scope::Made => mine,
            Scope::Named => mine || !(firmware && along_with_others),
        };
        (!reached).then(|| Refusal::NotOurs(one.owner.as_str().to_owned()))
    }

    fn begin_leave(&mut self, now: Instant, ticket: Ticket, id: SessionId, exclude: bool) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        if let Some(leaving) = &mut one.leaving {
            leaving.tickets.push(ticket);
            return;
        }
        one.leaving = Some(Leaving {
            tickets: vec![ticket],
            excluding: exclude,
            asked: None,
            was_up: one.state.is_up(),
        });
        self.stop_trying(now, id);
        let Some(one) = self.sessions.get(&id).filter(|_| exclude) else {
            return self.leave_now(now, id);
        };
        let target = one.wanted.target.clone();
        self.out.push(Effect::Exclude(id, target));
    }

    /// Nothing new is tried, and what is tried is stopped.
    fn stop_trying(&mut self, now: Instant, id: SessionId) {
        if let Some(one) = self.sessions.get_mut(&id) {
            one.queue.clear();
            one.round = false;
            one.next_at = None;
            one.retry_at = None;
        }
        self.abort_all(now, id);
    }

    pub(super) fn excluded(&mut self, now: Instant, id: SessionId, done: Result<(), String>) {
        let Some(one) = self.sessions.get_mut(&id) else {
            self.strays += 1;
            return;
        };
        let Some(leaving) = one.leaving.as_mut().filter(|leaving| leaving.excluding) else {
            self.strays += 1;
            return;
        };
        match done {
            Ok(()) => {
                leaving.excluding = false;
                self.leave_now(now, id);
            }
            Err(why) => {
                // It would come back by itself: nothing is half done.
                let tickets = one.leaving.take().map(|leaving| leaving.tickets);
                for ticket in tickets.unwrap_or_default() {
                    self.answer(ticket, Answer::Refused(Refusal::NotWritten(why.clone())));
                }
                self.step(now, id);
            }
        }
    }

    fn leave_now(&mut self, now: Instant, id: SessionId) {
        // A restart in the midst of it must not bring the session back.
        if self
            .sessions
            .get(&id)
            .is_some_and(|one| one.gate != super::one::Gate::Persist)
        {
            self.remember(id);
        }
        self.stop_trying(now, id);
        self.step(now, id);
    }

    /// Brings the logout a step on.
    pub(super) fn leave(&mut self, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(leaving) = one.leaving.as_mut().filter(|leaving| !leaving.excluding) else {
            return;
        };
        if !one.running.is_empty() {
            one.go(Cause::Clean);
            return;
        }
        let Some(sid) = one.sid else {
            return self.finish(id);
        };
        if leaving.asked != Some(sid) {
            leaving.asked = Some(sid);
            one.go(Cause::Leave);
            one.expires = None;
            one.leave_by = None;
            self.out.push(Effect::End { id, sid });
        }
    }

    pub(super) fn ended(&mut self, now: Instant, id: SessionId, sid: u32, done: Result<(), String>) {
        let Some(one) = self.sessions.get_mut(&id).filter(|one| one.sid == Some(sid)) else {
            // What came up beside the one that counts, or what the kernel told before.
            return;
        };
        match done {
            Ok(()) => self.gone(now, id),
            Err(why) => {
                let Some(leaving) = one.leaving.take() else {
                    return;
                };
                one.go(if leaving.was_up { Cause::Stay } else { Cause::Lose });
                self.count(id, |counts| counts.logout_other += 1);
                self.remember(id);
                for ticket in leaving.tickets {
                    self.answer(ticket, Answer::Refused(Refusal::Kept(why.clone())));
                }
                self.step(now, id);
            }
        }
    }

    /// It is gone, and it was to go.
    fn finish(&mut self, id: SessionId) {
        let leaving = self.sessions.get_mut(&id).and_then(|one| one.leaving.take());
        let Some(leaving) = leaving else {
            return;
        };
        if leaving.was_up {
            self.count(id, |counts| counts.logout_normal += 1);
        }
        let waiters = self
            .sessions
            .get_mut(&id)
            .map(|one| std::mem::take(&mut one.waiters));
        self.forget(id);
        self.event(id, Event::Ended);
        for ticket in leaving.tickets.into_iter().chain(waiters.unwrap_or_default()) {
            self.answer(ticket, Answer::LoggedOut(id));
        }
    }

    /// Nothing is known of it any more.
    pub(super) fn forget(&mut self, id: SessionId) {
        let Some(one) = self.sessions.remove(&id) else {
            return;
        };
        if let Some(sid) = one.sid {
            self.by_sid.remove(&sid);
        }
        for attempt in one.running.iter().map(|r| r.attempt).chain(one.live) {
            self.by_attempt.remove(&attempt);
        }
        if one.ours() {
            self.out.push(Effect::Forget(id));
        }
    }

    /// A session that nobody keeps ended by itself: what the kernel has of it is taken away.
    pub(super) fn drop_it(&mut self, now: Instant, id: SessionId) {
        if let Some(one) = self.sessions.get_mut(&id) {
            one.leaving = Some(Leaving::default());
        }
        self.leave_now(now, id);
    }
}
