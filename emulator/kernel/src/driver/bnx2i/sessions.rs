//! Sessions of user space: they come with an endpoint, and go.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_session_create`, `bnx2i_session_destroy`), `scsi_transport_iscsi.c` (`iscsi_add_session`:
//! `iscsi_sess_ida`).

use super::Bnx2i;
use super::show::{CAN_QUEUE, CMD_PER_LUN};
use super::sizes::SQ_MIN;
use crate::libiscsi::{self, max_scsi_cmds};
use crate::transport::Class;

impl Bnx2i {
    /// A session on the host of an endpoint. The driver does not look at the queue depth that user space asks for.
    pub(super) fn create(
        &mut self,
        class: &mut Class,
        ep: Option<u64>,
        cmds_max: u16,
        initial_cmdsn: u32,
    ) -> Option<u32> {
        let e = self.endpoints.get(&ep?)?;
        let port = &self.ports[e.port];
        if !port.ready() {
            return None;
        }
        let total = u32::from(cmds_max).clamp(SQ_MIN, port.sizes.sq) as u16;
        let commands = max_scsi_cmds(CAN_QUEUE, total).ok()?;
        let no = port.no;
        let taken = |id: &u32| self.targets.values().any(|target| target == id);
        let target = (0..).find(|id| !taken(id))?;
        let sid = libiscsi::session_setup(self, class, (no, target), (commands, CMD_PER_LUN), initial_cmdsn);
        self.targets.insert(sid, target);
        Some(sid)
    }

    /// A session goes, and what endpoint it left behind.
    pub(super) fn destroy(&mut self, class: &mut Class, sid: u32) {
        self.free_endpoints_of(class, sid);
        libiscsi::session_teardown(self, class, sid);
        self.targets.remove(&sid);
    }

    fn free_endpoints_of(&mut self, class: &mut Class, sid: u32) {
        let bound = self.endpoints.iter().filter(|(_, e)| e.sid == Some(sid));
        let bound: Vec<u64> = bound.map(|(ep, _)| *ep).collect();
        for ep in bound {
            self.free_endpoint(class, ep);
        }
    }
}
