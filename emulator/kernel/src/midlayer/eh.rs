//! Commands that took too long: the steps of the ladder, each as the driver's error handler does it.
//!
//! The order of the steps is [`super::recovery::Recovery`]'s. Source: `scsi_error.c` (`scsi_timeout`, `scsi_unjam_host`,
//! `scsi_restart_operations`).

use std::time::{Duration, Instant};

use super::device::DeviceState;
use super::owner::IoOwner;
use super::recovery::{Late, Step, Unit};
use super::{Completed, Direction, Ending, HostTemplate, MidLayer, Order, Reach, did, sense};
use crate::env::Env;

/// How far a host's ladder went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advance {
    /// Nothing to do before something happens.
    Still,
    /// One step.
    Moved,
    /// The host has to be reset; answer with [`MidLayer::host_reset`].
    ResetHost,
}

impl MidLayer {
    /// Running commands whose time is up go to their host's ladder (`scsi_timeout`).
    pub(super) fn commands_late(&mut self, env: &mut Env) {
        let now = env.now;
        let late: Vec<_> = self
            .io
            .iter()
            .filter(|(_, o)| o.until().is_some_and(|until| until <= now))
            .map(|(key, _)| *key)
            .collect();
        for (host, tag) in late {
            let (unit, waiting) = match self.io.insert((host, tag), IoOwner::Late) {
                Some(IoOwner::Sg { sid, waiting }) => ((sid, waiting.lun), Some(waiting)),
                Some(IoOwner::Scan { sid, lun, .. }) => ((sid, lun), None),
                _ => continue,
            };
            tracing::info!(sid = unit.0, lun = unit.1, tag = tag.0, "command timed out");
            self.count_timeout(env, unit);
            if let Some(h) = self.hosts.get_mut(&host) {
                h.recovery.late(now, tag, unit, waiting);
            }
        }
    }

    fn count_timeout(&mut self, env: &mut Env, (sid, lun): Unit) {
        let device = self.targets.get_mut(&sid).and_then(|t| t.devices.get_mut(&lun));
        if let Some(d) = device {
            d.timeouts += 1;
            let (path, text) = (format!("{}/iotmo_cnt", d.path), format!("{:#x}", d.timeouts));
            env.write("device", &path, &text);
        }
    }

    /// Whether the host of a target holds new commands back.
    pub(super) fn holds_commands(&self, sid: u32) -> bool {
        let host = self.targets.get(&sid).map(|t| t.host);
        host.is_some_and(|host| self.in_recovery(host))
    }

    /// Whether a host takes no new commands.
    pub(crate) fn in_recovery(&self, host: u32) -> bool {
        self.hosts.get(&host).is_some_and(|h| h.recovery.holds_host())
    }

    /// The next step of a host's ladder.
    pub(crate) fn advance_recovery(
        &mut self,
        env: &mut Env,
        driver: &mut dyn HostTemplate,
        host: u32,
    ) -> Advance {
        let now = env.now;
        let running = self
            .io
            .iter()
            .filter(|((no, _), o)| *no == host && o.until().is_some())
            .count();
        let patience = self.eh_deadline(env, host);
        let Some(h) = self.hosts.get_mut(&host) else {
            return Advance::Still;
        };
        let mut recovery = std::mem::take(&mut h.recovery);
        let step = recovery.next(now, running, patience, &|unit| self.reach(unit));
        if let Some(h) = self.hosts.get_mut(&host) {
            h.recovery = recovery;
        }
        match step {
            Step::Wait => return Advance::Still,
            Step::Abort((sid, _), tag) => {
                tracing::info!(sid, tag = tag.0, "abort command");
                let order = driver.eh_abort(sid, tag);
                self.given(now, host, order);
            }
            Step::ResetLun((sid, lun)) => {
                tracing::warn!(sid, lun, "device reset");
                let order = driver.eh_device_reset(sid, lun);
                self.given(now, host, order);
            }
            Step::ResetTarget(sid) => {
                tracing::warn!(sid, "target reset");
                let order = driver.eh_target_reset(sid);
                self.given(now, host, order);
            }
            Step::ResetHost => return Advance::ResetHost,
            Step::Test((sid, lun)) => {
                let owner = IoOwner::Test { sid };
                let sent = self.submit(
                    now,
                    driver,
                    (sid, lun),
                    &[0; 6],
                    (Direction::None, Vec::new()),
                    owner,
                );
                self.taken(now, host, sent.is_ok());
            }
            Step::DropTest => self.drop_test(driver, host),
            Step::Offline((sid, lun)) => self.offline_unit(env, sid, lun),
            Step::Finish(late, host_byte) => self.finish_late(env, late, host_byte),
            Step::Over => self.restart_operations(env, driver, host),
        }
        Advance::Moved
    }

    /// The host was reset, or it was not.
    pub(crate) fn host_reset(&mut self, now: Instant, host: u32, ok: bool) {
        tracing::warn!(host, allowed = ok, "host reset");
        self.taken(now, host, ok);
    }

    fn given(&mut self, now: Instant, host: u32, order: Order) {
        match order {
            Order::Failed => self.taken(now, host, false),
            Order::Done => self.taken(now, host, true),
            Order::Sent => {}
        }
    }

    /// An order that the hardware had is over.
    pub(crate) fn ordered(&mut self, env: &mut Env, host: u32, ok: bool) {
        tracing::info!(host, ok, "the hardware has answered");
        self.taken(env.now, host, ok);
        self.show_recovery(env, host);
    }

    fn taken(&mut self, now: Instant, host: u32, ok: bool) {
        if let Some(h) = self.hosts.get_mut(&host) {
            h.recovery.taken(now, ok);
        }
    }

    fn reach(&self, (sid, lun): Unit) -> Reach {
        let Some(t) = self.targets.get(&sid) else {
            return Reach::Gone;
        };
        let unit = t.devices.get(&lun);
        if unit.is_some_and(|d| d.state == DeviceState::Offline) {
            return Reach::Offline;
        }
        t.reach
    }

    /// Seconds after which the ladder goes straight to the host's reset; none is the default.
    fn eh_deadline(&self, env: &Env, host: u32) -> Option<Duration> {
        let h = self.hosts.get(&host)?;
        let path = format!("{}/scsi_host/host{host}/eh_deadline", h.path);
        let (_, attr) = env.tree.resolve(&path)?;
        let seconds = String::from_utf8_lossy(&attr.value).trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// A TEST UNIT READY of the ladder ended.
    pub(super) fn unit_tested(&mut self, env: &Env, host: u32, done: &Completed) {
        let answered = matches!(done.ending, Ending::Complete | Ending::Underrun(_));
        let good = answered && done.status == 0;
        // `scsi_eh_completed_normally`: the reset itself may be what the unit has to tell.
        let attention = sense::key(&done.sense) == Some(sense::UNIT_ATTENTION);
        let again = answered && done.status == 2 && attention;
        if let Some(h) = self.hosts.get_mut(&host) {
            h.recovery.tested(env.now, good, again);
        }
    }

    fn drop_test(&mut self, driver: &mut dyn HostTemplate, host: u32) {
        for ((no, tag), owner) in &mut self.io {
            if let IoOwner::Test { sid } = *owner
                && *no == host
            {
                *owner = IoOwner::Nobody;
                driver.eh_forget(sid, *tag);
            }
        }
    }

    fn offline_unit(&mut self, env: &mut Env, sid: u32, lun: u64) {
        let device = self.targets.get_mut(&sid).and_then(|t| t.devices.get_mut(&lun));
        let Some(d) = device else { return };
        tracing::error!(unit = d.name, "device offlined: not ready after error recovery");
        d.state = DeviceState::Offline;
        env.write("device", &format!("{}/state", d.path), d.state.name());
    }

    fn finish_late(&mut self, env: &mut Env, late: Late, host_byte: u32) {
        match late.waiting {
            Some(waiting) => self.sg_fails(env, waiting.client, host_byte),
            None => self.drop_scan(late.unit.0),
        }
    }

    /// The hardware lost its power: nothing is recovered any more.
    pub(super) fn end_recovery(&mut self, env: &mut Env, host: u32) {
        let late = self.hosts.get_mut(&host).map(|h| h.recovery.end(did::NO_CONNECT));
        for (late, host_byte) in late.into_iter().flatten() {
            self.finish_late(env, late, host_byte);
        }
        self.show_recovery(env, host);
    }

    fn restart_operations(&mut self, env: &mut Env, driver: &mut dyn HostTemplate, host: u32) {
        let mine: Vec<u32> = self
            .targets
            .iter()
            .filter(|(_, t)| t.host == host && t.reach != Reach::Blocked)
            .map(|(sid, _)| *sid)
            .collect();
        for sid in mine {
            self.release(env, driver, sid);
        }
    }

    /// Shows whether a host recovers.
    pub(crate) fn show_recovery(&self, env: &mut Env, host: u32) {
        let Some(h) = self.hosts.get(&host) else { return };
        let state = if h.recovery.holds_host() {
            "recovery"
        } else {
            "running"
        };
        env.write("host", &format!("{}/scsi_host/host{host}/state", h.path), state);
    }
}
