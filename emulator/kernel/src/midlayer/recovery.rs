//! What happens to commands that take too long: abort, then reset of the unit, of the target, of the host; last, the unit goes
//! offline.
//!
//! A state machine without I/O, one for each host: [`Recovery::next`] names the step, the other methods take what came of it.
//! Every wait has a limit. Must not know sessions, objects or the card. The driver has no bus reset; a TEST UNIT READY that times out
//! counts as failed without a ladder of its own. Source: `scsi_error.c` (`scmd_eh_abort_handler`, `scsi_unjam_host`,
//! `scsi_eh_ready_devs`, `scsi_eh_tur`, `scsi_send_eh_cmnd`, `scsi_eh_offline_sdevs`), `ql4_os.c` (`qla4xxx_eh_*`,
//! `qla4xxx_eh_wait_on_command`), `scsi_transport_iscsi.c` (`iscsi_block_scsi_eh`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use isp4xxx::fw::IoTag;

use super::{Waiting, did};

/// How long the firmware may take to give a command back that it was told to end: `EH_WAIT_CMD_TOV` and one looks of 2 s each.
pub(crate) const GIVE_BACK: Duration = Duration::from_secs(121 * 2);
/// `eh_timeout` of a unit: how long it may be blocked before it is tested, and how long the test may take.
pub(crate) const TEST: Duration = Duration::from_secs(10);
/// A test that ends with a unit attention is sent once more (`scsi_eh_tur`).
const TESTS: u8 = 2;

/// A unit: session and number.
pub(crate) type Unit = (u32, u64);

/// A command that took too long.
pub(crate) struct Late {
    /// Its name on the card.
    pub(crate) tag: IoTag,
    /// Its unit.
    pub(crate) unit: Unit,
    /// The client that waits; none for a command of a scan.
    pub(crate) waiting: Option<Waiting>,
    /// The host byte it came back with.
    back: Option<u32>,
}

/// What is to be done next.
pub(crate) enum Step {
    /// Nothing before something happens, or [`Recovery::deadline`].
    Wait,
    /// ABORT TASK; answer with [`Recovery::taken`].
    Abort(Unit, IoTag),
    /// LOGICAL UNIT RESET; answer with [`Recovery::taken`].
    ResetLun(Unit),
    /// TARGET WARM RESET of the session's target; answer with [`Recovery::taken`].
    ResetTarget(u32),
    /// The port is reset and initialized; answer with [`Recovery::taken`].
    ResetHost,
    /// TEST UNIT READY; answer with [`Recovery::taken`], its end with [`Recovery::tested`].
    Test(Unit),
    /// The test took too long: end it, nobody waits for it any more.
    DropTest,
    /// The unit goes offline.
    Offline(Unit),
    /// The command ends with this host byte.
    Finish(Late, u32),
    /// The ladder is over: the host's commands flow again.
    Over,
}

/// How a unit can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Its session is up and it takes commands.
    Up,
    /// Its session is away and may come back.
    Blocked,
    /// Its session has been given up or is gone.
    Gone,
    /// It is offline.
    Offline,
}

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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rung {
    Lun,
    Target,
    Host,
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

/// The ladder of a host.
#[derive(Default)]
pub(crate) struct Recovery {
    aborts: VecDeque<Late>,
    abort_until: Option<Instant>,
    failed: Vec<Late>,
    ladder: Option<(Rung, VecDeque<Job>, At)>,
    done: VecDeque<(Late, u32)>,
    deadline: Option<Instant>,
    first: Option<Instant>,
}

impl Recovery {
    /// A command took too long.
    pub(crate) fn late(&mut self, now: Instant, tag: IoTag, unit: Unit, waiting: Option<Waiting>) {
        self.first.get_or_insert(now);
        self.aborts.push_back(Late {
            tag,
            unit,
            waiting,
            back: None,
        });
    }

    /// The card gave a late command back.
    pub(crate) fn returned(&mut self, tag: IoTag, host_byte: u32) {
        let all = self.aborts.iter_mut().chain(&mut self.failed);
        for late in all.filter(|l| l.tag == tag) {
            late.back = Some(host_byte);
        }
    }

    /// Whether new commands of the host wait (`SHOST_RECOVERY`).
    pub(crate) fn holds_host(&self) -> bool {
        !self.failed.is_empty() || self.ladder.is_some()
    }

    /// Whether a command of a scan of this session is late.
    pub(crate) fn holds_scan(&self, sid: u32) -> bool {
        let held = self.done.iter().map(|(late, _)| late);
        let mut all = self.aborts.iter().chain(&self.failed).chain(held);
        all.any(|l| l.unit.0 == sid && l.waiting.is_none())
    }

    /// Whether a command of this client is late.
    pub(crate) fn holds_client(&self, client: crate::kernel::ClientId) -> bool {
        let held = self.done.iter().map(|(late, _)| late);
        let mut all = self.aborts.iter().chain(&self.failed).chain(held);
        all.any(|l| l.waiting.as_ref().is_some_and(|w| w.client == client))
    }

    /// When [`Recovery::next`] is wanted at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Everything ends now, with this host byte: the card has lost its power.
    pub(crate) fn end(&mut self, host_byte: u32) -> Vec<(Late, u32)> {
        let old = std::mem::take(self);
        let rest = old.aborts.into_iter().chain(old.failed).map(|l| (l, host_byte));
        old.done.into_iter().chain(rest).collect()
    }

    /// What to do now. `running` commands of the host are neither back nor late; `patience` is the host's `eh_deadline`.
    pub(crate) fn next(
        &mut self,
        now: Instant,
        running: usize,
        patience: Option<Duration>,
        reach: &dyn Fn(Unit) -> Reach,
    ) -> Step {
        self.deadline = None;
        if let Some((late, host_byte)) = self.done.pop_front() {
            return Step::Finish(late, host_byte);
        }
        let past = patience
            .zip(self.first)
            .is_some_and(|(patience, first)| now >= first + patience);
        if let Some(step) = self.next_abort(now, past) {
            return step;
        }
        if self.failed.is_empty() && self.ladder.is_none() {
            if self.aborts.is_empty() {
                self.first = None;
            }
            return Step::Wait;
        }
        // The ladder begins when every command of the host is back or late.
        if self.ladder.is_none() && (running > 0 || !self.aborts.is_empty()) {
            return Step::Wait;
        }
        let (mut rung, mut jobs, mut at) = self
            .ladder
            .take()
            .unwrap_or_else(|| (Rung::Lun, self.jobs(Rung::Lun), At::Next));
        loop {
            if let Some((late, host_byte)) = self.done.pop_front() {
                self.ladder = Some((rung, jobs, at));
                return Step::Finish(late, host_byte);
            }
            if past && rung < Rung::Host && matches!(at, At::Next) {
                (rung, jobs) = (Rung::Host, self.jobs(Rung::Host));
            }
            let step = match at {
                At::Next => match jobs.pop_front() {
                    Some(job) if self.failed.iter().any(|l| job.covers(l.unit)) => {
                        at = At::Reach(job);
                        continue;
                    }
                    Some(_) => {
                        at = At::Next;
                        continue;
                    }
                    None if self.failed.is_empty() => return Step::Over,
                    None => {
                        rung = match rung {
                            Rung::Lun => Rung::Target,
                            Rung::Target => Rung::Host,
                            Rung::Host => {
                                at = At::Failed;
                                continue;
                            }
                        };
                        jobs = self.jobs(rung);
                        at = At::Next;
                        continue;
                    }
                },
                At::Reach(job) => {
                    let reached = self
                        .failed
                        .iter()
                        .find(|l| job.covers(l.unit))
                        .map_or(Reach::Gone, |l| reach(l.unit));
                    match (job, reached) {
                        (Job::Host, _) | (_, Reach::Up | Reach::Offline) => {
                            at = At::Ordered(job);
                            match job {
                                Job::Lun(unit) => Step::ResetLun(unit),
                                Job::Target(sid) => Step::ResetTarget(sid),
                                Job::Host => Step::ResetHost,
                            }
                        }
                        // The session's own timer ends this.
                        (_, Reach::Blocked) => {
                            at = At::Reach(job);
                            Step::Wait
                        }
                        (_, Reach::Gone) => {
                            self.finish(|unit| job.covers(unit));
                            at = At::Next;
                            continue;
                        }
                    }
                }
                // Answered by `taken` before the next look.
                At::Ordered(job) => {
                    at = At::Ordered(job);
                    Step::Wait
                }
                At::Back(job, until) => {
                    let mut of_job = self.failed.iter().filter(|l| job.covers(l.unit));
                    if of_job.all(|l| l.back.is_some()) {
                        let mut units: Vec<Unit> = self.failed.iter().map(|l| l.unit).collect();
                        units.retain(|unit| job.covers(*unit));
                        units.sort_unstable();
                        units.dedup();
                        at = At::Test(units.into(), 0, now + TEST);
                        continue;
                    }
                    if now >= until {
                        at = At::Next;
                        continue;
                    }
                    at = At::Back(job, until);
                    self.deadline = Some(until);
                    Step::Wait
                }
                At::Test(mut units, tests, until) => match units.front().map(|unit| (*unit, reach(*unit))) {
                    None => {
                        at = At::Next;
                        continue;
                    }
                    Some((unit, Reach::Up)) => {
                        at = At::Testing(units, tests + 1, now + TEST);
                        Step::Test(unit)
                    }
                    Some((_, Reach::Blocked)) if now < until => {
                        at = At::Test(units, tests, until);
                        self.deadline = Some(until);
                        Step::Wait
                    }
                    Some((unit, reached)) => {
                        units.pop_front();
                        if reached != Reach::Blocked {
                            self.finish(|own| own == unit);
                        }
                        at = At::Test(units, 0, now + TEST);
                        continue;
                    }
                },
                At::Testing(mut units, _, until) if now >= until => {
                    units.pop_front();
                    at = At::Test(units, 0, now + TEST);
                    Step::DropTest
                }
                At::Testing(units, tests, until) => {
                    at = At::Testing(units, tests, until);
                    self.deadline = Some(until);
                    Step::Wait
                }
                At::Failed => match self.failed.first().map(|l| l.unit) {
                    Some(unit) => {
                        self.finish(|own| own == unit);
                        at = At::Failed;
                        Step::Offline(unit)
                    }
                    None => return Step::Over,
                },
            };
            self.ladder = Some((rung, jobs, at));
            return step;
        }
    }

    fn next_abort(&mut self, now: Instant, past: bool) -> Option<Step> {
        while let Some(first) = self.aborts.front() {
            if first.back.is_some() && self.abort_until.is_some() {
                // `scmd_eh_abort_handler` sets the host byte, whatever the command came back with.
                self.abort_until = None;
                return self.aborts.pop_front().map(|l| Step::Finish(l, did::TIME_OUT));
            }
            match self.abort_until {
                None if past => {}
                None => {
                    self.abort_until = Some(now + GIVE_BACK);
                    return Some(Step::Abort(first.unit, first.tag));
                }
                Some(until) if now < until => {
                    self.deadline = Some(until);
                    return None;
                }
                Some(_) => {}
            }
            self.abort_until = None;
            self.failed.extend(self.aborts.pop_front());
        }
        None
    }

    /// The card took the order, or refused it.
    pub(crate) fn taken(&mut self, now: Instant, ok: bool) {
        match &mut self.ladder {
            Some((_, _, at @ At::Ordered(_))) => {
                if let At::Ordered(job) = *at {
                    *at = if ok {
                        At::Back(job, now + GIVE_BACK)
                    } else {
                        At::Next
                    };
                }
            }
            Some((_, _, At::Testing(..))) => {
                if !ok {
                    self.tested(now, false, false);
                }
            }
            _ => {
                if !ok {
                    // The abort handler failed: the ladder's turn.
                    self.abort_until = None;
                    self.failed.extend(self.aborts.pop_front());
                }
            }
        }
    }

    /// A test ended: the unit answers, or one more test may show that it does.
    pub(crate) fn tested(&mut self, now: Instant, good: bool, again: bool) {
        let Some((_, _, at)) = &mut self.ladder else {
            return;
        };
        let At::Testing(units, tests, _) = at else { return };
        let (mut units, tests) = (std::mem::take(units), *tests);
        if again && tests < TESTS {
            // `next` sends it: the second test has the first one's place and its own limit.
            *at = At::Test(units, tests, now + TEST);
            return;
        }
        let unit = units.pop_front();
        *at = At::Test(units, 0, now + TEST);
        if good || again {
            self.finish(|own| Some(own) == unit);
        }
    }

    fn jobs(&self, rung: Rung) -> VecDeque<Job> {
        let mut units: Vec<Unit> = self.failed.iter().map(|l| l.unit).collect();
        units.sort_unstable();
        units.dedup();
        match rung {
            Rung::Lun => units.into_iter().map(Job::Lun).collect(),
            Rung::Target => {
                units.dedup_by_key(|unit| unit.0);
                units.into_iter().map(|unit| Job::Target(unit.0)).collect()
            }
            Rung::Host => VecDeque::from([Job::Host]),
        }
    }

    /// Commands of the chosen units are over, with what they came back with.
    fn finish(&mut self, chosen: impl Fn(Unit) -> bool) {
        let (over, left) = std::mem::take(&mut self.failed)
            .into_iter()
            .partition::<Vec<_>, _>(|l| chosen(l.unit));
        self.failed = left;
        self.done.extend(over.into_iter().map(|late| {
            let host_byte = late.back.filter(|b| *b != did::OK).unwrap_or(did::TIME_OUT);
            (late, host_byte)
        }));
    }
}
