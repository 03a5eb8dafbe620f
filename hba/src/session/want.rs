//! A session comes to be wanted.
//!
//! Source: open-iscsi `usr/initiator.c` (`session_login_task`: one that runs is in the way unless more are wanted); kernel `ql4_os.c`
//! (`qla4xxx_match_fwdb_session`); Microsoft `LoginIScsiTarget` (written down before it is logged in).

use std::time::Instant;

use iscsi::address::TargetAddress;

use super::effect::Effect;
use super::id::{SessionId, Traits};
use super::one::{Gate, One};
use super::supervisor::Supervisor;
use super::told::{Answer, Event, Refusal, There, Ticket};
use super::wanted::Wanted;
use crate::policy::retry::Keeper;

/// Callers that wait for one session.
const MAX_WAITERS: usize = 64;

impl Supervisor {
    pub(super) fn want(&mut self, now: Instant, ticket: Ticket, wanted: Wanted) {
        if let Some(answer) = self.in_the_way(ticket, &wanted) {
            match answer {
                Some(answer) => self.answer(ticket, answer),
                None => self.step_all(now),
            }
            return;
        }
        if self.sessions.len() >= self.config.max_sessions {
            return self.answer(ticket, Answer::Refused(Refusal::TooMany));
        }
        let id = self.new_id(&wanted);
        let mut one = One::new(wanted, Keeper::Hbad, self.me.clone(), now);
        one.waiters.push(ticket);
        let persist = one.wanted.persist;
        if persist {
            one.gate = Gate::Persist;
            let record = Box::new(one.wanted.clone());
            self.out.push(Effect::Persist(id, record));
        }
        self.sessions.insert(id, one);
        if !persist {
            self.written(now, id);
        }
    }

    /// What is answered because of another session; `Some(None)`: he waits for that one.
    fn in_the_way(&mut self, ticket: Ticket, wanted: &Wanted) -> Option<Option<Answer>> {
        let other = |one: &One| one.wanted.same_path(wanted) && !wanted.multiple;
        let found = self
            .sessions
            .iter_mut()
            .find(|(_, one)| other(one))
            .map(|(id, one)| (*id, one));
        if let Some((id, one)) = found {
            let there = match one.keeper {
                Keeper::Driver => There::Flash,
                Keeper::Iscsid => There::Foreign,
                Keeper::Hbad => There::Running,
            };
            if one.leaving.is_some() {
                return Some(Some(Answer::Refused(Refusal::Leaving)));
            }
            // It is on its way for another one who asked: both get the same.
            let abandoned = one.abandoned();
            if abandoned {
                one.failed = 0;
            }
            let coming = one.ours() && (abandoned || (!one.was_up && !one.waiters.is_empty()));
            if !coming {
                return Some(Some(Answer::Exists(id, there)));
            }
            if one.waiters.len() >= MAX_WAITERS {
                return Some(Some(Answer::Refused(Refusal::TooMany)));
            }
            one.waiters.push(ticket);
            return Some(None);
        }
        let clash = self
            .sessions
            .iter()
            .find(|(_, one)| one.wanted.same_nexus(wanted));
        clash.map(|(id, one)| {
            Some(match one.keeper {
                Keeper::Driver => Answer::Exists(*id, There::Flash),
                _ => Answer::Refused(Refusal::IsidTaken(*id)),
            })
        })
    }

    /// Somebody wants a session again that was given up.
    fn step_all(&mut self, now: Instant) {
        let idle = |one: &One| one.ours() && !one.round && one.retry_at.is_none();
        let all: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, one)| idle(one))
            .map(|(id, _)| *id)
            .collect();
        all.into_iter().for_each(|id| self.step(now, id));
    }

    /// A number for a new session.
    pub(super) fn new_id(&self, wanted: &Wanted) -> SessionId {
        let portal = wanted.portals.first().map(ToString::to_string);
        let traits = Traits {
            target: &wanted.target,
            isid: wanted.isid,
            portal: portal.as_deref().unwrap_or_default(),
            port: wanted.port(),
        };
        traits.id(|id| self.sessions.contains_key(&id))
    }

    pub(super) fn persisted(&mut self, now: Instant, id: SessionId, done: Result<(), String>) {
        let Some(one) = self.sessions.get_mut(&id).filter(|one| one.gate == Gate::Persist) else {
            self.strays += 1;
            return;
        };
        one.gate = Gate::Open;
        if one.leaving.is_some() {
            return self.step(now, id);
        }
        match done {
            Ok(()) => self.written(now, id),
            Err(why) => {
                // It must not run now and be forgotten at the next start.
                let waiters = std::mem::take(&mut one.waiters);
                self.sessions.remove(&id);
                for ticket in waiters {
                    self.answer(ticket, Answer::Refused(Refusal::NotWritten(why.clone())));
                }
                self.event(id, Event::NotKept(why));
            }
        }
    }

    fn written(&mut self, now: Instant, id: SessionId) {
        self.remember(id);
        self.look_up(id);
        self.step(now, id);
    }

    /// Asks for portals where none was given.
    pub(super) fn look_up(&mut self, id: SessionId) {
        if let Some(one) = self.sessions.get_mut(&id)
            && one.wanted.portals.is_empty()
        {
            one.gate = Gate::Resolve;
            self.out.push(Effect::Resolve(id));
        }
    }

    pub(super) fn resolved(&mut self, now: Instant, id: SessionId, portals: Vec<TargetAddress>) {
        let Some(one) = self.sessions.get_mut(&id) else {
            self.strays += 1;
            return;
        };
        let waited = one.gate == Gate::Resolve;
        if waited {
            one.gate = Gate::Open;
        }
        if !portals.is_empty() {
            one.wanted.portals = portals;
            self.remember(id);
        } else if waited && one.leaving.is_none() {
            let waiters = std::mem::take(&mut one.waiters);
            self.sessions.remove(&id);
            self.out.push(Effect::Forget(id));
            for ticket in waiters {
                self.answer(ticket, Answer::Refused(Refusal::NoPortal));
            }
            return;
        }
        self.step(now, id);
    }
}
