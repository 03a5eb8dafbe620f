//! Blocking and unblocking a session's commands, giving recovery up, telling user space of its sessions.
//!
//! Source: `scsi_transport_iscsi.c` (`__iscsi_block_session`, `__iscsi_unblock_session`, `session_recovery_timedout`,
//! `iscsi_conn_error_event`, `iscsi_conn_login_event`), `ql4_os.c` (`qla4xxx_unblock_ddb`).

use std::time::Duration;

use super::{Kernel, TRANSPORT_HANDLE};
use crate::midlayer::DeviceState;
use crate::transport::ev::{event, kevent};
use crate::transport::session::{ConnState, Session, SessionState};

/// `ISCSI_ERR_CONN_FAILED`.
const ERR_CONN_FAILED: u32 = 1011;
/// `ISCSI_CONN_STATE_FREE`.
const CONN_STATE_FREE: u32 = 0;
/// `ISCSI_CONN_STATE_LOGGED_IN`.
const CONN_STATE_LOGGED_IN: u32 = 3;

impl Kernel {
    /// Commands wait from now on (`iscsi_block_session`).
    pub(super) fn block_session(&mut self, sid: u32) {
        let now = self.now;
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.state = SessionState::Failed;
        s.recover_until = u64::try_from(s.recovery_tmo)
            .ok()
            .map(|t| now + Duration::from_secs(t));
        s.scan = None;
        self.set_devices(sid, &[DeviceState::Running], DeviceState::Blocked);
        self.refresh_session(sid);
    }

    /// Commands flow again (`iscsi_unblock_session`).
    pub(super) fn unblock_session(&mut self, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.recover_until = None;
        s.retry_at = None;
        s.try_until = None;
        s.state = SessionState::LoggedIn;
        self.set_devices(
            sid,
            &[DeviceState::Blocked, DeviceState::TransportOffline],
            DeviceState::Running,
        );
        self.refresh_session(sid);
        self.release_waiting(sid);
    }

    /// Recovery took too long (`session_recovery_timedout`).
    pub(super) fn recovery_timed_out(&mut self, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.recover_until = None;
        if s.state != SessionState::Failed {
            return;
        }
        s.state = SessionState::Free;
        self.set_devices(sid, &[DeviceState::Blocked], DeviceState::TransportOffline);
        self.refresh_session(sid);
        self.release_waiting(sid);
    }

    pub(super) fn set_devices(&mut self, sid: u32, from: &[DeviceState], to: DeviceState) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        let mut changed = Vec::new();
        for d in s.devices.values_mut() {
            if from.contains(&d.state) {
                d.state = to;
                changed.push(format!("{}/state", d.path));
            }
        }
        for path in changed {
            let done = self.tree.set(&path, &format!("{}\n", to.name())).map(|_| ());
            self.tree_done("device", done);
        }
    }

    /// The driver tells user space that a connection is lost (`iscsi_session_failure`).
    pub(super) fn fail_user_session(&mut self, sid: u32) {
        let Some(c) = self.sessions.get_mut(&sid).and_then(|s| s.conn.as_mut()) else {
            return;
        };
        let cid = c.cid;
        let clean = matches!(c.state, ConnState::Bound | ConnState::Up) && !c.cleanup;
        if clean {
            c.cleanup = true;
            c.state = ConnState::Failed;
        }
        self.multicast(event(
            kevent::CONN_ERROR,
            TRANSPORT_HANDLE,
            &[],
            &[sid, cid, ERR_CONN_FAILED],
            &[],
        ));
        if clean {
            // The kernel's own cleanup: endpoint away, commands wait.
            let ep = self
                .sessions
                .get(&sid)
                .and_then(|s| s.conn.as_ref())
                .and_then(|c| c.ep);
            if let Some(ep) = ep {
                self.destroy_endpoint(ep);
            }
            self.block_session(sid);
        }
    }

    fn login_event(&mut self, sid: u32, state: u32) {
        let cid = self
            .sessions
            .get(&sid)
            .and_then(|s| s.conn.as_ref())
            .map_or(0, |c| c.cid);
        self.multicast(event(
            kevent::CONN_LOGIN_STATE,
            TRANSPORT_HANDLE,
            &[],
            &[sid, cid, state],
            &[],
        ));
    }

    /// A login of user space ended well (`qla4xxx_unblock_ddb`).
    pub(super) fn user_logged_in(&mut self, sid: u32) {
        if self.sessions.get(&sid).is_some_and(Session::online) {
            return;
        }
        self.unblock_session(sid);
        self.login_event(sid, CONN_STATE_LOGGED_IN);
    }

    /// A login of user space failed.
    pub(super) fn user_login_failed(&mut self, sid: u32) {
        self.login_event(sid, CONN_STATE_FREE);
    }
}
