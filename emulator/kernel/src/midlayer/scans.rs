//! The scans of one target: one at a time, the others wait their turn, and whoever asked can see when his is over.
//!
//! Must not know what a scan does. Source: `scsi_scan.c` (`scan_mutex` of a host, which `scsi_scan_target` holds all the while),
//! `scsi_scan.c` (`scsi_rescan_device`).

use std::collections::VecDeque;

use super::scan::ScanJob;

/// Names a scan that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What a scan looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole target: units that are not known yet.
    Target,
    /// One unit, if it is not known yet.
    Unit(u64),
    /// A known unit, for what has changed of it.
    Again(u64),
}

/// Most scans that wait; more single ones become one of the whole target.
const MAX_WAITING: usize = 256;

/// The scans of a target.
#[derive(Debug, Default)]
pub(super) struct Scans {
    running: Option<(Ticket, Wanted, ScanJob)>,
    waiting: VecDeque<(Ticket, Wanted)>,
    last: u64,
}

impl Scans {
    /// Asks for a scan; one that has not begun yet serves everybody who wants the same.
    pub(super) fn want(&mut self, wanted: Wanted) -> Ticket {
        let wanted = if self.waiting.len() < MAX_WAITING {
            wanted
        } else {
            Wanted::Target
        };
        if let Some((ticket, _)) = self.waiting.iter().find(|(_, w)| *w == wanted) {
            return *ticket;
        }
        self.last += 1;
        let ticket = Ticket(self.last);
        self.waiting.push_back((ticket, wanted));
        ticket
    }

    /// Whether a scan is still to come or under way.
    pub(super) fn holds(&self, ticket: Ticket) -> bool {
        let running = self.running.as_ref().map(|(t, ..)| *t);
        running == Some(ticket) || self.waiting.iter().any(|(t, _)| *t == ticket)
    }

    /// Whether anything is to be done.
    pub(super) fn any(&self) -> bool {
        self.running.is_some() || !self.waiting.is_empty()
    }

    /// The scan under way; the next begins, as `begin` makes it, when there is none.
    pub(super) fn job(&mut self, begin: impl FnOnce(Wanted) -> ScanJob) -> Option<&mut ScanJob> {
        if self.running.is_none() {
            let (ticket, wanted) = self.waiting.pop_front()?;
            self.running = Some((ticket, wanted, begin(wanted)));
        }
        self.running()
    }

    /// The scan under way.
    pub(super) fn running(&mut self) -> Option<&mut ScanJob> {
        self.running.as_mut().map(|(.., job)| job)
    }

    /// The scan under way is over, whatever came of it.
    pub(super) fn end(&mut self) {
        self.running = None;
    }

    /// The target is away: the scan under way begins anew when it is back.
    pub(super) fn pause(&mut self) {
        if let Some((ticket, wanted, _)) = self.running.take() {
            self.waiting.push_front((ticket, wanted));
        }
    }

    /// The target does not come back: nothing is scanned any more.
    pub(super) fn clear(&mut self) {
        self.running = None;
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scans_take_turns_and_each_ends_for_those_who_asked_for_it() {
        let mut scans = Scans::default();
        let job = |_| ScanJob::new(vec![], None);
        let first = scans.want(Wanted::Target);
        assert!(scans.job(job).is_some());
        let second = scans.want(Wanted::Target);
        assert_ne!(first, second, "the first began before the second was asked for");
        assert_eq!(scans.want(Wanted::Target), second);
        scans.end();
        assert!(!scans.holds(first) && scans.holds(second));
        scans.job(job);
        scans.pause();
        assert!(scans.holds(second) && scans.running().is_none());
        scans.clear();
        assert!(!scans.holds(second) && !scans.any());
    }

    #[test]
    fn waiting_scans_are_bounded() {
        let mut scans = Scans::default();
        for lun in 0..10_000 {
            scans.want(Wanted::Unit(lun));
        }
        assert!(scans.waiting.len() <= MAX_WAITING + 1);
    }
}
