//! How sessions go: their units, their target, themselves.
//!
//! Source: `scsi_transport_iscsi.c` (`__iscsi_unbind_session`, `iscsi_remove_session`), `libiscsi.c` (`iscsi_session_teardown`).

use driver_sys::netlink::Event;

use super::session::{SessionState, TargetState};
use super::{Class, LowLevelDriver};

impl Class {
    /// The target and its units go (`__iscsi_unbind_session`).
    pub(crate) fn unbind_session(&mut self, driver: &mut dyn LowLevelDriver, sid: u32) {
        let Some(s) = self.sessions.get(&sid) else { return };
        if s.target_state == TargetState::Unbound {
            return;
        }
        let host = s.host;
        self.scsi.unbind(&mut self.env, sid);
        self.session_event(sid, &Event::SessionUnbound { host_no: host, sid });
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.target_state = TargetState::Unbound;
        }
        self.refresh_session(driver, sid);
    }

    /// The session goes with everything (`iscsi_session_teardown`). The driver forgets it afterwards.
    pub(crate) fn remove_session(&mut self, driver: &mut dyn LowLevelDriver, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.state = SessionState::Free;
        s.recover_until = None;
        let (path, host) = (s.path.clone(), s.host);
        self.scsi.give_up(&mut self.env, sid);
        self.scsi.release(&mut self.env, driver, sid);
        self.unbind_session(driver, sid);
        self.destroy_endpoints_of(sid);
        self.env.hide("session", &path);
        self.session_event(sid, &Event::SessionDestroyed { host_no: host, sid });
        self.scsi.remove_target(sid);
        self.sessions.remove(&sid);
    }
}
