//! Blocking and unblocking a session's commands, giving recovery up, the loss of a connection.
//!
//! Source: `scsi_transport_iscsi.c` (`__iscsi_block_session`, `__iscsi_unblock_session`, `session_recovery_timedout`,
//! `iscsi_conn_error_event`, `iscsi_cleanup_conn_work_fn`).

use std::time::Duration;

use driver_sys::netlink::code::{IscsiErr, StopFlag};

use super::session::{ConnState, SessionState};
use super::{Class, LowLevelDriver};

impl Class {
    /// Commands wait from now on (`iscsi_block_session`).
    pub(crate) fn block_session(&mut self, driver: &mut dyn LowLevelDriver, sid: u32) {
        let now = self.now();
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.state = SessionState::Failed;
        s.recover_until = u64::try_from(s.recovery_tmo)
            .ok()
            .map(|t| now + Duration::from_secs(t));
        self.scsi.block(&mut self.env, sid);
        self.refresh_session(driver, sid);
    }

    /// Commands flow again (`iscsi_unblock_session`).
    pub(crate) fn unblock_session(&mut self, driver: &mut dyn LowLevelDriver, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.recover_until = None;
        s.state = SessionState::LoggedIn;
        self.scsi.unblock(&mut self.env, sid);
        self.refresh_session(driver, sid);
        self.scsi.release(&mut self.env, driver, sid);
    }

    /// Recovery took too long (`session_recovery_timedout`).
    pub(super) fn recovery_timed_out(&mut self, driver: &mut dyn LowLevelDriver, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.recover_until = None;
        if s.state != SessionState::Failed {
            return;
        }
        s.state = SessionState::Free;
        driver.session_recovery_timedout(self, sid);
        self.scsi.give_up(&mut self.env, sid);
        self.refresh_session(driver, sid);
        self.scsi.release(&mut self.env, driver, sid);
    }

    /// A connection of a driver that stands on libiscsi is lost: user space hears of it, and the kernel's own cleanup stops it
    /// (`iscsi_conn_error_event`, `iscsi_cleanup_conn_work_fn`).
    pub(crate) fn conn_failed(&mut self, driver: &mut dyn LowLevelDriver, sid: u32, error: IscsiErr) {
        let Some(c) = self.conn_mut(sid) else { return };
        let clean = matches!(c.state, ConnState::Bound | ConnState::Up) && !c.cleanup;
        let cid = c.cid;
        c.cleanup |= clean;
        self.conn_error_event(sid, error);
        if !clean {
            return;
        }
        self.set_conn_state(sid, ConnState::Failed);
        if let Some(ep) = self.endpoint_of(sid) {
            driver.end_endpoint(self, ep);
        }
        driver.stop_conn(self, sid, cid, StopFlag::Recover);
        self.refresh_session(driver, sid);
    }

    /// A connection is lost: user space hears of it, and the kernel cleans up what it can (`iscsi_conn_error_event`).
    pub(crate) fn conn_error(&mut self, driver: &mut dyn LowLevelDriver, sid: u32, error: IscsiErr) {
        let Some(c) = self.conn_mut(sid) else { return };
        let clean = matches!(c.state, ConnState::Bound | ConnState::Up) && !c.cleanup;
        if clean {
            c.cleanup = true;
            c.state = ConnState::Failed;
        }
        self.conn_error_event(sid, error);
        if clean {
            // The kernel's own cleanup: endpoint away, commands wait.
            if let Some(ep) = self.endpoint_of(sid) {
                self.destroy_endpoint(ep);
            }
            self.block_session(driver, sid);
        }
    }
}
