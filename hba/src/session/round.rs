//! A round over the portals of a session: side by side, each with a time of its own, one login at a time.
//!
//! Source: RFC 8305 (the next address is tried a little later, beside the others), RFC 7143 section 6.3.5 (a login with the ISID of a session
//! ends it: connecting is side by side, logging in is not).

use std::time::Instant;

use iscsi::address::TargetAddress;

use super::effect::{Effect, Try};
use super::flow::AttemptId;
use super::id::SessionId;
use super::one::{Gate, Runner, Running};
use super::state::Cause;
use super::supervisor::Supervisor;
use super::told::{Answer, Event, GaveUp};
use crate::policy::portals::{self, Known, Reach, Wish};
use crate::policy::retry::{self, Decision, Intent, Standing, Waiter};

impl Supervisor {
    /// Brings a session a step nearer to what is wanted.
    pub(super) fn step(&mut self, now: Instant, id: SessionId) {
        self.overdue(now, id);
        let Some(one) = self.sessions.get(&id) else {
            return;
        };
        if one.leaving.is_some() {
            return self.leave(id);
        }
        if !one.ours() || one.state.is_up() || one.gate != Gate::Open {
            return;
        }
        if !one.round {
            let waits = one.retry_at.is_some_and(|at| at > now);
            if waits || !one.running.is_empty() || one.abandoned() {
                return;
            }
            self.begin_round(now, id);
        }
        self.go_on(now, id);
    }

    fn begin_round(&mut self, now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        one.go(Cause::Try);
        one.round = true;
        one.began = Some(now);
        one.retry_at = None;
        one.refused = None;
        one.words = None;
        one.next_at = None;
        one.patience = self.config.patience;
        let known: Vec<Known<'_>> = one
            .moved
            .iter()
            .chain(&one.wanted.portals)
            .map(|at| Known {
                at,
                leading: one.moved.as_ref() == Some(at),
                told: false,
            })
            .collect();
        let wish = Wish {
            last_good: one.last_good.as_ref(),
            ..Wish::default()
        };
        one.queue = portals::order(&known, Reach::ANY, &wish).tries.into();
    }

    /// Starts what may be started, and gives the turn.
    fn go_on(&mut self, now: Instant, id: SessionId) {
        loop {
            let Some(one) = self.sessions.get_mut(&id) else {
                return;
            };
            let abreast = one.wanted.side_by_side;
            let alone = one.running.is_empty();
            let stalled = one.running.iter().all(|r| matches!(r.at, Running::Aborted));
            let due = one.next_at.is_none_or(|at| at <= now);
            let may = alone || (abreast && (due || stalled));
            let Some(portal) = (if may { one.queue.pop_front() } else { None }) else {
                break;
            };
            let hold = abreast && (one.wanted.portals.len() > 1 || one.moved.is_some());
            self.start_try(now, id, portal, hold);
        }
        self.give_turn(now, id);
        let over = self
            .sessions
            .get(&id)
            .is_some_and(|one| one.round && one.queue.is_empty() && one.running.is_empty());
        if over {
            self.round_failed(now, id);
        }
    }

    fn start_try(&mut self, now: Instant, id: SessionId, portal: TargetAddress, hold: bool) {
        self.attempts += 1;
        let attempt = AttemptId(self.attempts);
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        let within = one.wanted.within();
        let wanted = &one.wanted;
        self.out.push(Effect::Begin(Box::new(Try {
            attempt,
            id,
            kind: wanted.kind,
            target: wanted.target.clone(),
            portal: portal.clone(),
            host: wanted.host,
            transport: wanted.transport.clone(),
            iface: wanted.iface.clone(),
            initiator: wanted.initiator.clone(),
            isid: wanted.isid,
            record: wanted.record.clone(),
            rebind: one.sid,
            hold,
            within,
        })));
        let at = if hold {
            Running::Connecting
        } else {
            one.go(Cause::Proceed);
            Running::Granted(now)
        };
        one.next_at = Some(now + self.config.stagger);
        one.running.push(Runner {
            attempt,
            portal,
            at,
            until: now + within,
        });
        self.by_attempt.insert(attempt, id);
    }

    pub(super) fn connected(&mut self, now: Instant, attempt: AttemptId) {
        let Some(id) = self.by_attempt.get(&attempt).copied() else {
            self.strays += 1;
            return;
        };
        if let Some(runner) = self.runner(id, attempt)
            && runner.at == Running::Connecting
        {
            runner.at = Running::Connected;
        }
        self.step(now, id);
    }

    pub(super) fn runner(&mut self, id: SessionId, attempt: AttemptId) -> Option<&mut Runner> {
        let one = self.sessions.get_mut(&id)?;
        one.running.iter_mut().find(|r| r.attempt == attempt)
    }

    /// The first that stands logs in, once nobody else may still be at it.
    fn give_turn(&mut self, now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        let busy = |r: &Runner| matches!(r.at, Running::Granted(_) | Running::Aborted);
        if !one.round || one.running.iter().any(busy) {
            return;
        }
        if let Some(runner) = one.running.iter_mut().find(|r| r.at == Running::Connected) {
            runner.at = Running::Granted(now);
            runner.until = now + one.wanted.within();
            let attempt = runner.attempt;
            one.go(Cause::Proceed);
            self.out.push(Effect::Proceed(attempt));
        }
    }

    /// Stops all tries of a session.
    pub(super) fn abort_all(&mut self, now: Instant, id: SessionId) {
        self.abort_where(now, id, |_| true);
    }

    pub(super) fn abort_where(&mut self, now: Instant, id: SessionId, which: impl Fn(&Runner) -> bool) {
        let cleanup = self.config.cleanup;
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        for runner in &mut one.running {
            if runner.at != Running::Aborted && which(runner) {
                runner.at = Running::Aborted;
                runner.until = now + cleanup;
                self.out.push(Effect::Abort(runner.attempt));
            }
        }
    }

    /// Stops tries whose time is over, and looks what became of those that do not stop.
    fn overdue(&mut self, now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        let mut lost = Vec::new();
        one.running.retain(|r| {
            let stuck = r.at == Running::Aborted && r.until <= now;
            if stuck {
                lost.push(r.attempt);
            }
            !stuck
        });
        let late: Vec<TargetAddress> = one
            .running
            .iter()
            .filter(|r| r.until <= now)
            .map(|r| r.portal.clone())
            .collect();
        let turn_over = one.turn_since().is_some_and(|since| since + one.patience <= now);
        for attempt in &lost {
            self.by_attempt.remove(attempt);
        }
        if !lost.is_empty() {
            self.out.push(Effect::Resync);
        }
        for portal in late {
            self.failed_at(
                id,
                portal,
                super::flow::Counted::Transport,
                None,
                "it took too long".to_owned(),
            );
        }
        self.abort_where(now, id, |r| {
            r.until <= now || (turn_over && matches!(r.at, Running::Granted(_)))
        });
    }

    /// Every portal was tried.
    fn round_failed(&mut self, now: Instant, id: SessionId) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        one.round = false;
        one.failed = one.failed.saturating_add(1);
        one.go(Cause::Fail);
        let final_word = one
            .refused
            .filter(|_| !one.was_up && one.wanted.intent != Intent::Boot);
        if let Some(failure) = final_word {
            return self.give_up(id, GaveUp::Refused(failure));
        }
        if !one.wanted.kind.is_kept() {
            let failure = one
                .words
                .as_ref()
                .map_or(crate::model::LoginFailureType::LoginOtherFail, |(failure, _)| {
                    *failure
                });
            return self.give_up(id, GaveUp::Refused(failure));
        }
        let standing = Standing {
            failed: one.failed,
            since: now.saturating_duration_since(one.since),
            was_up: one.was_up,
            time2wait: one.time2wait,
            logged_out: false,
        };
        match retry::next(one.wanted.intent, &one.wanted.limits(), &standing) {
            Decision::Again { after, waiter } => {
                one.retry_at = Some(now + after);
                if waiter == Waiter::Told {
                    for ticket in std::mem::take(&mut one.waiters) {
                        self.answer(ticket, Answer::StillTrying(id));
                    }
                }
            }
            Decision::GiveUp(why) => self.give_up(id, GaveUp::Rule(why)),
        }
    }

    /// Nobody tries it any more. Where the kernel has nothing of it, nothing is kept either.
    fn give_up(&mut self, id: SessionId, why: GaveUp) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        one.go(Cause::GiveUp);
        one.retry_at = None;
        let (failure, words) = one.words.clone().unwrap_or((
            crate::model::LoginFailureType::LoginOtherFail,
            "nothing was tried".to_owned(),
        ));
        let waiters = std::mem::take(&mut one.waiters);
        let none = one.sid.is_none();
        for ticket in waiters {
            self.answer(ticket, Answer::Failed(id, failure, words.clone()));
        }
        self.event(id, Event::GaveUp(why));
        if none {
            self.sessions.remove(&id);
            self.out.push(Effect::Forget(id));
        }
    }
}
