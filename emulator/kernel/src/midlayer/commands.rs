//! Commands on their way to a driver and back.
//!
//! Source: `scsi_lib.c` (`scsi_dispatch_cmd`, `scsi_io_completion`), `scsi_error.c` (`scsi_decide_disposition`).

use std::time::Instant;

use super::owner::IoOwner;
use super::{Command, Completed, Direction, Ending, HostTemplate, MidLayer, Waiting, did, sense};
use crate::env::Env;

/// SAM status.
pub(super) const GOOD: u8 = 0;
pub(super) const CHECK_CONDITION: u8 = 2;

impl MidLayer {
    /// Sends a command to a target's unit.
    ///
    /// # Errors
    /// The driver does not take it; whose it is comes back.
    pub(super) fn submit(
        &mut self,
        now: Instant,
        driver: &mut dyn HostTemplate,
        (sid, lun): (u32, u64),
        cdb: &[u8],
        (direction, data): (Direction, Vec<u8>),
        owner: IoOwner,
    ) -> Result<(), IoOwner> {
        let Some(host) = self.targets.get(&sid).map(|t| t.host) else {
            return Err(owner);
        };
        let mut padded = [0u8; 16];
        let n = cdb.len().min(16);
        padded[..n].copy_from_slice(&cdb[..n]);
        let command = Command {
            lun,
            cdb: padded,
            direction,
            data,
        };
        match driver.queuecommand(sid, command) {
            Some(tag) => {
                self.io.insert((host, tag), owner);
                self.count_sent(now, (sid, lun));
                Ok(())
            }
            None => Err(owner),
        }
    }

    /// A command of a host has ended.
    pub(crate) fn done(&mut self, env: &mut Env, host: u32, done: Completed) {
        let Some(owner) = self.io.remove(&(host, done.tag)) else {
            return;
        };
        if let IoOwner::Scan { sid, lun, .. }
        | IoOwner::Sg {
            sid,
            waiting: Waiting { lun, .. },
        } = &owner
        {
            let good = done.status == GOOD && done.host_byte == did::OK;
            self.count_ended(env.now, (*sid, *lun), good);
        }
        if done.status == CHECK_CONDITION {
            self.look_at_sense(env, &owner, &done.sense);
        }
        match owner {
            IoOwner::Scan { sid, .. } => self.scan_answered(sid, &done),
            IoOwner::Sg { waiting, .. } => self.sg_done(env, &waiting, done),
            IoOwner::Late => {
                if let Some(h) = self.hosts.get_mut(&host) {
                    h.recovery.returned(done.tag, done.host_byte);
                }
            }
            IoOwner::Test { .. } => self.unit_tested(env, host, &done),
            IoOwner::Nobody => {}
        }
    }

    fn scan_answered(&mut self, sid: u32, done: &Completed) {
        let moved = matches!(
            done.ending,
            Ending::Complete | Ending::Underrun(_) | Ending::Overrun
        );
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        let Some(scan) = t.scans.running() else { return };
        if moved && done.status == GOOD {
            scan.answer(Ok(&done.data[..done.transferred.min(done.data.len())]));
        } else if done.status == CHECK_CONDITION {
            scan.answer(Err(sense::key(&done.sense)));
        } else if done.ending == Ending::Complete {
            scan.answer(Err(None));
        } else {
            t.scans.end();
        }
    }

    /// A unit that tells of something new, whoever asked it, tells everybody, by a uevent (`scsi_report_sense`, `scsi_evt_emit`). After
    /// new INQUIRY data the kernel looks at it again.
    fn look_at_sense(&mut self, env: &mut Env, owner: &IoOwner, sense: &[u8]) {
        let (sid, lun) = match owner {
            IoOwner::Sg { sid, waiting } => (*sid, waiting.lun),
            IoOwner::Scan { sid, lun, .. } => (*sid, *lun),
            IoOwner::Late | IoOwner::Test { .. } | IoOwner::Nobody => return,
        };
        let Some(news) = sense::news(sense) else {
            return;
        };
        let device = self.targets.get(&sid).and_then(|t| t.devices.get(&lun));
        let Some(path) = device.map(|d| d.path.clone()) else {
            return;
        };
        env.tree.change(&path, &[("SDEV_UA", news)]);
        if sense::code(sense) == (0x3f, 0x03) {
            self.look_again(sid, lun);
        }
    }

    /// The hardware has lost its power: no running command comes back, none is recovered any more.
    pub(crate) fn forget_commands(&mut self, env: &mut Env, driver: &str) {
        for host in self.hosts_of(driver) {
            self.io.retain(|(no, _), _| *no != host);
            self.end_recovery(env, host);
        }
    }
}
