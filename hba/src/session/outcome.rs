//! What tries tell, and the sessions that came of them.

use std::time::{Duration, Instant};

use iscsi::address::TargetAddress;

use super::effect::Effect;
use super::flow::{AttemptId, Counted, Failure, FlowEvent, Loss, Up};
use super::id::SessionId;
use super::one::Running;
use super::state::Cause;
use super::supervisor::Supervisor;
use super::told::{Answer, Event};
use crate::model::LoginFailureType;
use crate::policy::portals::{Ended, goes_on};

/// Kind of failure, its type in management interfaces, how the portal fared.
const TABLE: &[(Counted, LoginFailureType, Ended)] = &[
    (Counted::Other, LoginFailureType::LoginOtherFail, Ended::Refused),
    (
        Counted::Authorization,
        LoginFailureType::LoginAuthFail,
        Ended::Auth,
    ),
    (
        Counted::Authentication,
        LoginFailureType::LoginAuthenticateFail,
        Ended::Auth,
    ),
    (
        Counted::Negotiation,
        LoginFailureType::LoginNegotiateFail,
        Ended::Refused,
    ),
    (
        Counted::Transport,
        LoginFailureType::LoginOtherFail,
        Ended::Unreachable,
    ),
    (
        Counted::Redirect,
        LoginFailureType::LoginOtherFail,
        Ended::Refused,
    ),
];

/// Kind of failure, status of the login response, words.
type Why = (Counted, Option<(u8, u8)>, String);

fn row(of: Counted) -> (LoginFailureType, Ended) {
    let row = TABLE.iter().find(|row| row.0 == of).unwrap_or(&TABLE[0]);
    (row.1, row.2)
}

impl Supervisor {
    pub(super) fn flow(&mut self, now: Instant, attempt: AttemptId, event: FlowEvent) {
        let Some(id) = self.by_attempt.get(&attempt).copied() else {
            self.strays += 1;
            // A session that nobody waits for must not stay behind.
            if matches!(event, FlowEvent::Up(_)) {
                self.out.push(Effect::Resync);
            }
            return;
        };
        let live = self
            .sessions
            .get(&id)
            .is_some_and(|one| one.live == Some(attempt));
        match event {
            FlowEvent::Up(up) => self.up(now, id, attempt, &up),
            FlowEvent::Failed(_) | FlowEvent::Lost(_) if live => {
                let (why, wait) = match event {
                    FlowEvent::Lost(loss) => lost(loss),
                    _ => ("the connection failed".to_owned(), None),
                };
                if matches!(event, FlowEvent::Lost(Loss::ByTarget { .. })) {
                    self.count(id, |counts| counts.logout_other += 1);
                }
                self.lose(now, id, &why, wait);
            }
            FlowEvent::Failed(failure) => self.failed(now, id, attempt, &failure),
            FlowEvent::Lost(loss) => {
                let (why, _) = lost(loss);
                self.drop_try(id, attempt, Some((Counted::Transport, None, why)));
                self.step(now, id);
            }
            FlowEvent::Gone if live => self.gone(now, id),
            FlowEvent::Ended { left } if live => {
                let sid = self.sessions.get(&id).and_then(|one| one.sid);
                match (left.first(), sid) {
                    (Some((request, errno)), Some(sid)) => {
                        let why = format!("the kernel answers {errno} to {request:?}");
                        self.ended(now, id, sid, Err(why));
                    }
                    _ => self.gone(now, id),
                }
            }
            FlowEvent::Gone | FlowEvent::Ended { .. } => {
                if let FlowEvent::Ended { left } = event
                    && !left.is_empty()
                {
                    self.out.push(Effect::Resync);
                }
                self.drop_try(id, attempt, None);
                self.step(now, id);
            }
            FlowEvent::LogoutRequested { seconds } if live => {
                self.logout_requested(now, id, Duration::from_secs(seconds.into()));
            }
            FlowEvent::LunsChanged if live => self.luns_changed(now, id),
            // The kernel does not negotiate anew: the target takes the connection down, and that is told as a loss.
            FlowEvent::LogoutRequested { .. }
            | FlowEvent::LunsChanged
            | FlowEvent::Renegotiate { .. }
            | FlowEvent::Sense { .. } => {}
        }
    }

    fn up(&mut self, now: Instant, id: SessionId, attempt: AttemptId, up: &Up) {
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(at) = one.running.iter().position(|r| r.attempt == attempt) else {
            self.strays += 1;
            return;
        };
        let runner = one.running.remove(at);
        if one.state.is_up() {
            // Another one was in before it was stopped.
            self.by_attempt.remove(&attempt);
            if one.sid != Some(up.sid) {
                self.out.push(Effect::End { id, sid: up.sid });
            }
            return self.step(now, id);
        }
        let new = one.sid != Some(up.sid);
        let fresh = new || one.deleted;
        let before = one.sid.replace(up.sid);
        one.live = Some(attempt);
        one.portal = Some(TargetAddress::from(up.portal).to_string());
        one.last_good = Some(runner.portal);
        if up.redirected.is_some_and(|r| r.permanent) {
            one.moved = Some(up.portal.into());
        }
        one.time2wait = up.agreed.as_ref().map_or_else(
            || Duration::from_secs(one.wanted.time2wait.into()),
            |agreed| Duration::from_secs(agreed.params.time2wait.into()),
        );
        one.was_up = true;
        one.failed = 0;
        one.retry_at = None;
        one.expires = None;
        one.deleted = false;
        one.round = false;
        one.queue.clear();
        one.next_at = None;
        let leaving = one.leaving.is_some();
        if !one.go(Cause::Up) {
            debug_assert!(
                leaving,
                "only a session that is wanted no more comes up at the wrong time"
            );
        }
        let waiters = std::mem::take(&mut one.waiters);
        let latency = self.sessions.get(&id).map(|one| self.latency(one));
        if let Some(before) = before.filter(|_| new) {
            self.by_sid.remove(&before);
        }
        self.by_sid.insert(up.sid, id);
        self.count(id, |counts| {
            counts.accepted += 1;
            counts.redirected += up.redirected.map_or(0, |r| u64::from(r.times));
        });
        self.remember(id);
        self.abort_all(now, id);
        let Some(one) = self.sessions.get(&id) else {
            return;
        };
        if new {
            let owner = one.owner.clone();
            self.out.push(Effect::Own { sid: up.sid, owner });
        }
        if let Some(secs) = latency {
            self.out.push(Effect::SetRecoveryTimeout { sid: up.sid, secs });
        }
        if fresh && !leaving && one.wanted.kind.has_devices() {
            let sid = up.sid;
            self.out.push(Effect::Scan { sid, remove: false });
        }
        let portal = one.portal.clone().unwrap_or_default();
        for ticket in waiters {
            self.answer(ticket, Answer::Up(id, up.sid));
        }
        self.event(
            id,
            Event::Up {
                sid: up.sid,
                portal,
                redirected: up.redirected.is_some(),
            },
        );
        self.step(now, id);
    }

    fn failed(&mut self, now: Instant, id: SessionId, attempt: AttemptId, failure: &Failure) {
        let counted = failure.counted();
        let status = failure.status().map(|status| (status.class, status.detail));
        self.drop_try(id, attempt, Some((counted, status, failure.to_string())));
        if !goes_on(row(counted).1)
            && let Some(one) = self.sessions.get_mut(&id)
        {
            one.refused = Some(row(counted).0);
            one.queue.clear();
            self.abort_all(now, id);
        }
        self.step(now, id);
    }

    /// A try is over; why, where it was not stopped.
    fn drop_try(&mut self, id: SessionId, attempt: AttemptId, why: Option<Why>) {
        self.by_attempt.remove(&attempt);
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(at) = one.running.iter().position(|r| r.attempt == attempt) else {
            return;
        };
        let runner = one.running.remove(at);
        if let Some((counted, status, words)) = why.filter(|_| runner.at != Running::Aborted) {
            self.failed_at(id, runner.portal, counted, status, words);
        }
    }

    pub(super) fn failed_at(
        &mut self,
        id: SessionId,
        portal: TargetAddress,
        counted: Counted,
        status: Option<(u8, u8)>,
        reason: String,
    ) {
        self.count(id, |counts| counts.failed(counted));
        let failure = row(counted).0;
        if let Some(one) = self.sessions.get_mut(&id) {
            one.words = Some((failure, reason.clone()));
        }
        let event = Event::LoginFailed {
            portal,
            failure,
            status,
            reason,
        };
        self.event(id, event);
    }
}

/// A loss in words, and how long it asks us to wait.
fn lost(loss: Loss) -> (String, Option<Duration>) {
    match loss {
        Loss::Kernel(why) => (format!("the kernel tells {why:?}"), None),
        Loss::Seen => ("the kernel shows it failed".to_owned(), None),
        Loss::ByTarget { time2wait, .. } => (
            "the target dropped it".to_owned(),
            Some(Duration::from_secs(time2wait.into())),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_failure_has_one_row() {
        use Counted::{Authentication, Authorization, Negotiation, Other, Redirect, Transport};
        let all = [
            Other,
            Authorization,
            Authentication,
            Negotiation,
            Transport,
            Redirect,
        ];
        assert_eq!(all.len(), TABLE.len());
        for kind in all {
            assert_eq!(TABLE.iter().filter(|row| row.0 == kind).count(), 1, "{kind:?}");
        }
    }
}
