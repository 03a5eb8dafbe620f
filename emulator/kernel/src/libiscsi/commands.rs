//! Commands of the mid layer on their way to a target and back.
//!
//! The engine gets as many as the session may have on their way; the rest waits here, as in a kernel's `cmdqueue` and, beyond that, in
//! the mid layer's own queue. Source: `libiscsi.c` (`iscsi_queuecommand`, `iscsi_scsi_cmd_rsp`, `iscsi_data_in_rsp`, `fail_scsi_task`).

use iscsi::Buffer;
use iscsi::initiator::{self, Outcome, Residual, TaskTag};
use iscsi::pdu::{Lun, TaskAttribute};

use super::session::{Running, State};
use super::{Driver, Libiscsi, library::Happened};
use crate::midlayer::{Command, Completed, Direction, Ending, Tag, did, lun_bytes};
use crate::transport::Class;

const CHECK_CONDITION: u8 = 2;

impl Libiscsi {
    /// Takes a command for a session's target; `None` when its session takes none any more (`iscsi_queuecommand`).
    pub(crate) fn queuecommand(&mut self, sid: u32, command: Command) -> Option<Tag> {
        let tag = self.new_tag();
        let session = self.sessions.get_mut(&sid)?;
        match session.state {
            State::LoggedIn | State::Failed | State::InRecovery | State::LoggingOut => {}
            State::Free | State::Terminate | State::RecoveryFailed => return None,
        }
        session.pending.push_back((tag, command));
        self.feed(sid);
        Some(tag)
    }

    /// Gives the engine of a session as many of the waiting commands as it may have.
    pub(super) fn feed(&mut self, sid: u32) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&sid) else {
            return;
        };
        let mut fed = false;
        while session.running.len() < session.scsi_cmds_max as usize && session.open_engine().is_some() {
            let Some((tag, command)) = session.pending.pop_front() else {
                break;
            };
            let Some(engine) = session.open_engine() else {
                break;
            };
            let (lun, cdb, direction) = (command.lun, command.cdb, command.direction);
            let task = engine.submit(now, order(command));
            session.tags.insert(task, tag);
            let running = Running {
                task,
                lun,
                cdb,
                direction,
            };
            session.running.insert(tag, running);
            fed = true;
        }
        if fed {
            self.touch(sid);
        }
    }

    /// Commands that wait here fail: their session has lost its connection.
    pub(super) fn fail_pending(&mut self, sid: u32) {
        let Some(session) = self.sessions.get_mut(&sid) else {
            return;
        };
        for (tag, command) in std::mem::take(&mut session.pending) {
            let done = failed(tag, did::TRANSPORT_DISRUPTED, command.data);
            self.happened.push_back((sid, Happened::Done(done)));
        }
    }
}

/// A command as the engine takes it.
fn order(command: Command) -> initiator::Command {
    initiator::Command {
        lun: Lun(lun_bytes(command.lun)),
        cdb: command.cdb.to_vec(),
        direction: match command.direction {
            Direction::None => initiator::Direction::None,
            Direction::Write => initiator::Direction::Write,
            Direction::Read => initiator::Direction::Read,
        },
        expected_length: u32::try_from(command.data.len()).unwrap_or(u32::MAX),
        attribute: TaskAttribute::SIMPLE,
        buffer: Box::new(command.data),
    }
}

/// A command that the target did not answer.
pub(super) fn failed(tag: Tag, host_byte: u32, data: Vec<u8>) -> Completed {
    Completed {
        tag,
        ending: Ending::Failed,
        host_byte,
        status: 0,
        sense: Vec::new(),
        transferred: 0,
        data,
    }
}

/// The engine is done with a command.
pub(super) fn task_done<D: Driver>(
    driver: &mut D,
    class: &mut Class,
    sid: u32,
    task: TaskTag,
    outcome: Outcome,
    buffer: Box<dyn Buffer>,
) {
    let lib = driver.lib_mut();
    let Some(session) = lib.sessions.get_mut(&sid) else {
        return;
    };
    let found = session
        .tags
        .remove(&task)
        .and_then(|tag| Some((tag, session.running.remove(&tag)?)));
    let Some((tag, running)) = found else { return };
    let data = buffer.into_vec();
    let aborted = session.eh.as_ref().map_or(did::ABORT, super::eh::Eh::host_byte);
    let host = session.host;
    let done = match outcome {
        Outcome::NotSent => {
            // A logout went out before it: it waits for what comes of that.
            let Running {
                lun, cdb, direction, ..
            } = running;
            let command = Command {
                lun,
                cdb,
                direction,
                data,
            };
            session.pending.push_back((tag, command));
            return;
        }
        Outcome::Completed {
            status,
            sense,
            residual,
            transferred,
        } => Completed {
            tag,
            ending: match residual {
                Residual::None => Ending::Complete,
                Residual::Underflow(n) => Ending::Underrun(n),
                Residual::Overflow(_) => Ending::Overrun,
            },
            // `iscsi_scsi_cmd_rsp`: a check condition without sense.
            host_byte: if status == CHECK_CONDITION && sense.is_empty() {
                did::BAD_TARGET
            } else {
                did::OK
            },
            status,
            sense,
            transferred: transferred as usize,
            data,
        },
        Outcome::Aborted => failed(tag, aborted, data),
        Outcome::Lost => failed(tag, did::TRANSPORT_DISRUPTED, data),
        Outcome::TargetFailure(_) | Outcome::Rejected(_) | Outcome::Damaged => failed(tag, did::ERROR, data),
    };
    class.scsi.done(&mut class.env, host, done);
}
