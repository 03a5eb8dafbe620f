//! Commands of a unit, counted: sent, ended, ended badly.
//!
//! A kernel counts and shows at once; here a count is a file, and is written a little later with those that came meanwhile. Must not know
//! whose the commands are. Source: `scsi_lib.c` (`scsi_dispatch_cmd`, `scsi_complete`), `scsi_sysfs.c` (`show_sdev_iostat`).

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::MidLayer;
use super::recovery::Unit;
use crate::env::Env;

/// How long a count may wait to be shown.
const LATER: Duration = Duration::from_millis(250);

/// What was counted of a unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// `iorequest_cnt`.
    sent: u32,
    /// `iodone_cnt`.
    ended: u32,
    /// `ioerr_cnt`: of those that ended, those whose result is not good.
    failed: u32,
}

/// Units whose counts have changed since they were shown.
#[derive(Debug, Default)]
pub(super) struct Uncounted {
    units: BTreeSet<Unit>,
    due: Option<Instant>,
}

impl Uncounted {
    /// When counts are to be shown.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

impl MidLayer {
    fn counts(&mut self, now: Instant, (sid, lun): Unit) -> Option<&mut Counts> {
        let device = self.targets.get_mut(&sid)?.devices.get_mut(&lun)?;
        self.uncounted.units.insert((sid, lun));
        self.uncounted.due.get_or_insert(now + LATER);
        Some(&mut device.counts)
    }

    /// A command went out.
    pub(super) fn count_sent(&mut self, now: Instant, unit: Unit) {
        if let Some(counts) = self.counts(now, unit) {
            counts.sent = counts.sent.wrapping_add(1);
        }
    }

    /// A command came back.
    pub(super) fn count_ended(&mut self, now: Instant, unit: Unit, good: bool) {
        if let Some(counts) = self.counts(now, unit) {
            counts.ended = counts.ended.wrapping_add(1);
            counts.failed = counts.failed.wrapping_add(u32::from(!good));
        }
    }

    /// Shows what was counted, when it is time.
    pub(super) fn show_counts(&mut self, env: &mut Env) {
        if self.uncounted.due.is_none_or(|due| due > env.now) {
            return;
        }
        for (sid, lun) in std::mem::take(&mut self.uncounted).units {
            let Some(d) = self.targets.get(&sid).and_then(|t| t.devices.get(&lun)) else {
                continue;
            };
            let Counts { sent, ended, failed } = d.counts;
            let values = [
                ("iorequest_cnt", sent),
                ("iodone_cnt", ended),
                ("ioerr_cnt", failed),
            ];
            let values = values.map(|(name, count)| (name, format!("{count:#x}")));
            env.write_all("device", &d.path, values.to_vec());
        }
    }
}
