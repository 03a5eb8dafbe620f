//! One connection of a DDB: the iSCSI engine, and the firmware's names for what runs on it.
//!
//! Owns the mapping between the front end's tags and the engine's, and between the engine's endings and the firmware's.
//! It must not know the table of DDBs. Every I/O is completed exactly once.

mod tasks;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::IoSlice;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use iscsi::LinkLoss;
use iscsi::address::Host;
use iscsi::initiator as engine;
use iscsi::initiator::{Counters, Initiator, LoggedIn, Outcome, TaskTag, TmfOutcome};
use iscsi::pdu::{self, Lun, TmfFunction};

use super::discovery::Found;
use super::ending::{done, drop_reason, login_failure, nop_in};
use super::{
    Completion, Direction, Event, Io, IoTag, LinkId, LoginFailure, MboxError, Passthrough, PassthroughDone,
    TaskAttribute, TaskMgmtOutcome,
};

/// What a session has to say to its port.
pub(super) enum SessionEvent {
    /// Full feature phase.
    LoggedIn,
    /// Discovery found these; a logout follows.
    Found(Vec<Found>),
    /// The target is elsewhere.
    Redirected { to: SocketAddr, permanent: bool },
    /// The login failed or the session was lost.
    Ended {
        failure: LoginFailure,
        time2wait: Option<Duration>,
    },
    /// The logout that was asked for is over.
    LoggedOut,
    /// For the front end as it is.
    Front(Event),
}

/// One connection.
pub(super) struct Session {
    ddb: u16,
    link: LinkId,
    to: SocketAddr,
    local: Option<SocketAddr>,
    hops: u8,
    connect_by: Instant,
    /// Until the link is connected.
    config: Option<Box<engine::Config>>,
    engine: Option<Box<Initiator>>,
    login: Option<Box<LoggedIn>>,
    ios: BTreeMap<TaskTag, IoTag>,
    tasks: BTreeMap<IoTag, TaskTag>,
    aborting: BTreeSet<IoTag>,
    tmfs: BTreeMap<TaskTag, Option<IoTag>>,
    nops: BTreeMap<TaskTag, Passthrough>,
    events: VecDeque<SessionEvent>,
    logging_out: bool,
    over: bool,
    pump_asked: bool,
}

impl Session {
    pub(super) fn new(
        config: engine::Config,
        ddb: u16,
        link: LinkId,
        to: SocketAddr,
        hops: u8,
        now: Instant,
    ) -> Self {
        Self {
            ddb,
            link,
            to,
            local: None,
            hops,
            connect_by: now + config.timeouts.login,
            config: Some(Box::new(config)),
            engine: None,
            login: None,
            ios: BTreeMap::new(),
            tasks: BTreeMap::new(),
            aborting: BTreeSet::new(),
            tmfs: BTreeMap::new(),
            nops: BTreeMap::new(),
            events: VecDeque::new(),
            logging_out: false,
            over: false,
            pump_asked: false,
        }
    }

    pub(super) fn link(&self) -> LinkId {
        self.link
    }

    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.engine.as_ref().map(|_| self.to)
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.to.is_ipv6()
    }

    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.local
    }

    pub(super) fn hops(&self) -> u8 {
        self.hops
    }

    pub(super) fn login(&self) -> Option<&LoggedIn> {
        self.login.as_deref()
    }

    pub(super) fn logging_out(&self) -> bool {
        self.logging_out
    }

    /// How many I/Os are under way.
    pub(super) fn ios(&self) -> usize {
        self.ios.len()
    }

    pub(super) fn counters(&self) -> Counters {
        self.engine
            .as_ref()
            .map(|engine| engine.counters())
            .unwrap_or_default()
    }

    pub(super) fn connected(&mut self, now: Instant, local: SocketAddr) {
        if let Some(config) = self.config.take() {
            self.local = Some(local);
            self.engine = Some(Box::new(Initiator::new(*config, now)));
        }
    }

    pub(super) fn closed(&mut self, now: Instant, why: LinkLoss) {
        match &mut self.engine {
            Some(engine) => engine.closed(now, why),
            None => self.ended(match why {
                LinkLoss::TimedOut => LoginFailure::Timeout,
                _ => LoginFailure::Connection,
            }),
        }
    }

    pub(super) fn read_slot(&mut self) -> &mut [u8] {
        self.engine.as_mut().map_or(&mut [], |engine| engine.read_slot())
    }

    pub(super) fn received(&mut self, now: Instant, n: usize) {
        if let Some(engine) = &mut self.engine {
            engine.received(now, n);
        }
    }

    pub(super) fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        if let Some(engine) = &self.engine {
            engine.write_slices(out);
        }
    }

    pub(super) fn sent(&mut self, now: Instant, n: usize) {
        if let Some(engine) = &mut self.engine {
            engine.sent(now, n);
        }
    }

    pub(super) fn wants_close(&self) -> bool {
        self.engine.as_ref().is_some_and(|engine| engine.wants_close())
    }

    /// There is something to send that the shell has not been told about. Tells it once.
    pub(super) fn wants_pump(&mut self) -> bool {
        if self.pump_asked {
            return false;
        }
        let mut slices = Vec::new();
        self.write_slices(&mut slices);
        self.pump_asked = slices.iter().any(|slice| !slice.is_empty()) || self.wants_close();
        self.pump_asked
    }

    /// The shell was told to pump.
    pub(super) fn pump_told(&mut self) {
        self.pump_asked = false;
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.engine {
            Some(engine) => engine.poll_timeout(),
            None => (!self.over).then_some(self.connect_by),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match &mut self.engine {
            Some(engine) => engine.handle_timeout(now),
            None if self.connect_by <= now => self.ended(LoginFailure::Timeout),
            None => {}
        }
    }

    pub(super) fn send_targets(&mut self, now: Instant) {
        if let Some(engine) = &mut self.engine {
            engine.send_targets(now);
        }
    }

    pub(super) fn logout(&mut self, now: Instant) {
        self.logging_out = true;
        match &mut self.engine {
            Some(engine) => engine.logout(now),
            None => self.events.push_back(SessionEvent::LoggedOut),
        }
    }

    /// The link is cut by ourselves: what was under way ends.
    pub(super) fn abandon(mut self, now: Instant) -> Vec<Event> {
        if let Some(engine) = &mut self.engine {
            engine.closed(now, LinkLoss::Local);
        }
        let mut events = Vec::new();
        while let Some(event) = self.poll() {
            if let SessionEvent::Front(event) = event {
                events.push(event);
            }
        }
        events
    }

    /// The next thing to tell the port.
    pub(super) fn poll(&mut self) -> Option<SessionEvent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let event = self.engine.as_mut()?.poll_event()?;
            self.take(event);
        }
    }

    fn ended(&mut self, failure: LoginFailure) {
        self.end(failure, None);
    }

    fn end(&mut self, failure: LoginFailure, time2wait: Option<Duration>) {
        if self.over {
            return;
        }
        self.over = true;
        self.events.push_back(if self.logging_out {
            SessionEvent::LoggedOut
        } else {
            SessionEvent::Ended { failure, time2wait }
        });
    }

    fn take(&mut self, event: engine::Event) {
        use engine::Event as E;
        match event {
            E::LoggedIn(login) => {
                self.login = Some(login);
                self.events.push_back(SessionEvent::LoggedIn);
            }
            E::LoginFailed(why) => self.ended(login_failure(why)),
            E::Redirected { permanent, address } => match address.socket_addr() {
                Some(to) if !self.over => {
                    self.over = true;
                    self.events.push_back(SessionEvent::Redirected { to, permanent });
                }
                // The firmware resolves no names.
                _ => self.ended(LoginFailure::Protocol),
            },
            E::TaskDone { tag, outcome, buffer } => {
                if let Some(io) = self.ios.remove(&tag) {
                    self.tasks.remove(&io);
                    let aborted = self.aborting.remove(&io);
                    let event = done(self.ddb, io, outcome, buffer, aborted);
                    self.events.push_back(SessionEvent::Front(event));
                }
            }
            E::Targets {
                result: Ok(listing), ..
            } => {
                let found = self.found(&listing);
                self.events.push_back(SessionEvent::Found(found));
            }
            E::Targets { result: Err(_), .. } => self.ended(LoginFailure::Protocol),
            E::TmfDone { tag, outcome } => {
                if let Some(io) = self.tmfs.remove(&tag) {
                    // An abort that failed leaves its task alive; what ends it later is something else.
                    if let Some(io) = io {
                        self.aborting.remove(&io);
                    }
                    let outcome = match outcome {
                        TmfOutcome::Response(code) => TaskMgmtOutcome::Response(code.0),
                        TmfOutcome::Rejected(_) => {
                            TaskMgmtOutcome::Response(pdu::TmfResponseCode::REJECTED.0)
                        }
                        TmfOutcome::TimedOut | TmfOutcome::Lost | TmfOutcome::NotSent => {
                            TaskMgmtOutcome::SessionLost
                        }
                    };
                    let event = Event::TaskMgmtDone {
                        ddb: self.ddb,
                        tag: io,
                        outcome,
                    };
                    self.events.push_back(SessionEvent::Front(event));
                }
            }
            E::NopDone { tag, answered } => {
                if let Some(asked) = self.nops.remove(&tag) {
                    let answer = answered.then(|| nop_in(&asked)).ok_or(Completion::Timeout);
                    let event = PassthroughDone {
                        handle: asked.handle,
                        ddb: self.ddb,
                        answer,
                    };
                    self.events
                        .push_back(SessionEvent::Front(Event::PassthroughDone(event)));
                }
            }
            E::Async(report) => tracing::debug!(ddb = self.ddb, ?report, "asynchronous message"),
            // The firmware logs in by itself: no PDU is anybody else's.
            E::Pdu { .. } => {}
            E::LoggedOut { time2wait, .. } => {
                self.end(LoginFailure::Dropped, Some(Duration::from_secs(time2wait.into())));
            }
            E::Dropped(why) => {
                let (failure, time2wait) = drop_reason(why);
                self.end(failure, time2wait);
            }
        }
    }

    fn found(&self, listing: &engine::Listing) -> Vec<Found> {
        let (mut found, mut elsewhere) = (Vec::new(), 0usize);
        for target in &listing.targets {
            let name = target.name.as_str().to_owned();
            if target.at_the_portal_asked() {
                found.push(Found {
                    name,
                    at: self.to,
                    tpgt: 1,
                });
                continue;
            }
            for address in &target.addresses {
                // The firmware resolves no names, and a zone is the target's own.
                let Host::Ip(ip) = address.host else {
                    elsewhere += 1;
                    tracing::debug!(ddb = self.ddb, %name, %address, "a portal that cannot be told from here");
                    continue;
                };
                found.push(Found {
                    name: name.clone(),
                    at: SocketAddr::new(ip, address.port),
                    tpgt: address.tag.unwrap_or(1),
                });
            }
        }
        let unusable = listing.unusable();
        if elsewhere + unusable > 0 {
            tracing::warn!(
                ddb = self.ddb,
                elsewhere,
                unusable,
                "entries of a target list were left out"
            );
        }
        found
    }
}
