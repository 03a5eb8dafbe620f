//! The deadlines: relogin, recovery, commands that waited too long, steps that wait.
//!
//! Source: `ql4_os.c` (`qla4xxx_timer`, `qla4xxx_check_relogin_flash_ddb`), `scsi_transport_iscsi.c` (`recovery_work`).

use std::time::{Duration, Instant};

use super::Kernel;
use super::probe::Stage;

/// A step that waits for the firmware looks again after this long (the driver polls too).
const POLL: Duration = Duration::from_millis(100);
/// How often `fw_uptime` is written again; a real one is read anew every time.
const UPTIME: Duration = Duration::from_secs(5);

impl Kernel {
    /// When [`Kernel::tick`] is wanted at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let sessions = self.sessions.values().flat_map(|s| {
            [s.recover_until, s.retry_at, s.try_until]
                .into_iter()
                .flatten()
                .chain(s.waiting.iter().map(|w| w.until))
        });
        let running = self.io.values().filter_map(|o| match o {
            super::IoOwner::Sg { waiting, .. } => Some(waiting.until),
            super::IoOwner::Scan { until, .. } => Some(*until),
            super::IoOwner::Late { .. } | super::IoOwner::Test { .. } | super::IoOwner::Nobody => None,
        });
        let probes = self.hosts.iter().filter_map(|h| match &h.stage {
            Stage::Running => None,
            Stage::Addresses { until, .. } | Stage::Discovery { until, .. } | Stage::BootLogin { until } => {
                Some((*until).min(self.now + POLL))
            }
        });
        sessions
            .chain(running)
            .chain(probes)
            .chain(self.hosts.iter().filter_map(|h| h.recovery.deadline()))
            .chain(self.busy.as_ref().map(|b| b.deadline().min(self.now + POLL)))
            .chain(self.card.poll_timeout())
            .chain(
                self.hosts
                    .iter()
                    .filter_map(|h| h.shown_uptime)
                    .map(|at| at + UPTIME),
            )
            .min()
    }

    /// Time has come.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.now = now;
        if self.card.poll_timeout().is_some_and(|at| at <= now) {
            self.card.handle_timeout(now);
        }
        self.settle(now);
        let sids: Vec<u32> = self.sessions.keys().copied().collect();
        for sid in sids {
            self.session_timers(sid);
        }
        self.command_timers();
        for host in 0..self.hosts.len() {
            if self.hosts[host].shown_uptime.is_none_or(|at| at + UPTIME <= now) {
                self.refresh_host(host);
                let done = self.tree.catch_up();
                self.tree_done("what waits for room on the disk", done);
            }
        }
        self.settle(now);
    }

    fn session_timers(&mut self, sid: u32) {
        let now = self.now;
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        if due(s.recover_until) {
            self.recovery_timed_out(sid);
        }
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        if due(s.try_until) {
            s.try_until = None;
            if !s.online() {
                s.arm_relogin(now);
            }
        }
        if due(s.retry_at) {
            s.retry_at = None;
            let (online, stop, host) = (s.online(), s.no_relogin, s.host);
            if !online && !stop {
                if self.hosts[host].link_up {
                    self.login_flash(sid);
                } else if let Some(s) = self.sessions.get_mut(&sid) {
                    // No cable: the driver's try does nothing and the next follows.
                    s.arm_relogin(now);
                }
            }
        }
    }
}
