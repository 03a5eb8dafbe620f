//! The state machine: what comes in, what goes out, and when it wants to be asked again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::config::Config;
use super::counts::Counts;
use super::effect::Effect;
use super::flow::AttemptId;
use super::id::SessionId;
use super::input::{Input, Kernel};
use super::one::One;
use super::outbox::Outbox;
use super::state::State;
use super::told::{Answer, Event, Refusal, Ticket, Told};
use super::wanted::Wanted;
use crate::policy::retry::Keeper;
use crate::registry::OwnerName;

/// All sessions of a host.
#[derive(Debug)]
pub struct Supervisor {
    pub(super) config: Config,
    /// Whose the sessions are that are made here.
    pub(super) me: OwnerName,
    pub(super) sessions: BTreeMap<SessionId, One>,
    pub(super) by_sid: BTreeMap<u32, SessionId>,
    pub(super) by_attempt: BTreeMap<AttemptId, SessionId>,
    pub(super) attempts: u64,
    pub(super) counts: BTreeMap<String, Counts>,
    pub(super) out: Outbox,
    /// Inputs that came before it was known what there is.
    pub(super) early: Vec<Input>,
    pub(super) ready: bool,
    /// Tries and sessions that nobody knows (any more) told something.
    pub(super) strays: u64,
}

/// A session, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View<'a> {
    /// Its number.
    pub id: SessionId,
    /// As it is wanted.
    pub wanted: &'a Wanted,
    /// How it stands.
    pub state: State,
    /// Who brings it back.
    pub keeper: Keeper,
    /// Whose it is.
    pub owner: &'a OwnerName,
    /// The kernel's number of it.
    pub sid: Option<u32>,
    /// Portal in use.
    pub portal: Option<&'a str>,
    /// When it is tried again.
    pub retry_at: Option<Instant>,
    /// When its devices are given up.
    pub expires: Option<Instant>,
    /// Rounds that failed in a row.
    pub failed: u32,
}

impl Supervisor {
    /// Nothing is known yet: it waits for [`Input::Adopted`] before it begins anything.
    #[must_use]
    pub fn new(config: Config, me: OwnerName) -> Self {
        let mut out = Outbox::default();
        out.push(Effect::Resync);
        Self {
            config,
            me,
            sessions: BTreeMap::new(),
            by_sid: BTreeMap::new(),
            by_attempt: BTreeMap::new(),
            attempts: 0,
            counts: BTreeMap::new(),
            out,
            early: Vec::new(),
            ready: false,
            strays: 0,
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Instant, input: Input) {
        if !self.ready {
            match input {
                Input::Adopted(shown) => self.start(now, *shown),
                Input::Reload(config) => self.config = config,
                Input::Want(ticket, _) if self.early.len() >= self.config.max_sessions => {
                    self.answer(ticket, Answer::Refused(Refusal::TooMany));
                }
                // What the kernel tells meanwhile is in what it shows afterwards.
                Input::Want(..) | Input::Unwant { .. } | Input::UnwantAll(_)
                    if self.early.len() < 2 * self.config.max_sessions =>
                {
                    self.early.push(input);
                }
                Input::Unwant { ticket, .. } | Input::UnwantAll(ticket) => {
                    self.answer(ticket, Answer::Refused(Refusal::TooMany));
                }
                _ => self.strays += 1,
            }
            return;
        }
        match input {
            Input::Want(ticket, wanted) => self.want(now, ticket, *wanted),
            Input::Unwant { ticket, id, exclude } => self.unwant(now, ticket, id, exclude),
            Input::UnwantAll(ticket) => self.unwant_all(now, ticket),
            Input::Connected(attempt) => self.connected(now, attempt),
            Input::Flow(attempt, event) => self.flow(now, attempt, event),
            Input::Kernel(event) => self.kernel(now, event),
            Input::Adopted(shown) => self.resync(now, &shown.sessions),
            Input::Reload(config) => self.reload(config),
            Input::Persisted(id, done) => self.persisted(now, id, done),
            Input::Excluded(id, done) => self.excluded(now, id, done),
            Input::NotRemembered(id, why) => self.event(id, Event::NotKept(why)),
            Input::PortalsResolved(id, portals) => self.resolved(now, id, portals),
            Input::Ended(id, sid, done) => self.ended(now, id, sid, done),
            Input::Units(sid, units) => self.units(sid, &units),
        }
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Effect> {
        self.out.pop()
    }

    /// When to call [`Supervisor::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.sessions.values().filter_map(One::next).min()
    }

    /// Time went by.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, one)| one.next().is_some_and(|next| next <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.tick(now, id);
        }
    }

    /// All sessions.
    pub fn sessions(&self) -> impl Iterator<Item = View<'_>> {
        self.sessions.iter().map(|(id, one)| View {
            id: *id,
            wanted: &one.wanted,
            state: one.state,
            keeper: one.keeper,
            owner: &one.owner,
            sid: one.sid,
            portal: one.portal.as_deref(),
            retry_at: one.retry_at,
            expires: one.expires,
            failed: one.failed,
        })
    }

    /// Counters by port: its MAC address, or the transport's name where it has none.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<String, Counts> {
        &self.counts
    }

    /// How often something was told about a try or a session that nobody knows.
    #[must_use]
    pub const fn strays(&self) -> u64 {
        self.strays
    }

    pub(super) fn tell(&mut self, told: Told) {
        self.out.event(told, self.config.max_told);
    }

    pub(super) fn event(&mut self, id: SessionId, event: Event) {
        self.tell(Told::Event(id, event));
    }

    pub(super) fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.out.push(Effect::Tell(Told::Answer(ticket, answer)));
    }

    pub(super) fn remember(&mut self, id: SessionId) {
        if let Some(one) = self.sessions.get(&id).filter(|one| one.ours()) {
            self.out.push(Effect::Remember(Box::new(one.remembered(id))));
        }
    }

    pub(super) fn count(&mut self, id: SessionId, add: impl FnOnce(&mut Counts)) {
        if let Some(one) = self.sessions.get(&id) {
            add(self.counts.entry(one.wanted.port().to_owned()).or_default());
        }
    }

    pub(super) fn latency(&self, one: &One) -> i32 {
        one.wanted
            .removal_latency
            .unwrap_or(self.config.removal_latency)
            .max(-1)
    }

    fn reload(&mut self, config: Config) {
        let before = self.config.removal_latency;
        self.config = config;
        if before == self.config.removal_latency {
            return;
        }
        let secs = self.config.removal_latency.max(-1);
        for one in self.sessions.values() {
            if let Some(sid) = one
                .sid
                .filter(|_| one.ours() && one.wanted.removal_latency.is_none())
            {
                self.out.push(Effect::SetRecoveryTimeout { sid, secs });
            }
        }
    }

    fn kernel(&mut self, now: Instant, event: Kernel) {
        let sid = match &event {
            Kernel::EventsLost => return self.out.push(Effect::Resync),
            Kernel::Link(host, up) => return self.link(now, *host, *up),
            Kernel::Destroyed(sid)
            | Kernel::ConnError(sid, _)
            | Kernel::LoggedIn(sid)
            | Kernel::LogoutRequested(sid, _)
            | Kernel::LunsChanged(sid) => *sid,
        };
        let Some(id) = self.by_sid.get(&sid).copied() else {
            self.strays += 1;
            return;
        };
        match event {
            Kernel::Destroyed(_) => self.gone(now, id),
            Kernel::ConnError(_, why) => self.lose(now, id, &why, None),
            Kernel::LoggedIn(_) => self.kept_up(now, id),
            Kernel::LogoutRequested(_, within) => self.logout_requested(now, id, within),
            Kernel::LunsChanged(_) => self.luns_changed(now, id),
            Kernel::EventsLost | Kernel::Link(..) => {}
        }
    }

    /// Does what time brings to a session.
    fn tick(&mut self, now: Instant, id: SessionId) {
        self.expire(now, id);
        self.scan_due(now, id);
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        if one.leave_by.is_some_and(|by| by <= now) {
            one.leave_by = None;
            self.lose(
                now,
                id,
                "the target asked for a logout, and did not let us go in time",
                None,
            );
        }
        self.step(now, id);
    }

    /// Seconds as a time, without a limit where they are negative.
    pub(super) fn seconds(secs: i32) -> Option<Duration> {
        u64::try_from(secs).ok().map(Duration::from_secs)
    }
}
