//! What happens to commands that take too long: abort, then reset of the unit, of the target, of the host; last, the unit goes
//! offline.
//!
//! A state machine without I/O, one for each host: [`Recovery::next`] names the step, the other methods take what came of it.
//! Every wait has a limit, here or in the driver. Must not know sessions, objects or any driver. No bus is reset; a TEST UNIT READY that times out
//! counts as failed without a ladder of its own. Source: `scsi_error.c` (`scmd_eh_abort_handler`, `scsi_unjam_host`,
//! `scsi_eh_ready_devs`, `scsi_eh_tur`, `scsi_send_eh_cmnd`, `scsi_eh_offline_sdevs`), `ql4_os.c` (`qla4xxx_eh_*`,
//! `qla4xxx_eh_wait_on_command`), `scsi_transport_iscsi.c` (`iscsi_block_scsi_eh`).

mod ladder;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Tag, Waiting, did};
use ladder::{Ladder, Taken, Turn};

/// How long the firmware may take to give a command back that it was told to end: `EH_WAIT_CMD_TOV` and one looks of 2 s each.
pub(crate) const GIVE_BACK: Duration = Duration::from_secs(121 * 2);
/// `eh_timeout` of a unit: how long it may be blocked before it is tested, and how long the test may take.
pub(crate) const TEST: Duration = Duration::from_secs(10);

/// A unit: session and number.
pub(crate) type Unit = (u32, u64);

/// A command that took too long.
pub(crate) struct Late {
    /// The driver's name of it.
    pub(crate) tag: Tag,
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
    Abort(Unit, Tag),
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

/// How far the abort of the first late command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Abort {
    /// The hardware was asked.
    Asked,
    /// It was done; the command has to come back until then.
    Taken(Instant),
}

/// The ladder of a host.
#[derive(Default)]
pub(crate) struct Recovery {
    aborts: VecDeque<Late>,
    abort: Option<Abort>,
    failed: Vec<Late>,
    ladder: Option<Ladder>,
    done: VecDeque<(Late, u32)>,
    deadline: Option<Instant>,
    first: Option<Instant>,
}

impl Recovery {
    /// A command took too long.
    pub(crate) fn late(&mut self, now: Instant, tag: Tag, unit: Unit, waiting: Option<Waiting>) {
        self.first.get_or_insert(now);
        self.aborts.push_back(Late {
            tag,
            unit,
            waiting,
            back: None,
        });
    }

    /// The card gave a late command back.
    pub(crate) fn returned(&mut self, tag: Tag, host_byte: u32) {
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
    pub(crate) fn holds_client(&self, client: crate::env::ClientId) -> bool {
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
        let mut ladder = match self.ladder.take() {
            Some(ladder) => ladder,
            None => self.first_rung(),
        };
        loop {
            if let Some((late, host_byte)) = self.done.pop_front() {
                self.ladder = Some(ladder);
                return Step::Finish(late, host_byte);
            }
            if past {
                self.hurry(&mut ladder);
            }
            match self.turn(&mut ladder, now, reach) {
                Turn::Again => {}
                Turn::Do(step) => {
                    self.ladder = Some(ladder);
                    return step;
                }
                Turn::Over => return Step::Over,
            }
        }
    }

    fn next_abort(&mut self, now: Instant, past: bool) -> Option<Step> {
        while let Some(first) = self.aborts.front() {
            match self.abort {
                None if past => {}
                None => {
                    self.abort = Some(Abort::Asked);
                    return Some(Step::Abort(first.unit, first.tag));
                }
                // The driver answers in any case.
                Some(Abort::Asked) => return None,
                Some(Abort::Taken(_)) if first.back.is_some() => {
                    // `scmd_eh_abort_handler` sets the host byte, whatever the command came back with.
                    self.abort = None;
                    return self.aborts.pop_front().map(|l| Step::Finish(l, did::TIME_OUT));
                }
                Some(Abort::Taken(until)) if now < until => {
                    self.deadline = Some(until);
                    return None;
                }
                Some(Abort::Taken(_)) => {}
            }
            self.abort = None;
            self.failed.extend(self.aborts.pop_front());
        }
        None
    }

    /// How an order went.
    pub(crate) fn taken(&mut self, now: Instant, ok: bool) {
        match self.ladder.as_mut().map(|ladder| ladder.taken(now, ok)) {
            Some(Taken::Noted) => {}
            Some(Taken::NoTest) => self.tested(now, false, false),
            _ if self.abort != Some(Abort::Asked) => {}
            _ if ok => self.abort = Some(Abort::Taken(now + GIVE_BACK)),
            _ => {
                // The abort handler failed: the ladder's turn.
                self.abort = None;
                self.failed.extend(self.aborts.pop_front());
            }
        }
    }

    /// A test ended: the unit answers, or one more test may show that it does.
    pub(crate) fn tested(&mut self, now: Instant, good: bool, again: bool) {
        let over = self.ladder.as_mut().and_then(|ladder| ladder.tested(now, again));
        if let Some(unit) = over
            && (good || again)
        {
            self.finish(|own| own == unit);
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

#[cfg(test)]
mod tests;
