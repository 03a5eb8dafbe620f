//! One session, as the supervisor has it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use iscsi::address::TargetAddress;

use super::flow::AttemptId;
use super::id::SessionId;
use super::remembered::{Remembered, VERSION};
use super::state::{Cause, State};
use super::told::Ticket;
use super::wanted::Wanted;
use crate::policy::retry::Keeper;
use crate::registry::OwnerName;

/// What a session waits for before its first try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Nothing.
    Open,
    /// It is being written down.
    Persist,
    /// Its portals are looked up.
    Resolve,
}

/// How far a running try is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Running {
    /// It connects.
    Connecting,
    /// It stands and waits for its turn.
    Connected,
    /// It logs in, since then.
    Granted(Instant),
    /// It was told to stop.
    Aborted,
}

/// A running try.
#[derive(Debug, Clone)]
pub(super) struct Runner {
    pub(super) attempt: AttemptId,
    pub(super) portal: TargetAddress,
    pub(super) at: Running,
    /// When it is stopped; once it is, when it is no longer waited for.
    pub(super) until: Instant,
}

/// How it is logged out.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaving {
    /// Who is told.
    pub(super) tickets: Vec<Ticket>,
    /// The list of exclusions is being written.
    pub(super) excluding: bool,
    /// The kernel's session whose end was asked for.
    pub(super) asked: Option<u32>,
    /// Whether it was up.
    pub(super) was_up: bool,
}

/// One session.
#[derive(Debug, Clone)]
pub(super) struct One {
    pub(super) wanted: Wanted,
    pub(super) state: State,
    pub(super) keeper: Keeper,
    pub(super) owner: OwnerName,
    pub(super) gate: Gate,
    pub(super) sid: Option<u32>,
    /// The try that became the session.
    pub(super) live: Option<AttemptId>,
    pub(super) portal: Option<String>,
    pub(super) moved: Option<TargetAddress>,
    pub(super) last_good: Option<TargetAddress>,
    pub(super) waiters: Vec<Ticket>,
    pub(super) was_up: bool,
    /// When the last round began.
    pub(super) began: Option<Instant>,
    /// Rounds that failed in a row.
    pub(super) failed: u32,
    /// Since when it is wanted, or away.
    pub(super) since: Instant,
    pub(super) time2wait: Duration,
    pub(super) retry_at: Option<Instant>,
    pub(super) expires: Option<Instant>,
    pub(super) deleted: bool,
    pub(super) leave_by: Option<Instant>,
    pub(super) scan_at: Option<Instant>,
    /// Portals of this round that are not tried yet.
    pub(super) queue: VecDeque<TargetAddress>,
    pub(super) running: Vec<Runner>,
    /// How long a login may take while another portal waits.
    pub(super) patience: Duration,
    /// When the next portal is tried beside the others.
    pub(super) next_at: Option<Instant>,
    /// Whether a round is on.
    pub(super) round: bool,
    /// Whether another try would not do better: a failure that another portal does not mend.
    pub(super) refused: Option<crate::model::LoginFailureType>,
    pub(super) words: Option<(crate::model::LoginFailureType, String)>,
    pub(super) leaving: Option<Leaving>,
    pub(super) units: BTreeMap<u64, String>,
}

impl One {
    pub(super) fn new(wanted: Wanted, keeper: Keeper, owner: OwnerName, now: Instant) -> Self {
        let time2wait = Duration::from_secs(wanted.time2wait.into());
        Self {
            wanted,
            state: State::Free,
            keeper,
            owner,
            gate: Gate::Open,
            sid: None,
            live: None,
            portal: None,
            moved: None,
            last_good: None,
            waiters: Vec::new(),
            was_up: false,
            began: None,
            failed: 0,
            since: now,
            time2wait,
            retry_at: None,
            expires: None,
            deleted: false,
            leave_by: None,
            scan_at: None,
            queue: VecDeque::new(),
            running: Vec::new(),
            patience: Duration::ZERO,
            next_at: None,
            round: false,
            refused: None,
            words: None,
            leaving: None,
            units: BTreeMap::new(),
        }
    }

    /// What follows on `cause`; where the table has nothing, it stays as it is.
    pub(super) fn go(&mut self, cause: Cause) -> bool {
        match self.state.after(cause) {
            Some(next) => {
                self.state = next;
                true
            }
            None => false,
        }
    }

    pub(super) fn ours(&self) -> bool {
        self.keeper == Keeper::Hbad
    }

    /// Whether it was given up, with the kernel's session left.
    pub(super) fn abandoned(&self) -> bool {
        self.state == State::Free && self.failed > 0 && self.retry_at.is_none() && !self.round
    }

    pub(super) fn remembered(&self, id: SessionId) -> Remembered {
        Remembered {
            version: VERSION,
            id,
            wanted: self.wanted.clone(),
            owner: self.owner.as_str().to_owned(),
            sid: self.sid,
            was_up: self.was_up,
            leaving: self.leaving.is_some(),
            moved: self.moved.clone(),
            last_good: self.last_good.clone(),
            units: self.units.clone(),
        }
    }

    /// What is the nearest thing that time brings.
    pub(super) fn next(&self) -> Option<Instant> {
        let wanted = self.leaving.is_none();
        let staggered = self
            .next_at
            .filter(|_| wanted && self.wanted.side_by_side && !self.queue.is_empty());
        let idle = wanted && !self.round && !self.state.is_up() && self.running.is_empty();
        let retry = self.retry_at.filter(|_| idle);
        let runners = self.running.iter().map(|runner| runner.until);
        let turns = self.turn_ends();
        [staggered, retry, self.expires, self.leave_by, self.scan_at, turns]
            .into_iter()
            .flatten()
            .chain(runners)
            .min()
    }

    /// Since when the granted try is at it, where another one waits for its turn.
    pub(super) fn turn_since(&self) -> Option<Instant> {
        let waits = self.running.iter().any(|r| r.at == Running::Connected);
        self.running.iter().find_map(|r| match r.at {
            Running::Granted(since) if waits => Some(since),
            _ => None,
        })
    }

    fn turn_ends(&self) -> Option<Instant> {
        self.turn_since().map(|since| since + self.patience)
    }
}
