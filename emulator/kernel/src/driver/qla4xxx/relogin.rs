//! The driver's timers: tries to log in again, tries that took too long, what is shown of the firmware's uptime.
//!
//! Source: `ql4_os.c` (`qla4xxx_timer`, `qla4xxx_check_relogin_flash_ddb`).

use std::time::{Duration, Instant};

use super::Qla4xxx;
use super::probe::Stage;
use crate::transport::Class;

/// A step that waits for the firmware looks again after this long (the driver polls too).
const POLL: Duration = Duration::from_millis(100);
/// How often `fw_uptime` is written again; a real one is read anew every time.
const UPTIME: Duration = Duration::from_secs(5);

impl Qla4xxx {
    /// When something is due at the latest.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        let tries = self
            .sessions
            .values()
            .flat_map(|s| [s.retry_at, s.try_until])
            .flatten();
        let polled = self.now + POLL;
        let probes = self.hosts.iter().filter_map(|h| match &h.stage {
            Stage::Running => None,
            Stage::Addresses { until, .. } | Stage::Discovery { until, .. } | Stage::BootLogin { until } => {
                Some((*until).min(polled))
            }
        });
        let managing = self.hosts.iter().filter_map(|h| h.managing);
        let uptimes = self.hosts.iter().filter_map(|h| h.shown_uptime);
        tries
            .chain(probes)
            .chain(self.task.as_ref().map(|task| task.until().min(polled)))
            .chain(self.card.poll_timeout())
            .chain(managing.map(|m| m.until))
            .chain(uptimes.map(|at| at + UPTIME))
            .min()
    }

    /// Time has come.
    pub(super) fn timers(&mut self, class: &mut Class) {
        self.give_up_managing(class);
        let sids: Vec<u32> = self.sessions.keys().copied().collect();
        for sid in sids {
            self.session_timers(class, sid);
        }
        let now = self.now;
        for host in 0..self.hosts.len() {
            if self.hosts[host].shown_uptime.is_none_or(|at| at + UPTIME <= now) {
                self.refresh_host(class, host);
                let done = class.env.tree.catch_up();
                class.env.done("what waits for room on the disk", done);
            }
        }
    }

    fn session_timers(&mut self, class: &mut Class, sid: u32) {
        let now = self.now;
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let online = class.online(sid);
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        if due(s.try_until) {
            s.try_until = None;
            if !online {
                s.arm_relogin(now);
            }
        }
        if due(s.retry_at) {
            s.retry_at = None;
            if online || s.no_relogin {
                return;
            }
            if self.hosts[s.host].link_up {
                self.login_flash(class, sid);
            } else {
                // No cable: the driver's try does nothing and the next follows.
                s.arm_relogin(now);
            }
        }
    }
}
