//! Commands that took too long: the steps of the midlayer's ladder as the driver's error handlers do them.
//!
//! The order of the steps is [`Recovery`]'s. Source: `scsi_error.c` (`scsi_timeout`, `scsi_restart_operations`), `ql4_os.c`
//! (`qla4xxx_eh_abort`, `qla4xxx_eh_device_reset`, `qla4xxx_eh_target_reset`, `qla4xxx_eh_host_reset`).

use std::time::Duration;

use isp4xxx::fw::{Command, Completion, Direction, IoDone};

use super::scsi::sense_key;
use super::{IoOwner, Kernel};
use crate::midlayer::{DeviceState, Late, Reach, Recovery, Step, Unit, did, lun_bytes};
use crate::transport::session::SessionState;

/// UNIT ATTENTION.
const UNIT_ATTENTION: u8 = 6;

impl Kernel {
    /// Running commands whose time is up go to their host's ladder (`scsi_timeout`).
    pub(super) fn commands_late(&mut self) {
        let now = self.now;
        let late: Vec<_> = self
            .io
            .iter()
            .filter(|(_, o)| match o {
                IoOwner::Sg { waiting, .. } => waiting.until <= now,
                IoOwner::Scan { until, .. } => *until <= now,
                IoOwner::Late { .. } | IoOwner::Test { .. } | IoOwner::Nobody => false,
            })
            .map(|(key, _)| *key)
            .collect();
        for key in late {
            let Some(host) = self.hosts.iter().position(|h| h.port == key.0) else {
                continue;
            };
            let (unit, waiting) = match self.io.insert(key, IoOwner::Late { host }) {
                Some(IoOwner::Sg { sid, waiting }) => ((sid, waiting.lun), Some(waiting)),
                Some(IoOwner::Scan { sid, lun, .. }) => ((sid, lun), None),
                _ => continue,
            };
            tracing::info!(sid = unit.0, lun = unit.1, tag = key.1.0, "command timed out");
            self.count_timeout(unit);
            self.hosts[host].recovery.late(now, key.1, unit, waiting);
        }
    }

    fn count_timeout(&mut self, (sid, lun): Unit) {
        let device = self.sessions.get_mut(&sid).and_then(|s| s.devices.get_mut(&lun));
        if let Some(d) = device {
            d.timeouts += 1;
            let (path, text) = (format!("{}/iotmo_cnt", d.path), format!("{:#x}\n", d.timeouts));
            let done = self.tree.set(&path, &text).map(|_| ());
            self.tree_done("device", done);
        }
    }

    /// Whether the host of a session holds new commands back.
    pub(super) fn holds_commands(&self, sid: u32) -> bool {
        self.sessions
            .get(&sid)
            .is_some_and(|s| self.hosts[s.host].recovery.holds_host())
    }

    /// Takes every host's ladder as far as it goes; `true` when one moved.
    pub(super) fn advance_recovery(&mut self) -> bool {
        let mut moved = false;
        for host in 0..self.hosts.len() {
            let held = self.hosts[host].recovery.holds_host();
            while self.recovery_step(host) {
                moved = true;
            }
            if held != self.hosts[host].recovery.holds_host() {
                self.show_recovery(host);
            }
        }
        moved
    }

    fn recovery_step(&mut self, host: usize) -> bool {
        let port = self.hosts[host].port;
        let count = |((p, _), o): &(&(usize, _), &IoOwner)| {
            *p == port && matches!(o, IoOwner::Sg { .. } | IoOwner::Scan { .. })
        };
        let running = self.io.iter().filter(count).count();
        let patience = self.eh_deadline(host);
        let mut recovery = std::mem::take(&mut self.hosts[host].recovery);
        let step = recovery.next(self.now, running, patience, &|unit| self.reach(unit));
        self.hosts[host].recovery = recovery;
        let now = self.now;
        match step {
            Step::Wait => return false,
            Step::Abort((sid, _), tag) => {
                tracing::info!(sid, tag = tag.0, "abort command");
                let ok = self.manage(host, sid, |ddb| Command::AbortTask { ddb, tag });
                self.recovery(host).taken(now, ok);
            }
            Step::ResetLun((sid, lun)) => {
                tracing::warn!(sid, lun, "device reset");
                let lun = lun_bytes(lun);
                let ok = self.manage(host, sid, |ddb| Command::LunReset { ddb, lun });
                self.recovery(host).taken(now, ok);
            }
            Step::ResetTarget(sid) => {
                tracing::warn!(sid, "target reset");
                let ok = self.manage(host, sid, |ddb| Command::TargetReset { ddb });
                self.recovery(host).taken(now, ok);
            }
            Step::ResetHost => {
                let allowed = self.param("ql4xdontresethba") == "0";
                tracing::warn!(host = self.hosts[host].no, allowed, "host reset");
                if allowed {
                    self.recover_adapter(host);
                }
                self.recovery(host).taken(now, allowed);
            }
            Step::Test((sid, lun)) => {
                let owner = IoOwner::Test { host, sid };
                let sent = self.submit(sid, lun, &[0; 6], Direction::None, Vec::new(), owner);
                self.recovery(host).taken(now, sent.is_ok());
            }
            Step::DropTest => self.drop_test(host),
            Step::Offline((sid, lun)) => self.offline_unit(sid, lun),
            Step::Finish(late, host_byte) => self.finish_late(late, host_byte),
            Step::Over => self.restart_operations(host),
        }
        true
    }

    fn recovery(&mut self, host: usize) -> &mut Recovery {
        &mut self.hosts[host].recovery
    }

    /// A mailbox command for a session's target; `false` when the card refuses it.
    fn manage(&mut self, host: usize, sid: u32, command: impl FnOnce(u16) -> Command) -> bool {
        let ddb = self.sessions.get(&sid).and_then(|s| s.ddb);
        ddb.is_some_and(|ddb| self.mbox(host, command(ddb)).is_ok())
    }

    fn reach(&self, (sid, lun): Unit) -> Reach {
        let Some(s) = self.sessions.get(&sid) else {
            return Reach::Gone;
        };
        if s.devices
            .get(&lun)
            .is_some_and(|d| d.state == DeviceState::Offline)
        {
            return Reach::Offline;
        }
        match s.state {
            SessionState::LoggedIn => Reach::Up,
            SessionState::Failed => Reach::Blocked,
            SessionState::Free => Reach::Gone,
        }
    }

    /// Seconds after which the ladder goes straight to the host's reset; none is the default.
    fn eh_deadline(&self, host: usize) -> Option<Duration> {
        let path = format!("{}/eh_deadline", self.hosts[host].class_path("scsi_host"));
        let (_, attr) = self.tree.resolve(&path)?;
        let seconds = String::from_utf8_lossy(&attr.value).trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// A TEST UNIT READY of the ladder ended.
    pub(super) fn unit_tested(&mut self, host: usize, done: &IoDone) {
        let answered = matches!(done.completion, Completion::Complete | Completion::DataUnderrun);
        let good = answered && done.scsi_status == 0;
        // `scsi_eh_completed_normally`: the reset itself may be what the unit has to tell.
        let again = answered && done.scsi_status == 2 && sense_key(&done.sense) == Some(UNIT_ATTENTION);
        let now = self.now;
        self.recovery(host).tested(now, good, again);
    }

    fn drop_test(&mut self, host: usize) {
        let tests: Vec<_> = self
            .io
            .iter()
            .filter_map(|(key, o)| match o {
                IoOwner::Test { host: h, sid } if *h == host => Some((*key, *sid)),
                _ => None,
            })
            .collect();
        for (key, sid) in tests {
            self.io.insert(key, IoOwner::Nobody);
            self.manage(host, sid, |ddb| Command::AbortTask { ddb, tag: key.1 });
        }
    }

    fn offline_unit(&mut self, sid: u32, lun: u64) {
        let device = self.sessions.get_mut(&sid).and_then(|s| s.devices.get_mut(&lun));
        let Some(d) = device else { return };
        tracing::error!(unit = d.name, "device offlined: not ready after error recovery");
        d.state = DeviceState::Offline;
        let path = format!("{}/state", d.path);
        let text = format!("{}\n", DeviceState::Offline.name());
        let done = self.tree.set(&path, &text).map(|_| ());
        self.tree_done("device", done);
    }

    fn finish_late(&mut self, late: Late, host_byte: u32) {
        match late.waiting {
            Some(waiting) => self.sg_fails(waiting.client, host_byte),
            None => {
                if let Some(s) = self.sessions.get_mut(&late.unit.0) {
                    s.scan = None;
                }
            }
        }
    }

    /// The card lost its power: nothing is recovered any more.
    pub(super) fn end_recoveries(&mut self) {
        for host in 0..self.hosts.len() {
            for (late, host_byte) in self.recovery(host).end(did::NO_CONNECT) {
                self.finish_late(late, host_byte);
            }
            self.show_recovery(host);
        }
    }

    fn restart_operations(&mut self, host: usize) {
        let mine: Vec<u32> = self
            .sessions
            .values()
            .filter(|s| s.host == host && s.state != SessionState::Failed)
            .map(|s| s.sid)
            .collect();
        for sid in mine {
            self.release_waiting(sid);
        }
    }

    fn show_recovery(&mut self, host: usize) {
        let h = &self.hosts[host];
        let state = if h.recovery.holds_host() {
            "recovery\n"
        } else {
            "running\n"
        };
        let path = format!("{}/state", h.class_path("scsi_host"));
        let done = self.tree.set(&path, state).map(|_| ());
        self.tree_done("host", done);
    }
}

#[cfg(test)]
mod tests;
