//! Events as they come: those that are sent, and those that are seen by looking.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::outage;
use super::states::{Looks, States};
use crate::ctx::Ctx;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::model::EventRecord;

/// How sessions are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watching {
    /// How often the states of sessions are looked at; `None` for never.
    pub look_every: Option<Duration>,
    /// Whether a target whose session stays away is asked why, once an outage.
    pub ask: bool,
    /// Whether to hear what the kernel asks of the network helper, too.
    pub paths: bool,
}

impl Default for Watching {
    fn default() -> Self {
        Self {
            look_every: Some(LOOK_EVERY),
            ask: true,
            paths: false,
        }
    }
}

/// How often states are looked at when nobody says.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A stream of events.
pub struct Follower {
    watching: Watching,
    states: States,
    looks: Looks,
    ready: VecDeque<EventRecord>,
}

impl Follower {
    /// Starts listening.
    ///
    /// # Errors
    /// The endpoint cannot be listened to.
    pub fn begin(ctx: &mut Ctx<'_>, watching: Watching) -> Result<Self> {
        if watching.paths {
            ctx.backend.listen_to_paths()?;
        } else {
            ctx.backend.listen()?;
        }
        Ok(Self {
            watching,
            states: States::default(),
            looks: Looks::new(watching.look_every),
            ready: VecDeque::new(),
        })
    }

    /// The next event; `None` when `until` passes without one.
    ///
    /// # Errors
    /// The socket failed, or the sessions cannot be listed.
    pub fn next(&mut self, ctx: &mut Ctx<'_>, until: Deadline) -> Result<Option<EventRecord>> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            if self.looks.due(Instant::now()) {
                self.look(ctx)?;
                continue;
            }
            let wait = self.looks.left().map_or(until, |left| until.at_most(left));
            match ctx.backend.next_event(wait)? {
                Some(record) => return Ok(Some(record)),
                None if self.watching.look_every.is_none() || until.expired() => return Ok(None),
                None => {}
            }
        }
    }

    fn look(&mut self, ctx: &mut Ctx<'_>) -> Result<()> {
        let mut sessions = Vec::new();
        ctx.backend.for_each_session(&mut |s| {
            sessions.push(s);
            ControlFlow::Continue(())
        })?;
        let seen = self.states.look(Instant::now(), &sessions);
        let mut events = seen.events;
        for sid in seen.ask.into_iter().filter(|_| self.watching.ask) {
            // Not to know why is no reason to see nothing more.
            match outage::ask(ctx, sid) {
                Ok(told) => events.extend(told),
                Err(error) => tracing::debug!(sid, %error, "nobody knows why the session stays away"),
            }
        }
        self.ready
            .extend(events.into_iter().map(|(host, event)| record(Some(host), event)));
        Ok(())
    }
}

pub(in crate::ops) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn record(host: Option<u32>, event: crate::model::Event) -> EventRecord {
    EventRecord {
        time_ms: now_ms(),
        host,
        event,
    }
}
