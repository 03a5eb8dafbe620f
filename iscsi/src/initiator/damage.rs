//! PDUs whose data digest does not match: the task ends, the session stays where it can.
//!
//! Owns what error recovery level 0 leaves of RFC 7143 section 7.8: damaged read data aborts its task, any other damaged PDU is
//! thrown away and the session logged out. A damaged command that the target threw away is aborted too, which fills the gap in the
//! command numbers (section 11.6.1). Header digest errors are the framer's and end the connection.

use std::time::Instant;

use super::{DropReason, Initiator, Outcome, manage::Tmf};
use crate::{
    pdu::{Bhs, DataIn, Opcode, RejectReason, TmfFunction, TmfResponseCode},
    serial,
};

/// A task that this side gives up.
pub(super) struct GivenUp {
    /// How it ends.
    outcome: Outcome,
    /// Its number.
    cmd_sn: u32,
}

impl Initiator {
    /// A complete PDU whose data digest does not match. Its numbers have been taken.
    pub(super) fn on_damaged(&mut self, now: Instant, bhs: &Bhs) -> Result<(), DropReason> {
        if bhs.opcode.opcode() != Opcode::DATA_IN {
            self.damaged = true;
            if self.is_open() {
                self.logout(now);
            }
            return Ok(());
        }
        let tag = bhs.itt.get();
        let Some(task) = self.tasks.0.get_mut(&tag) else {
            return Ok(());
        };
        let first = !std::mem::replace(&mut task.damaged, true);
        self.on_data_in(&DataIn::from_bhs(bhs))?;
        if first {
            self.give_up(now, tag, Outcome::Damaged);
        }
        Ok(())
    }

    /// The target threw a damaged command away.
    pub(super) fn on_damaged_command(&mut self, now: Instant, tag: u32) {
        self.give_up(now, tag, Outcome::Rejected(RejectReason::DATA_DIGEST_ERROR));
    }

    /// Aborts a task, if it is still there.
    fn give_up(&mut self, now: Instant, task: u32, outcome: Outcome) {
        let sent = self
            .tasks
            .0
            .get(&task)
            .and_then(|task| Some((task.lun, task.cmd_sn?)));
        let Some((lun, cmd_sn)) = sent.filter(|_| self.is_open()) else {
            return;
        };
        // One abort is enough, however often the target says that something is wrong with the task.
        let running = |tmf: &Tmf| tmf.given_up.is_some() && tmf.task == Some(task);
        if self.tmfs.values().any(running) {
            return;
        }
        let tag = self.new_tag();
        let tmf = Tmf {
            function: TmfFunction::ABORT_TASK,
            lun,
            task: Some(task),
            cmd_sn: self.cmd_sn,
            deadline: now + self.terms.timeouts.task_management,
            given_up: Some(GivenUp { outcome, cmd_sn }),
        };
        self.send_tmf(tag, TmfFunction::ABORT_TASK, lun, Some(task), Some(cmd_sn));
        self.tmfs.insert(tag, tmf);
    }

    /// The answer to the abort of such a task.
    pub(super) fn on_given_up(
        &mut self,
        task: Option<u32>,
        given_up: GivenUp,
        response: TmfResponseCode,
    ) -> Result<(), DropReason> {
        let ended = match response {
            TmfResponseCode::COMPLETE => true,
            // A number that the target never counts as received stops everything after it.
            TmfResponseCode::NO_TASK => serial::before(given_up.cmd_sn, self.window.exp),
            _ => false,
        };
        if !ended {
            return Err(DropReason::DataDigest);
        }
        if let Some(task) = task.filter(|task| self.tasks.0.contains_key(task)) {
            self.end_task(task, given_up.outcome);
        }
        Ok(())
    }
}
