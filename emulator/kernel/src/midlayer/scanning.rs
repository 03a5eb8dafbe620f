//! Scans of targets and the units they find.
//!
//! Which command comes next is [`ScanJob`]'s. Source: `scsi_scan.c`, `sd.c` (`sd_revalidate_disk`).

use std::collections::BTreeSet;
use std::time::Duration;

use super::counts::Counts;
use super::device::{Device, DeviceState, Disk};
use super::owner::IoOwner;
use super::scan::{Found, ScanJob, ScanNext};
use super::scans::{Ticket, Wanted};
use super::{Direction, HostTemplate, MidLayer};
use crate::env::{Env, Out};
use crate::tree::Object;

impl MidLayer {
    /// Scans a target, all of it or one unit; known units stay as they are. None when it cannot be scanned.
    pub(crate) fn start_scan(&mut self, sid: u32, only: Option<u64>) -> Option<Ticket> {
        let t = self.targets.get_mut(&sid)?;
        (t.online() && t.id.is_some()).then(|| t.scans.want(only.map_or(Wanted::Target, Wanted::Unit)))
    }

    /// Reads a unit's pages and capacity again; none when nobody could answer.
    pub(super) fn look_again(&mut self, sid: u32, lun: u64) -> Option<Ticket> {
        let t = self.targets.get_mut(&sid)?;
        let state = t.devices.get(&lun)?.state;
        let there = matches!(state, DeviceState::Running | DeviceState::Blocked);
        there.then(|| t.scans.want(Wanted::Again(lun)))
    }

    /// Whether a scan is still to come or under way.
    pub(crate) fn scans_still(&self, sid: u32, ticket: Ticket) -> bool {
        self.targets.get(&sid).is_some_and(|t| t.scans.holds(ticket))
    }

    /// Sends what the scans of a driver's targets want next; `true` when something happened.
    pub(crate) fn advance_scans(&mut self, env: &mut Env, driver: &mut dyn HostTemplate) -> bool {
        let name = driver.name();
        let mine = |host: u32| self.hosts.get(&host).is_some_and(|h| h.driver == name);
        let scanning: Vec<u32> = self
            .targets
            .iter()
            .filter(|(_, t)| t.scans.any() && mine(t.host))
            .map(|(sid, _)| *sid)
            .collect();
        let mut moved = false;
        for sid in scanning {
            while self.advance_scan(env, driver, sid) {
                moved = true;
            }
        }
        moved
    }

    /// The targets whose scan has ended since this was asked last.
    pub(crate) fn take_scanned(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.scanned)
    }

    #[cfg(test)]
    pub(crate) fn scanning(&self) -> bool {
        self.targets.values().any(|t| t.scans.any())
    }

    /// The name of the first unit of a session's target.
    #[cfg(test)]
    pub(crate) fn first_unit(&self, sid: u32) -> Option<String> {
        let t = self.targets.get(&sid)?;
        t.devices.values().next().map(|d| d.name.clone())
    }

    fn advance_scan(&mut self, env: &mut Env, driver: &mut dyn HostTemplate, sid: u32) -> bool {
        let running = |o: &IoOwner| matches!(o, IoOwner::Scan { sid: s, .. } if *s == sid);
        if self.io.values().any(running) {
            return false;
        }
        let Some(t) = self.targets.get_mut(&sid) else {
            return false;
        };
        let recovery = self.hosts.get(&t.host).map(|h| &h.recovery);
        if recovery.is_some_and(|r| r.holds_host() || r.holds_scan(sid)) {
            return false;
        }
        if !t.online() {
            return false;
        }
        let known = || t.devices.keys().copied().collect();
        let devices = &t.devices;
        let begin = |wanted| match wanted {
            Wanted::Target => ScanJob::new(known(), None),
            Wanted::Unit(lun) => ScanJob::new(known(), Some(lun)),
            Wanted::Again(lun) => ScanJob::again(lun, devices.get(&lun).map(|d| d.inquiry.clone())),
        };
        let Some(scan) = t.scans.job(begin) else {
            return false;
        };
        match scan.next() {
            ScanNext::Command { lun, cdb, len } => {
                let direction = if len == 0 {
                    Direction::None
                } else {
                    Direction::Read
                };
                let until = env.now + scan_timeout(&cdb);
                let owner = IoOwner::Scan { sid, lun, until };
                let sent = self.submit(
                    env.now,
                    driver,
                    (sid, lun),
                    &cdb,
                    (direction, vec![0; len]),
                    owner,
                );
                if sent.is_err() {
                    // The target is on its way out; its return scans again.
                    self.drop_scan(sid);
                }
                sent.is_ok()
            }
            ScanNext::Found(found) => {
                let depth = driver.queue_depth(env, sid);
                self.add_device(env, sid, *found, depth);
                true
            }
            ScanNext::Again(found) => {
                self.renew(env, sid, *found);
                true
            }
            ScanNext::Done => {
                t.scans.end();
                self.scanned.push(sid);
                true
            }
        }
    }

    pub(super) fn drop_scan(&mut self, sid: u32) {
        if let Some(t) = self.targets.get_mut(&sid) {
            t.scans.end();
        }
    }

    fn add_device(&mut self, env: &mut Env, sid: u32, found: Found, depth: u32) {
        let Some(t) = self.targets.get(&sid) else { return };
        let Some(id) = t.id else { return };
        let no = t.host;
        let target_path = format!("{}/target{no}:0:{id}", t.parent);
        if !env.tree.contains(&target_path) {
            let done = env
                .tree
                .add(Object::bus(target_path.clone(), "scsi", "scsi_target"));
            env.done("target", done);
        }
        let name = format!("{no}:0:{id}:{}", found.lun);
        let free = |taken: &BTreeSet<u32>| (0..).find(|n| !taken.contains(n)).unwrap_or(0);
        let sg = free(&self.sgs);
        self.sgs.insert(sg);
        let disk = found.capacity.map(|capacity| {
            let index = free(&self.disks);
            self.disks.insert(index);
            self.last_diskseq += 1;
            Disk {
                index,
                seq: self.last_diskseq,
                capacity,
            }
        });
        let device = Device {
            path: format!("{target_path}/{name}"),
            name: name.clone(),
            state: DeviceState::Running,
            timeouts: 0,
            depth,
            counts: Counts::default(),
            inquiry: found.inquiry,
            vpd: found.vpd,
            sg,
            disk,
        };
        // The socket first: a unit that is shown can be spoken to.
        let socket = crate::socket::socket_at(&self.sockets.join(&name), self.group);
        for object in device.objects() {
            env.show("device", object);
        }
        if let Some(t) = self.targets.get_mut(&sid) {
            t.devices.insert(found.lun, device);
        }
        match socket {
            Ok(socket) => env.push(Out::SgOpen(name, socket)),
            Err(error) => tracing::error!(%error, name, "no sg socket"),
        }
    }

    /// What has changed of a known unit: its pages, and the size of its disk (`scsi_rescan_device`, `sd_revalidate_disk`).
    fn renew(&mut self, env: &mut Env, sid: u32, found: Found) {
        let Some(d) = self
            .targets
            .get_mut(&sid)
            .and_then(|t| t.devices.get_mut(&found.lun))
        else {
            return;
        };
        for (code, data) in found.vpd {
            let page = d.vpd.iter_mut().find(|(c, _)| *c == code);
            // A page that was not there before has no attribute until the unit is found anew.
            if let Some((_, old)) = page.filter(|(_, old)| *old != data) {
                let done = env.tree.set_bytes(&format!("{}/vpd_pg{code:x}", d.path), &data);
                env.done("page", done.map(drop));
                *old = data;
            }
        }
        let (Some(disk), Some(capacity)) = (d.disk.as_mut(), found.capacity) else {
            return;
        };
        let before = disk.sectors();
        disk.capacity = capacity;
        let after = disk.sectors();
        let sizes = disk.queue_sizes();
        let Some(path) = d.block_path() else { return };
        for (name, value) in sizes {
            env.write("size", &format!("{path}/{name}"), &value.to_string());
        }
        if before == after {
            return;
        }
        env.write("size", &format!("{path}/size"), &after.to_string());
        // The kernel keeps silent about a disk that becomes or was empty.
        if before != 0 && after != 0 {
            env.tree.change(&path, &[("RESIZE", "1")]);
        }
    }
}

/// How long a command of a scan may take (`scsi_inq_timeout`; everything else as `SCSI_REPORT_LUNS_TIMEOUT` and `SD_TIMEOUT`).
fn scan_timeout(cdb: &[u8]) -> Duration {
    Duration::from_secs(if cdb.starts_with(&[0x12, 0]) { 20 } else { 30 })
}
