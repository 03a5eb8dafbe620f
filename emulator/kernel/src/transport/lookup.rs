//! Finding what a message names, and the small changes of state that messages make.
//!
//! Sessions and endpoints are found by messages to their own transport alone. Source: `scsi_transport_iscsi.c` (`iscsi_session_lookup`,
//! `iscsi_conn_lookup`, `iscsi_if_set_param`).

use nix::errno::Errno;

use super::session::{ConnState, Endpoint, Session};
use super::{Class, LowLevelDriver};

impl Class {
    /// A session of a driver.
    pub(super) fn session_of(&self, driver: &dyn LowLevelDriver, sid: u32) -> Result<&Session, Errno> {
        let s = self.sessions.get(&sid);
        s.filter(|s| s.handle == driver.handle()).ok_or(Errno::EINVAL)
    }

    /// A connection of a driver: its session's number and its own.
    pub(super) fn conn_of(
        &self,
        driver: &dyn LowLevelDriver,
        sid: u32,
        cid: u32,
    ) -> Result<(u32, u32), Errno> {
        let s = self.session_of(driver, sid)?;
        if s.has_conn(cid) {
            Ok((sid, cid))
        } else {
            Err(Errno::EINVAL)
        }
    }

    /// An endpoint of a driver.
    pub(super) fn endpoint_named(&self, driver: &dyn LowLevelDriver, ep: u64) -> Result<&Endpoint, Errno> {
        let found = self.endpoints.get(&ep);
        let mine = |e: &&Endpoint| self.handle_of(e.host) == Some(driver.handle());
        found.filter(mine).ok_or(Errno::EINVAL)
    }

    /// The kernel's own cleanup runs: requests answer ENOTCONN in their return code.
    pub(super) fn is_cleaning(&self, sid: u32) -> bool {
        self.conn(sid).is_some_and(|c| c.cleanup)
    }

    pub(super) fn end_cleaning(&mut self, sid: u32) {
        if let Some(c) = self.conn_mut(sid) {
            c.cleanup = false;
        }
    }

    /// Whether the connection of a session is where parameters are taken.
    pub(super) fn takes_params(&self, sid: u32) -> bool {
        self.conn(sid)
            .is_some_and(|c| matches!(c.state, ConnState::Bound | ConnState::Up))
    }

    /// How long commands wait after a loss, unless sysfs has said so already.
    pub(super) fn set_recovery_tmo(&mut self, sid: u32, seconds: i32) {
        if let Some(s) = self.sessions.get_mut(&sid)
            && !s.recovery_override
        {
            s.recovery_tmo = seconds;
        }
        self.show_recovery_tmo(sid);
    }
}
