//! How sessions go: their units, their target, themselves.
//!
//! Source: `scsi_transport_iscsi.c` (`__iscsi_unbind_session`, `iscsi_remove_session`), `libiscsi.c` (`iscsi_session_teardown`).

use super::*;

impl Kernel {
    /// The target and its units go (`__iscsi_unbind_session`).
    pub(in crate::kernel) fn unbind_session(&mut self, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        if s.target_state == TargetState::Unbound {
            return;
        }
        s.scan = None;
        let target = s.target_id.take();
        let no = self.hosts[s.host].no;
        // Also in the middle of a scan: the units that it has found so far go, with their numbers and sockets.
        self.remove_devices(sid);
        if let Some((s, target)) = self.sessions.get(&sid).zip(target) {
            let path = format!("{}/target{no}:0:{target}", self.session_path(s));
            if self.tree.contains(&path) {
                let done = self.tree.remove(&path);
                self.tree_done("target", done);
            }
        }
        self.multicast(event(
            kevent::UNBIND_SESSION,
            TRANSPORT_HANDLE,
            &[],
            &[sid, no],
            &[],
        ));
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.target_state = TargetState::Unbound;
        }
        self.refresh_session(sid);
    }

    fn remove_devices(&mut self, sid: u32) {
        let luns: Vec<u64> = self
            .sessions
            .get(&sid)
            .map(|s| s.devices.keys().copied().collect())
            .unwrap_or_default();
        for lun in luns {
            self.remove_device(sid, lun);
        }
    }

    /// One unit goes.
    pub(in crate::kernel) fn remove_device(&mut self, sid: u32, lun: u64) {
        let Some(d) = self.sessions.get_mut(&sid).and_then(|s| s.devices.remove(&lun)) else {
            return;
        };
        self.sgs.remove(&d.sg);
        if let Some(disk) = &d.disk {
            self.disks.remove(&disk.index);
        }
        let done = self.tree.remove(&d.path);
        self.tree_done("device", done);
        self.out.push_back(Out::SgClose(d.name));
    }

    /// The session goes with everything (`iscsi_session_teardown`).
    pub(in crate::kernel) fn destroy_session(&mut self, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.state = SessionState::Free;
        s.recover_until = None;
        s.no_relogin = true;
        self.set_devices(sid, &[DeviceState::Blocked], DeviceState::TransportOffline);
        self.release_waiting(sid);
        self.unbind_session(sid);
        let Some(s) = self.sessions.get(&sid) else { return };
        let (host, ddb, path, no) = (s.host, s.ddb, self.session_path(s), self.hosts[s.host].no);
        let eps: Vec<u64> = self
            .endpoints
            .iter()
            .filter(|(_, e)| e.sid == Some(sid))
            .map(|(n, _)| *n)
            .collect();
        for ep in eps {
            self.destroy_endpoint(ep);
        }
        if let Some(ddb) = ddb {
            self.hosts[host].ddbs.remove(&ddb);
        }
        let done = self.tree.remove(&path);
        self.tree_done("session", done);
        self.sessions.remove(&sid);
        self.multicast(event(
            kevent::DESTROY_SESSION,
            TRANSPORT_HANDLE,
            &[],
            &[no, sid],
            &[],
        ));
    }
}
