//! In which order everybody takes his turn: events of the hardware, messages, recovery, scans, timers.
//!
//! Must not know what is done in a turn. Source: the order in which interrupts, work and timers of a kernel take place.

use std::time::Instant;

use super::Kernel;
use crate::midlayer::Advance;
use crate::transport::{Class, LowLevelDriver};

impl Kernel {
    /// Tells every room what time it is.
    pub(super) fn at(&mut self, now: Instant) {
        self.class.env.now = now;
        for driver in self.drivers.all() {
            driver.clock(now);
        }
    }

    /// Lets everything that has happened take its course: events of the hardware, the netlink queue, waiting steps.
    pub(crate) fn settle(&mut self, now: Instant) {
        self.at(now);
        // Each round may cause another; the bound only guards against a card that never falls silent.
        for _ in 0..10_000 {
            let class = &mut self.class;
            let mut quiet = true;
            for driver in self.drivers.all() {
                quiet &= !driver.poll(class);
            }
            quiet &= !self.queue.advance(class, &mut self.drivers);
            for driver in self.drivers.all() {
                quiet &= !advance_recovery(class, driver);
            }
            for driver in self.drivers.all() {
                quiet &= !class.scsi.advance_scans(&mut class.env, driver);
                class.scans_ended(driver);
            }
            quiet &= !self.advance_stores();
            if quiet {
                break;
            }
        }
        self.class.env.push_uevents();
    }

    /// When [`Kernel::tick`] is wanted at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let drivers = self.drivers.iter().filter_map(|d| d.deadline());
        drivers.chain(self.class.deadline()).min()
    }

    /// Time has come.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.at(now);
        for driver in self.drivers.all() {
            driver.expire();
        }
        self.settle(now);
        for driver in self.drivers.all() {
            self.class.session_timers(driver);
            driver.timer(&mut self.class);
        }
        let Class { env, scsi, .. } = &mut self.class;
        scsi.command_timers(env);
        self.settle(now);
    }
}

/// Takes the ladders of a driver's hosts as far as they go; `true` when one moved.
fn advance_recovery(class: &mut Class, driver: &mut dyn LowLevelDriver) -> bool {
    let mut moved = false;
    for host in class.scsi.hosts_of(driver.name()) {
        let held = class.scsi.in_recovery(host);
        loop {
            match class.scsi.advance_recovery(&mut class.env, driver, host) {
                Advance::Still => break,
                Advance::Moved => {}
                Advance::ResetHost => {
                    let done = driver.eh_host_reset(class, host);
                    class.scsi.host_reset(class.now(), host, done);
                }
            }
            moved = true;
        }
        if held != class.scsi.in_recovery(host) {
            class.scsi.show_recovery(&mut class.env, host);
        }
    }
    moved
}
