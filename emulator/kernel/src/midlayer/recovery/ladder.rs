//! The rungs of a host's ladder: reset of the units, of their targets, of the host. Owns which job is next and what its end is
//! waited for; which commands are late is [`Recovery`]'s.

use std::collections::VecDeque;
use std::time::Instant;

use super::{GIVE_BACK, Reach, Recovery, Step, TEST, Unit};

/// A test that ends with a unit attention is sent once more (`scsi_eh_tur`).
const TESTS: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Lun(Unit),
    Target(u32),
    Host,
}

impl Job {
    fn covers(self, unit: Unit) -> bool {
        match self {
            Self::Lun(own) => own == unit,
            Self::Target(sid) => sid == unit.0,
            Self::Host => true,
        }
    }

    fn order(self) -> Step {
        match self {
            Self::Lun(unit) => Step::ResetLun(unit),
            Self::Target(sid) => Step::ResetTarget(sid),
            Self::Host => Step::ResetHost,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rung {
    Lun,
    Target,
    Host,
}

impl Rung {
    fn next(self) -> Option<Self> {
        match self {
            Self::Lun => Some(Self::Target),
            Self::Target => Some(Self::Host),
            Self::Host => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// The next job of the rung.
    Next,
    /// Its session has to be there.
    Reach(Job),
    /// The reset was asked for.
    Ordered(Job),
    /// The commands have to come back.
    Back(Job, Instant),
    /// Units to test, the first one after so many tests and blocked until then at most.
    Test(VecDeque<Unit>, u8, Instant),
    /// The first is being tested for the so manieth time.
    Testing(VecDeque<Unit>, u8, Instant),
    /// Every rung failed.
    Failed,
}

/// How far a host has climbed.
pub(super) struct Ladder {
    rung: Rung,
    jobs: VecDeque<Job>,
    at: At,
}

/// What a turn came to.
pub(super) enum Turn {
    /// Look again: it went further.
    Again,
    /// This is to be done, or waited for.
    Do(Step),
    /// Nothing is late any more.
    Over,
}

/// Whose order it was that was taken.
pub(super) enum Taken {
    /// The ladder's.
    Noted,
    /// The ladder's, and the test was refused.
    NoTest,
    /// Not the ladder's.
    Other,
}

impl Ladder {
    fn again(&mut self, at: At) -> Turn {
        self.at = at;
        Turn::Again
    }

    fn wait(&mut self, at: At, step: Step) -> Turn {
        self.at = at;
        Turn::Do(step)
    }

    /// The card took the order, or refused it.
    pub(super) fn taken(&mut self, now: Instant, ok: bool) -> Taken {
        match self.at {
            At::Ordered(job) if ok => self.at = At::Back(job, now + GIVE_BACK),
            At::Ordered(_) => self.at = At::Next,
            At::Testing(..) if !ok => return Taken::NoTest,
            At::Testing(..) => {}
            _ => return Taken::Other,
        }
        Taken::Noted
    }

    /// A test ended; with `again` it may be sent once more. The unit, when that was its last test.
    pub(super) fn tested(&mut self, now: Instant, again: bool) -> Option<Unit> {
        let At::Testing(units, tests, _) = &mut self.at else {
            return None;
        };
        let (mut units, tests) = (std::mem::take(units), *tests);
        if again && tests < TESTS {
            // The second test has the first one's place and its own limit.
            self.at = At::Test(units, tests, now + TEST);
            return None;
        }
        let unit = units.pop_front();
        self.at = At::Test(units, 0, now + TEST);
        unit
    }
}

impl Recovery {
    pub(super) fn first_rung(&self) -> Ladder {
        Ladder {
            rung: Rung::Lun,
            jobs: self.jobs(Rung::Lun),
            at: At::Next,
        }
    }

    /// The host's patience is at its end: between two jobs, the rungs below the host's are left out.
    pub(super) fn hurry(&self, ladder: &mut Ladder) {
        if ladder.rung < Rung::Host && ladder.at == At::Next {
            (ladder.rung, ladder.jobs) = (Rung::Host, self.jobs(Rung::Host));
        }
    }

    pub(super) fn turn(&mut self, ladder: &mut Ladder, now: Instant, reach: &dyn Fn(Unit) -> Reach) -> Turn {
        match std::mem::replace(&mut ladder.at, At::Next) {
            At::Next => self.next_job(ladder),
            At::Reach(job) => self.reach(ladder, job, reach),
            // Answered by `taken` before the next look.
            At::Ordered(job) => ladder.wait(At::Ordered(job), Step::Wait),
            At::Back(job, until) => self.back(ladder, job, until, now),
            At::Test(units, tests, until) => self.test(ladder, units, (tests, until), now, reach),
            At::Testing(mut units, _, until) if now >= until => {
                units.pop_front();
                ladder.wait(At::Test(units, 0, now + TEST), Step::DropTest)
            }
            At::Testing(units, tests, until) => {
                self.deadline = Some(until);
                ladder.wait(At::Testing(units, tests, until), Step::Wait)
            }
            At::Failed => match self.failed.first().map(|l| l.unit) {
                Some(unit) => {
                    self.finish(|own| own == unit);
                    ladder.wait(At::Failed, Step::Offline(unit))
                }
                None => Turn::Over,
            },
        }
    }

    fn next_job(&self, ladder: &mut Ladder) -> Turn {
        if let Some(job) = ladder.jobs.pop_front() {
            let needed = self.failed.iter().any(|l| job.covers(l.unit));
            return ladder.again(if needed { At::Reach(job) } else { At::Next });
        }
        if self.failed.is_empty() {
            return Turn::Over;
        }
        let Some(rung) = ladder.rung.next() else {
            return ladder.again(At::Failed);
        };
        (ladder.rung, ladder.jobs) = (rung, self.jobs(rung));
        Turn::Again
    }

    fn reach(&mut self, ladder: &mut Ladder, job: Job, reach: &dyn Fn(Unit) -> Reach) -> Turn {
        let late = self.failed.iter().find(|l| job.covers(l.unit));
        match (job, late.map_or(Reach::Gone, |l| reach(l.unit))) {
            (Job::Host, _) | (_, Reach::Up | Reach::Offline) => ladder.wait(At::Ordered(job), job.order()),
            // The session's own timer ends this.
            (_, Reach::Blocked) => ladder.wait(At::Reach(job), Step::Wait),
            (_, Reach::Gone) => {
                self.finish(|unit| job.covers(unit));
                Turn::Again
            }
        }
    }

    fn back(&mut self, ladder: &mut Ladder, job: Job, until: Instant, now: Instant) -> Turn {
        let mut late = self.failed.iter().filter(|l| job.covers(l.unit));
        if late.all(|l| l.back.is_some()) {
            let mut units = self.late_units();
            units.retain(|unit| job.covers(*unit));
            return ladder.again(At::Test(units.into(), 0, now + TEST));
        }
        if now >= until {
            return Turn::Again;
        }
        self.deadline = Some(until);
        ladder.wait(At::Back(job, until), Step::Wait)
    }

    fn test(
        &mut self,
        ladder: &mut Ladder,
        mut units: VecDeque<Unit>,
        (tests, until): (u8, Instant),
        now: Instant,
        reach: &dyn Fn(Unit) -> Reach,
    ) -> Turn {
        let Some(unit) = units.front().copied() else {
            return Turn::Again;
        };
        match reach(unit) {
            Reach::Up => ladder.wait(At::Testing(units, tests + 1, now + TEST), Step::Test(unit)),
            Reach::Blocked if now < until => {
                self.deadline = Some(until);
                ladder.wait(At::Test(units, tests, until), Step::Wait)
            }
            reached => {
                units.pop_front();
                if reached != Reach::Blocked {
                    self.finish(|own| own == unit);
                }
                ladder.again(At::Test(units, 0, now + TEST))
            }
        }
    }

    fn jobs(&self, rung: Rung) -> VecDeque<Job> {
        let mut units = self.late_units();
        match rung {
            Rung::Lun => units.into_iter().map(Job::Lun).collect(),
            Rung::Target => {
                units.dedup_by_key(|unit| unit.0);
                units.into_iter().map(|unit| Job::Target(unit.0)).collect()
            }
            Rung::Host => VecDeque::from([Job::Host]),
        }
    }

    fn late_units(&self) -> Vec<Unit> {
        let mut units: Vec<Unit> = self.failed.iter().map(|l| l.unit).collect();
        units.sort_unstable();
        units.dedup();
        units
    }
}
