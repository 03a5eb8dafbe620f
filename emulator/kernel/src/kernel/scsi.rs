//! Scans of targets, the units they find, the end of every command.
//!
//! Source: `scsi_scan.c`, `scsi_lib.c`, `ql4_os.c` (`qla4xxx_queuecommand`), `ql4_isr.c` (`qla4xxx_status_entry`).

use std::time::Duration;

use isp4xxx::fw::{Completion, Direction, Io, IoDone, TaskAttribute};

use super::{IoOwner, Kernel, Out};
use crate::midlayer::{Device, DeviceState, Disk, Found, ScanJob, ScanNext, did};
use crate::transport::session::TargetState;
use crate::tree::Object;

/// SAM status.
const GOOD: u8 = 0;
const CHECK_CONDITION: u8 = 2;

impl Kernel {
    /// Scans a session's target, all of it or one unit; known units stay as they are.
    pub(super) fn start_scan(&mut self, sid: u32, only: Option<u64>) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        if !s.online() || s.target_id.is_none() {
            return;
        }
        if s.scan.is_some() {
            s.scan_again = true;
            return;
        }
        s.scan = Some(ScanJob::new(s.devices.keys().copied().collect(), only));
    }

    /// Reads a disk's capacity again.
    pub(super) fn recheck_capacity(&mut self, sid: u32, lun: u64) {
        if let Some(s) = self
            .sessions
            .get_mut(&sid)
            .filter(|s| s.online() && s.scan.is_none())
        {
            s.scan = Some(ScanJob::recheck(lun));
        }
    }

    /// Sends what scans want next; `true` when something happened.
    pub(super) fn advance_scans(&mut self) -> bool {
        let scanning: Vec<u32> = self
            .sessions
            .values()
            .filter(|s| s.scan.is_some())
            .map(|s| s.sid)
            .collect();
        let mut moved = false;
        for sid in scanning {
            while self.advance_scan(sid) {
                moved = true;
            }
        }
        moved
    }

    fn advance_scan(&mut self, sid: u32) -> bool {
        let running = |o: &IoOwner| matches!(o, IoOwner::Scan { sid: s, .. } if *s == sid);
        if self.io.values().any(running) {
            return false;
        }
        let Some(s) = self.sessions.get_mut(&sid) else {
            return false;
        };
        let recovery = &self.hosts[s.host].recovery;
        if recovery.holds_host() || recovery.holds_scan(sid) {
            return false;
        }
        let Some(scan) = s.scan.as_mut() else { return false };
        match scan.next() {
            ScanNext::Command { lun, cdb, len } => {
                let direction = if len == 0 {
                    Direction::None
                } else {
                    Direction::Read
                };
                let until = self.now + scan_timeout(&cdb);
                let owner = IoOwner::Scan { sid, lun, until };
                let sent = self.submit(sid, lun, &cdb, direction, vec![0; len], owner);
                if sent.is_err()
                    && let Some(s) = self.sessions.get_mut(&sid)
                {
                    // The session is on its way out; its return scans again.
                    s.scan = None;
                }
                sent.is_ok()
            }
            ScanNext::Found(found) => {
                self.add_device(sid, *found);
                true
            }
            ScanNext::Capacity(lun, blocks, size) => {
                self.resize(sid, lun, blocks, size);
                true
            }
            ScanNext::Done => {
                s.scan = None;
                s.target_state = TargetState::Scanned;
                let again = std::mem::take(&mut s.scan_again);
                self.refresh_session(sid);
                if again {
                    self.start_scan(sid, None);
                }
                true
            }
        }
    }

    pub(super) fn submit(
        &mut self,
        sid: u32,
        lun: u64,
        cdb: &[u8],
        direction: Direction,
        data: Vec<u8>,
        owner: IoOwner,
    ) -> Result<(), IoOwner> {
        let Some((host, Some(ddb))) = self.sessions.get(&sid).map(|s| (s.host, s.ddb)) else {
            return Err(owner);
        };
        let port = self.hosts[host].port;
        let mut padded = [0u8; 16];
        let n = cdb.len().min(16);
        padded[..n].copy_from_slice(&cdb[..n]);
        let io = Io {
            ddb,
            lun: crate::midlayer::lun_bytes(lun),
            cdb: padded,
            direction,
            buffer: Box::new(data),
            attribute: TaskAttribute::Simple,
        };
        match self.card.submit_io(self.now, port, io) {
            Ok(tag) => {
                self.io.insert((port, tag), owner);
                Ok(())
            }
            Err(_) => Err(owner),
        }
    }

    pub(super) fn io_done(&mut self, port: usize, done: IoDone) {
        let Some(owner) = self.io.remove(&(port, done.tag)) else {
            return;
        };
        if done.scsi_status == CHECK_CONDITION {
            self.look_at_sense(&owner, &done.sense);
        }
        match owner {
            IoOwner::Scan { sid, .. } => {
                let good = matches!(
                    done.completion,
                    Completion::Complete | Completion::DataUnderrun | Completion::DataOverrun
                ) && done.scsi_status == GOOD;
                let transferred = done.transferred;
                let key = sense_key(&done.sense);
                let buffer = done.buffer.into_vec();
                let Some(s) = self.sessions.get_mut(&sid) else {
                    return;
                };
                let Some(scan) = s.scan.as_mut() else { return };
                if good {
                    scan.answer(Ok(&buffer[..transferred.min(buffer.len())]));
                } else if done.scsi_status == CHECK_CONDITION {
                    scan.answer(Err(key));
                } else if matches!(done.completion, Completion::Complete) {
                    scan.answer(Err(None));
                } else {
                    s.scan = None;
                }
            }
            IoOwner::Sg { waiting, .. } => self.sg_done(&waiting, done),
            IoOwner::Late { host } => {
                let recovery = &mut self.hosts[host].recovery;
                recovery.returned(done.tag, did::of(done.completion));
            }
            IoOwner::Test { host, .. } => self.unit_tested(host, &done),
            IoOwner::Nobody => {}
        }
    }

    fn look_at_sense(&mut self, owner: &IoOwner, sense: &[u8]) {
        const UNIT_ATTENTION: u8 = 6;
        if sense_key(sense) != Some(UNIT_ATTENTION) {
            return;
        }
        let (asc, ascq) = sense_code(sense);
        let ua = match (asc, ascq) {
            (0x3f, 0x03) => "INQUIRY_DATA_HAS_CHANGED",
            (0x3f, 0x0e) => "REPORTED_LUNS_DATA_HAS_CHANGED",
            (0x2a, 0x01) => "MODE_PARAMETERS_CHANGED",
            (0x2a, 0x09) => "CAPACITY_DATA_HAS_CHANGED",
            (0x38, 0x07) => "THIN_PROVISIONING_SOFT_THRESHOLD_REACHED",
            _ => return,
        };
        if let IoOwner::Sg { sid, waiting } = owner
            && let Some(path) = self
                .sessions
                .get(sid)
                .and_then(|s| s.devices.get(&waiting.lun))
                .map(|d| d.path.clone())
        {
            self.tree.change(&path, &[("SDEV_UA", ua)]);
        }
    }

    fn add_device(&mut self, sid: u32, found: Found) {
        let Some(s) = self.sessions.get(&sid) else { return };
        let Some(target) = s.target_id else { return };
        let no = self.hosts[s.host].no;
        let target_path = format!("{}/target{no}:0:{target}", self.session_path(s));
        if !self.tree.contains(&target_path) {
            let done = self
                .tree
                .add(Object::bus(target_path.clone(), "scsi", "scsi_target"));
            self.tree_done("target", done);
        }
        let name = format!("{no}:0:{target}:{}", found.lun);
        let free = |taken: &std::collections::BTreeSet<u32>| (0..).find(|n| !taken.contains(n)).unwrap_or(0);
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
        let socket = crate::serve::socket_at(&self.config.dir.join("sg").join(&name), self.config.group());
        for object in device.objects() {
            let done = self.tree.add_soon(object);
            self.tree_done("device", done);
        }
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.devices.insert(found.lun, device);
        }
        match socket {
            Ok(socket) => self.out.push_back(Out::SgOpen(name, socket)),
            Err(error) => tracing::error!(%error, name, "no sg socket"),
        }
    }

    fn resize(&mut self, sid: u32, lun: u64, blocks: u64, size: u32) {
        let Some(d) = self.sessions.get_mut(&sid).and_then(|s| s.devices.get_mut(&lun)) else {
            return;
        };
        let Some(disk) = d.disk.as_mut() else { return };
        disk.blocks = blocks;
        disk.block_size = size;
        let sectors = disk.sectors();
        let Some(path) = d.block_path() else { return };
        match self.tree.set(&format!("{path}/size"), &format!("{sectors}\n")) {
            Ok(true) => self.tree.change(&path, &[("RESIZE", "1")]),
            other => self.tree_done("size", other.map(|_| ())),
        }
    }
}

/// How long a command of a scan may take (`scsi_inq_timeout`; everything else as `SCSI_REPORT_LUNS_TIMEOUT` and `SD_TIMEOUT`).
fn scan_timeout(cdb: &[u8]) -> Duration {
    Duration::from_secs(if cdb.starts_with(&[0x12, 0]) { 20 } else { 30 })
}

pub(super) fn sense_key(sense: &[u8]) -> Option<u8> {
    match sense.first()? & 0x7f {
        0x70 | 0x71 => sense.get(2).map(|b| b & 0x0f),
        0x72 | 0x73 => sense.get(1).map(|b| b & 0x0f),
        _ => None,
    }
}

fn sense_code(sense: &[u8]) -> (u8, u8) {
    let at = |i: usize| sense.get(i).copied().unwrap_or(0);
    match at(0) & 0x7f {
        0x72 | 0x73 => (at(2), at(3)),
        _ => (at(12), at(13)),
    }
}
