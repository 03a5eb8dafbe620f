//! Sessions lost and found, by looking at their states. The kernel sends no event when a driver's own session fails or comes back
//! (qla4xxx `ql4_os.c`, `qla4xxx_flash_ddb_change`: it blocks and unblocks the session and arms a timer), so the states are compared from
//! one look to the next. Must not know when looks are made, nor what an outage is good for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::model::{Event, Owner, SessionBrief};

/// Looks at a new session that is not up before it counts as lost: it is logging in.
const NEW: u32 = 2;
/// Looks at a lost session before its target is asked why: most come back.
const ASK: u32 = 2;

/// What is known of the sessions.
#[derive(Debug, Default)]
pub(super) struct States {
    known: BTreeMap<u32, Known>,
    looked: bool,
}

#[derive(Debug)]
struct Known {
    lost: Option<Outage>,
}

/// A session that is away.
#[derive(Debug)]
struct Outage {
    since: Option<Instant>,
    /// How often it was seen so.
    looks: u32,
    /// How often, before it is told.
    told_at: u32,
    told: bool,
    expired: bool,
    asked: bool,
}

/// What a look has shown.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What happened, with the port.
    pub(super) events: Vec<(u32, Event)>,
    /// Sessions whose targets are to be asked, once an outage.
    pub(super) ask: Vec<u32>,
}

impl States {
    /// Compares the sessions with the last look.
    pub(super) fn look(&mut self, now: Instant, sessions: &[SessionBrief]) -> Seen {
        let mut seen = Seen::default();
        let there: BTreeSet<u32> = sessions.iter().map(|s| s.sid).collect();
        self.known.retain(|sid, _| there.contains(sid));
        for session in sessions {
            self.one(now, session, &mut seen);
        }
        self.looked = true;
        seen
    }

    fn one(&mut self, now: Instant, session: &SessionBrief, seen: &mut Seen) {
        let first = !self.looked;
        let new = !self.known.contains_key(&session.sid);
        let known = self.known.entry(session.sid).or_insert(Known { lost: None });
        let mut tell = |event| seen.events.push((session.host.0, event));
        let (sid, target_name, portal) = (session.sid, session.target_name.clone(), session.portal());
        match session.state.as_deref() {
            Some("LOGGED_IN") => {
                if let Some(outage) = known.lost.take().filter(|outage| outage.told) {
                    let away = outage.since.map(|since| now.saturating_duration_since(since));
                    tell(Event::SessionRecovered {
                        sid,
                        target_name,
                        portal,
                        away_ms: away.map(|away| u64::try_from(away.as_millis()).unwrap_or(u64::MAX)),
                    });
                }
            }
            Some(state @ ("FAILED" | "FREE")) => {
                let outage = known.lost.get_or_insert(Outage {
                    // Of what was so from the start nobody knows since when.
                    since: (!first).then_some(now),
                    looks: 0,
                    told_at: if new { NEW } else { 1 },
                    told: first,
                    expired: first && state == "FREE",
                    asked: first,
                });
                outage.looks += 1;
                if !outage.told && outage.looks >= outage.told_at {
                    outage.told = true;
                    tell(Event::SessionFailed {
                        sid,
                        target_name: target_name.clone(),
                        portal: portal.clone(),
                    });
                }
                if outage.told && state == "FREE" && !outage.expired {
                    outage.expired = true;
                    tell(Event::SessionExpired {
                        sid,
                        target_name,
                        portal,
                    });
                }
                let long = outage.looks >= outage.told_at + ASK;
                if long && !outage.asked && session.owner == Owner::Flash {
                    outage.asked = true;
                    seen.ask.push(sid);
                }
            }
            // The driver does not tell.
            _ => {}
        }
    }
}

/// When states are looked at next.
#[derive(Debug)]
pub(super) struct Looks {
    every: Option<Duration>,
    next: Option<Instant>,
}

impl Looks {
    pub(super) fn new(every: Option<Duration>) -> Self {
        Self {
            every,
            next: every.map(|_| Instant::now()),
        }
    }

    /// How long until the next look.
    pub(super) fn left(&self) -> Option<Duration> {
        self.next
            .map(|next| next.saturating_duration_since(Instant::now()))
    }

    /// Whether one is due; then the next is a full interval away.
    pub(super) fn due(&mut self, now: Instant) -> bool {
        let due = self.next.is_some_and(|next| next <= now);
        if due {
            self.next = self.every.map(|every| now + every);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TARGET, brief};
    use super::*;

    struct Run {
        states: States,
        now: Instant,
    }

    impl Run {
        fn begin(state: &str) -> Self {
            let mut run = Self {
                states: States::default(),
                now: Instant::now(),
            };
            assert!(
                run.look(&[(1, state)]).0.is_empty(),
                "what is so from the start is no event"
            );
            run
        }

        /// A second later.
        fn look(&mut self, sessions: &[(u32, &str)]) -> (Vec<&'static str>, Vec<u32>) {
            self.now += Duration::from_secs(1);
            let all: Vec<_> = sessions
                .iter()
                .map(|(sid, state)| brief(*sid, TARGET, state))
                .collect();
            let seen = self.states.look(self.now, &all);
            (
                seen.events.iter().map(|(_, event)| event.name()).collect(),
                seen.ask,
            )
        }
    }

    #[test]
    fn a_session_that_fails_is_told_at_once_and_asked_about_once_when_it_stays_away() {
        let mut run = Run::begin("LOGGED_IN");
        assert_eq!(run.look(&[(1, "FAILED")]), (vec!["session_failed"], vec![]));
        assert_eq!(run.look(&[(1, "FAILED")]), (vec![], vec![]));
        assert_eq!(run.look(&[(1, "FAILED")]), (vec![], vec![1]));
        assert_eq!(run.look(&[(1, "FAILED")]), (vec![], vec![]), "once an outage");
        assert_eq!(run.look(&[(1, "FREE")]).0, ["session_expired"]);
        assert_eq!(run.look(&[(1, "LOGGED_IN")]).0, ["session_recovered"]);
        run.look(&[(1, "FAILED")]);
        run.look(&[(1, "FAILED")]);
        assert_eq!(run.look(&[(1, "FAILED")]).1, [1], "another outage");
    }

    #[test]
    fn how_long_it_was_away_is_told_when_its_loss_was_seen() {
        let mut run = Run::begin("LOGGED_IN");
        run.look(&[(1, "FAILED")]);
        let all = [brief(1, TARGET, "LOGGED_IN")];
        let seen = run.states.look(run.now + Duration::from_secs(5), &all);
        assert!(
            matches!(
                seen.events[..],
                [(
                    0,
                    Event::SessionRecovered {
                        away_ms: Some(5000),
                        ..
                    }
                )]
            ),
            "{seen:?}"
        );
        let mut run = Run::begin("FAILED");
        let seen = run.states.look(run.now, &all);
        assert!(
            matches!(
                seen.events[..],
                [(0, Event::SessionRecovered { away_ms: None, .. })]
            ),
            "{seen:?}"
        );
    }

    #[test]
    fn a_new_session_that_logs_in_is_not_lost_and_one_that_does_not_is() {
        let mut run = Run::begin("LOGGED_IN");
        assert_eq!(run.look(&[(1, "LOGGED_IN"), (2, "FAILED")]).0, Vec::<&str>::new());
        assert_eq!(
            run.look(&[(1, "LOGGED_IN"), (2, "LOGGED_IN")]).0,
            Vec::<&str>::new()
        );
        run.look(&[(1, "LOGGED_IN"), (3, "FAILED")]);
        assert_eq!(run.look(&[(3, "FAILED")]).0, ["session_failed"]);
        run.look(&[(3, "FAILED")]);
        assert_eq!(run.look(&[(3, "FAILED")]).1, [3]);
    }

    #[test]
    fn sessions_of_user_programs_are_not_asked_about() {
        let mut states = States::default();
        let mut user = brief(1, TARGET, "LOGGED_IN");
        user.owner = Owner::User;
        let mut asked = Vec::new();
        for state in ["LOGGED_IN", "FAILED", "FAILED", "FAILED", "FAILED"] {
            user.state = Some(state.into());
            asked.extend(states.look(Instant::now(), std::slice::from_ref(&user)).ask);
        }
        assert_eq!(asked, Vec::<u32>::new());
    }
}
