//! Scans of targets and the units they find.
//!
//! Which command comes next is [`ScanJob`]'s. Source: `scsi_scan.c`, `sd.c` (`sd_revalidate_disk`).

use std::collections::BTreeSet;
use std::time::Duration;

use super::device::{Device, DeviceState, Disk};
use super::owner::IoOwner;
use super::scan::{Found, ScanJob, ScanNext};
use super::{Direction, HostTemplate, MidLayer};
use crate::env::{Env, Out};
use crate::tree::Object;

impl MidLayer {
    /// Scans a target, all of it or one unit; known units stay as they are.
    pub(crate) fn start_scan(&mut self, sid: u32, only: Option<u64>) {
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        if !t.online() || t.id.is_none() {
            return;
        }
        if t.scan.is_some() {
            t.scan_again = true;
            return;
        }
        t.scan = Some(ScanJob::new(t.devices.keys().copied().collect(), only));
    }

    /// Reads a disk's capacity again.
    pub(super) fn recheck_capacity(&mut self, sid: u32, lun: u64) {
        let target = self.targets.get_mut(&sid);
        if let Some(t) = target.filter(|t| t.online() && t.scan.is_none()) {
            t.scan = Some(ScanJob::recheck(lun));
        }
    }

    /// Sends what the scans of a driver's targets want next; `true` when something happened.
    pub(crate) fn advance_scans(&mut self, env: &mut Env, driver: &mut dyn HostTemplate) -> bool {
        let name = driver.name();
        let mine = |host: u32| self.hosts.get(&host).is_some_and(|h| h.driver == name);
        let scanning: Vec<u32> = self
            .targets
            .iter()
            .filter(|(_, t)| t.scan.is_some() && mine(t.host))
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
        self.targets.values().any(|t| t.scan.is_some())
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
        let Some(scan) = t.scan.as_mut() else { return false };
        match scan.next() {
            ScanNext::Command { lun, cdb, len } => {
                let direction = if len == 0 {
                    Direction::None
                } else {
                    Direction::Read
                };
                let until = env.now + scan_timeout(&cdb);
                let owner = IoOwner::Scan { sid, lun, until };
                let sent = self.submit(driver, (sid, lun), &cdb, direction, vec![0; len], owner);
                if sent.is_err() {
                    // The target is on its way out; its return scans again.
                    self.drop_scan(sid);
                }
                sent.is_ok()
            }
            ScanNext::Found(found) => {
                self.add_device(env, sid, *found);
                true
            }
            ScanNext::Capacity(lun, blocks, size) => {
                self.resize(env, sid, lun, blocks, size);
                true
            }
            ScanNext::Done => {
                t.scan = None;
                let again = std::mem::take(&mut t.scan_again);
                self.scanned.push(sid);
                if again {
                    self.start_scan(sid, None);
                }
                true
            }
        }
    }

    pub(super) fn drop_scan(&mut self, sid: u32) {
        if let Some(t) = self.targets.get_mut(&sid) {
            t.scan = None;
        }
    }

    fn add_device(&mut self, env: &mut Env, sid: u32, found: Found) {
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
        let disk = found.capacity.map(|(blocks, block_size)| {
            let index = free(&self.disks);
            self.disks.insert(index);
            self.last_diskseq += 1;
            Disk {
                index,
                seq: self.last_diskseq,
                blocks,
                block_size,
            }
        });
        let device = Device {
            path: format!("{target_path}/{name}"),
            name: name.clone(),
            state: DeviceState::Running,
            timeouts: 0,
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

    fn resize(&mut self, env: &mut Env, sid: u32, lun: u64, blocks: u64, size: u32) {
        let Some(d) = self.targets.get_mut(&sid).and_then(|t| t.devices.get_mut(&lun)) else {
            return;
        };
        let Some(disk) = d.disk.as_mut() else { return };
        disk.blocks = blocks;
        disk.block_size = size;
        let sectors = disk.sectors();
        let Some(path) = d.block_path() else { return };
        match env.tree.set(&format!("{path}/size"), &format!("{sectors}\n")) {
            Ok(true) => env.tree.change(&path, &[("RESIZE", "1")]),
            other => env.done("size", other.map(|_| ())),
        }
    }
}

/// How long a command of a scan may take (`scsi_inq_timeout`; everything else as `SCSI_REPORT_LUNS_TIMEOUT` and `SD_TIMEOUT`).
fn scan_timeout(cdb: &[u8]) -> Duration {
    Duration::from_secs(if cdb.starts_with(&[0x12, 0]) { 20 } else { 30 })
}
