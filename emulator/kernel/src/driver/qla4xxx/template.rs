//! Commands of the mid layer on the card.
//!
//! Source: `ql4_os.c` (`qla4xxx_queuecommand`, `qla4xxx_eh_abort`, `qla4xxx_eh_device_reset`, `qla4xxx_eh_target_reset`),
//! `ql4_isr.c` (`qla4xxx_status_entry`).

use isp4xxx::fw::{self, Completion, Io, IoDone, IoTag, Residual, TaskAttribute};

use super::Qla4xxx;
use crate::env::Env;
use crate::midlayer::{Command, Completed, Direction, Ending, HostTemplate, Order, Tag, did, lun_bytes};

impl HostTemplate for Qla4xxx {
    fn name(&self) -> &'static str {
        "qla4xxx"
    }

    fn queue_depth(&self, env: &Env, _: u32) -> u32 {
        Self::depth(env)
    }

    fn queuecommand(&mut self, target: u32, command: Command) -> Option<Tag> {
        let s = self.sessions.get(&target)?;
        let (port, ddb) = (s.host, s.ddb?);
        let io = Io {
            ddb,
            lun: lun_bytes(command.lun),
            cdb: command.cdb,
            direction: match command.direction {
                Direction::None => fw::Direction::None,
                Direction::Write => fw::Direction::Write,
                Direction::Read => fw::Direction::Read,
            },
            buffer: Box::new(command.data),
            attribute: TaskAttribute::Simple,
        };
        let tag = self.card.submit_io(self.now, port, io).ok()?;
        Some(Tag(tag.0))
    }

    fn eh_abort(&mut self, target: u32, tag: Tag) -> Order {
        let tag = IoTag(tag.0);
        self.manage(target, Some(tag), |ddb| fw::Command::AbortTask { ddb, tag })
    }

    fn eh_forget(&mut self, target: u32, tag: Tag) {
        let tag = IoTag(tag.0);
        if let Some((host, ddb)) = self.place(target) {
            let _ = self.mbox(host, fw::Command::AbortTask { ddb, tag });
        }
    }

    fn eh_device_reset(&mut self, target: u32, lun: u64) -> Order {
        let lun = lun_bytes(lun);
        self.manage(target, None, |ddb| fw::Command::LunReset { ddb, lun })
    }

    fn eh_target_reset(&mut self, target: u32) -> Order {
        self.manage(target, None, |ddb| fw::Command::TargetReset { ddb })
    }
}

/// What the driver makes of a completion status.
fn host_byte(completion: Completion) -> u32 {
    match completion {
        Completion::Complete | Completion::DataUnderrun | Completion::DataOverrun | Completion::QueueFull => {
            did::OK
        }
        Completion::Aborted | Completion::ResetOccurred => did::RESET,
        Completion::Timeout => did::BUS_BUSY,
        Completion::DeviceUnavailable | Completion::DeviceLoggedOut => did::TRANSPORT_DISRUPTED,
        Completion::Incomplete => did::ERROR,
    }
}

/// The end of a command as the mid layer reads it.
pub(super) fn completed(done: IoDone) -> Completed {
    let residual = match done.residual {
        Residual::Underflow(n) => n,
        Residual::None | Residual::Overflow(_) => 0,
    };
    Completed {
        tag: Tag(done.tag.0),
        ending: match done.completion {
            Completion::Complete => Ending::Complete,
            Completion::DataUnderrun => Ending::Underrun(residual),
            Completion::DataOverrun => Ending::Overrun,
            Completion::QueueFull => Ending::QueueFull,
            _ => Ending::Failed,
        },
        host_byte: host_byte(done.completion),
        status: done.scsi_status,
        sense: done.sense,
        transferred: done.transferred,
        data: done.buffer.into_vec(),
    }
}
