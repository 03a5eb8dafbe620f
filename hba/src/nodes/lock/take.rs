//! Getting the lock: the turn among ours, then the peer's lock, with a limit to the wait.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use files::{Dir, Lock, Why};

use super::living;
use super::peers::{self, MARK, Mark, Owner};
use super::verdict::{Candidate, Verdict, verdict};
use super::{Held, turns, within};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::nodes::Place;
use crate::step::Step;

/// The queue of ours, in the directory of the peer's lock.
const QUEUE: &str = "hba.queue";
/// Between two looks at a lock that a peer holds: it looks every 10 ms itself.
const PAUSE: Duration = Duration::from_millis(3);
/// Between two looks at the clock while waiting in the queue.
const SLICE: Duration = Duration::from_millis(50);
/// Between two looks at all processes.
const LOOK: Duration = Duration::from_millis(250);

const TRIED: &str = "get the lock of the record database";

impl Held {
    /// Takes the lock of a place, for `who`: a program and what it does, for whoever waits.
    pub(in crate::nodes) fn take(place: &Place, deadline: Deadline, who: &str) -> Result<Self> {
        let dir = Dir::private(&place.lock).map_err(|e| refused(&e))?;
        let line = line(who);
        let shown = line.trim_start_matches(MARK);
        let more = || (!deadline.expired()).then(|| SLICE.min(deadline.remaining()));
        let queue = Lock::take_in_turn(&dir, QUEUE, shown, more).map_err(|e| match e.why() {
            Why::Held(by) => busy(by),
            _ => refused(&e),
        })?;
        if let Some(gap) = turns::gap(&dir) {
            thread::sleep(gap.min(deadline.remaining()));
            turns::begin(&dir);
        }
        let told = Wait::new(&dir, deadline).until_taken(&line)?;
        Ok(Self {
            within: within::begin(dir.path()),
            dir,
            line,
            told,
            _queue: queue,
        })
    }
}

/// What a holder says of itself: no two say the same.
fn line(who: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let who: String = who.chars().filter(|c| !c.is_control()).take(128).collect();
    format!(
        "{MARK}{who}, process {}, since {}.{:03} ({})",
        std::process::id(),
        since.as_secs(),
        since.subsec_millis(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// A wait for the peer's lock by whoever has the turn.
struct Wait<'a> {
    dir: &'a Dir,
    deadline: Deadline,
    /// The lock that is waited for, and since when it has been watched.
    watched: Option<(Mark, Instant)>,
    /// Who may hold it, as of the last look.
    holders: Vec<Candidate>,
    looked: Option<Instant>,
}

impl<'a> Wait<'a> {
    fn new(dir: &'a Dir, deadline: Deadline) -> Self {
        Self {
            dir,
            deadline,
            watched: None,
            holders: Vec::new(),
            looked: None,
        }
    }

    /// Ends with the lock; with what is to be told when it was taken over.
    fn until_taken(mut self, line: &str) -> Result<Option<String>> {
        let refused = |e: files::Error| refused(&e);
        loop {
            if peers::take(self.dir, line).map_err(refused)? {
                return Ok(None);
            }
            let stale = match peers::owner(self.dir).map_err(refused)? {
                None => continue,
                // Whoever of ours has it has the turn, too, unless it was killed: the turn is ours.
                Some(Owner::Ours(by)) => Some(by.trim_start_matches(MARK).to_owned()),
                Some(Owner::Peer(mark)) => self
                    .is_stale(mark)
                    .then(|| format!("a program of open-iscsi, {} s ago", age(mark).as_secs())),
            };
            if let Some(by) = stale {
                peers::take_over(self.dir, line).map_err(refused)?;
                return Ok(Some(format!(
                    "the lock of the record database was taken by {by}, which was killed before it freed it; it was taken over"
                )));
            }
            if self.deadline.expired() {
                return Err(busy(&self.by()));
            }
            thread::sleep(PAUSE.min(self.deadline.remaining()));
        }
    }

    fn is_stale(&mut self, mark: Mark) -> bool {
        let begun = match self.watched {
            Some((watched, begun)) if watched == mark => begun,
            _ => {
                self.looked = None;
                self.watched.insert((mark, Instant::now())).1
            }
        };
        // The rule says to wait without looking, then.
        if begun.elapsed() < super::verdict::WATCH || self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            return false;
        }
        self.looked = Some(Instant::now());
        self.holders = living::older_than(mark.since());
        verdict(age(mark), begun.elapsed(), &self.holders) == Verdict::Stale
            // Looking took a while.
            && peers::owner(self.dir).is_ok_and(|owner| owner == Some(Owner::Peer(mark)))
    }

    fn by(mut self) -> String {
        let Some((mark, _)) = self.watched else {
            return "another program".to_owned();
        };
        if self.holders.is_empty() {
            self.holders = living::older_than(mark.since());
        }
        let names: Vec<String> = self.holders.iter().map(ToString::to_string).collect();
        let by = if names.is_empty() {
            "a program of open-iscsi".to_owned()
        } else {
            names.join(" or ")
        };
        format!("{by}, for {} s", age(mark).as_secs())
    }
}

fn age(mark: Mark) -> Duration {
    SystemTime::now().duration_since(mark.since()).unwrap_or_default()
}

fn busy(by: &str) -> Error {
    let by = if by.is_empty() { "another program" } else { by };
    Error::new(Kind::Busy, TRIED)
        .answered(format!("it is held by {by}"))
        .hint(
            Message::from("try again when it has ended, or wait longer with ")
                .then(Step::WithMoreTime)
                .then("; nothing was changed"),
        )
}

fn refused(error: &files::Error) -> Error {
    let e = Error::io(TRIED, &std::io::Error::from(error.io_kind()))
        .answered(format!("{error}; nothing was changed"));
    match e.kind() {
        Kind::Permission => e.hint("run as root: the lock is in a directory of root's"),
        Kind::NotFound => e.with_kind(Kind::Failed),
        _ => e,
    }
}
