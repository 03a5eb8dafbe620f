//! Task management: the mailbox commands that end commands, and what the driver makes of their answers.
//!
//! Owns what counts as done. Must not know what is to be ended, or why. Source: `ql4_mbx.c` (`qla4xxx_abort_task`, `qla4xxx_reset_lun`,
//! `qla4xxx_reset_target`, `qla4xxx_mailbox_command`), `ql4_os.c` (`qla4xxx_eh_abort`, `qla4xxx_eh_device_reset`).

use std::time::{Duration, Instant};

use driver_sys::hw::mailbox::MboxStatus;
use isp4xxx::fw::{Command, IoTag, TaskMgmtOutcome};

use super::Qla4xxx;
use crate::midlayer::Order;
use crate::transport::Class;

/// `MBOX_TOV`: a mailbox command that is not answered by then costs the adapter a reset.
const MBOX_TOV: Duration = Duration::from_secs(60);

/// The function that a port's firmware is at; the error handler waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Managing {
    ddb: u16,
    /// The task to abort.
    tag: Option<IoTag>,
    /// When the driver gives it up.
    pub(super) until: Instant,
}

/// Whether the driver takes a mailbox status for a success: an abort has to be complete, of a reset 0x4005 will do.
fn counts(status: MboxStatus, abort: bool) -> bool {
    match status {
        MboxStatus::CommandComplete => true,
        MboxStatus::CommandError => !abort,
        _ => false,
    }
}

impl Qla4xxx {
    /// Where a session's target is: port and DDB.
    pub(super) fn place(&self, sid: u32) -> Option<(usize, u16)> {
        self.sessions.get(&sid).and_then(|s| Some((s.host, s.ddb?)))
    }

    /// A function for a session's target; the abort of `tag`, if it is one.
    pub(super) fn manage(
        &mut self,
        sid: u32,
        tag: Option<IoTag>,
        command: impl FnOnce(u16) -> Command,
    ) -> Order {
        let Some((host, ddb)) = self.place(sid) else {
            return Order::Failed;
        };
        match self.mbox(host, command(ddb)) {
            Ok(_) => {
                let until = self.now + MBOX_TOV;
                self.hosts[host].managing = Some(Managing { ddb, tag, until });
                Order::Sent
            }
            Err(error) if counts(error.status, tag.is_some()) => Order::Done,
            Err(_) => Order::Failed,
        }
    }

    /// A function of the firmware is over. The commands that it ended have come back before.
    pub(super) fn managed(
        &mut self,
        class: &mut Class,
        host: usize,
        (ddb, tag): (u16, Option<IoTag>),
        outcome: TaskMgmtOutcome,
    ) {
        let mine = self.hosts[host].managing.filter(|m| (m.ddb, m.tag) == (ddb, tag));
        if mine.is_some() {
            let abort = tag.is_some();
            self.manage_ends(class, host, counts(outcome.status(abort), abort));
        }
    }

    /// The function that a port is at ends, if it is at one.
    pub(super) fn manage_ends(&mut self, class: &mut Class, host: usize, ok: bool) {
        if self.hosts[host].managing.take().is_some() {
            class.scsi.ordered(&mut class.env, self.hosts[host].no, ok);
        }
    }

    /// Functions that the firmware has not answered in time: the order has failed, and the adapter is reset.
    pub(super) fn give_up_managing(&mut self, class: &mut Class) {
        for host in 0..self.hosts.len() {
            if self.hosts[host].managing.is_some_and(|m| m.until <= self.now) {
                self.manage_ends(class, host, false);
                self.recover_adapter(class, host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_that_the_firmware_could_not_do_counts_as_done_an_abort_does_not() {
        assert!(counts(MboxStatus::CommandComplete, true));
        assert!(counts(MboxStatus::CommandComplete, false));
        assert!(!counts(MboxStatus::CommandError, true));
        assert!(counts(MboxStatus::CommandError, false));
        for other in [0x4001, 0x4006, 0x0007] {
            assert!(!counts(MboxStatus::from_raw(other), true), "{other:#x}");
            assert!(!counts(MboxStatus::from_raw(other), false), "{other:#x}");
        }
    }
}
