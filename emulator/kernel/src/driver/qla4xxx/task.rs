//! What a message waits for while the firmware works on it.
//!
//! Source: `ql4_os.c` (`qla4xxx_iface_set_param`, `qla4xxx_ddb_login_st`, `qla4xxx_session_destroy`), which sleep here.

use std::time::Instant;

use driver_sys::hw::raw::addr_ctrl_blk;
use nix::errno::Errno;

use super::Qla4xxx;
use crate::transport::{Class, Progress};

/// A control block on its way into the port.
pub(super) struct AcbChange {
    /// Port.
    pub(super) host: usize,
    /// The control block.
    pub(super) block: Box<addr_ctrl_blk>,
    /// The addresses are down.
    pub(super) done: bool,
    /// Give up waiting for them.
    pub(super) until: Instant,
}

/// A SendTargets login that runs.
pub(super) struct DiscoveryLogin {
    /// Port.
    pub(super) host: usize,
    /// Index of the flash node.
    pub(super) node: u16,
    /// Index in the firmware.
    pub(super) ddb: u16,
    /// Give up waiting.
    pub(super) until: Instant,
}

/// What a message waits for.
pub(super) enum Task {
    /// SET_IFACE_PARAMS: the addresses go down.
    DisableAcb(AcbChange),
    /// LOGIN_FLASHNODE of a SendTargets entry: the discovery ends.
    Discovery(DiscoveryLogin),
    /// LOGOUT_FLASHNODE(_SID), DESTROY_SESSION: the firmware closes the session.
    Logout {
        /// Which session.
        sid: u32,
        /// Give up waiting.
        until: Instant,
    },
}

impl Task {
    /// When it is given up.
    pub(super) fn until(&self) -> Instant {
        match self {
            Self::DisableAcb(t) => t.until,
            Self::Discovery(t) => t.until,
            Self::Logout { until, .. } => *until,
        }
    }
}

/// What became of a task.
pub(super) enum Turn {
    /// It has ended.
    Over(Result<(), Errno>),
    /// It waits on.
    Still(Task),
}

impl Qla4xxx {
    /// The message waits for a task from now on, or is refused.
    pub(super) fn begin(&mut self, task: Result<Task, Errno>) -> Progress {
        match task {
            Ok(task) => {
                self.task = Some(task);
                Progress::Waits
            }
            Err(errno) => errno.into(),
        }
    }

    /// Takes the task as far as it goes; what became of its message.
    pub(super) fn advance_task(&mut self, class: &mut Class) -> Option<Result<(), Errno>> {
        let turn = match self.task.take() {
            None => return Some(Ok(())),
            Some(Task::DisableAcb(change)) => self.advance_acb(class, change),
            Some(Task::Discovery(login)) => self.advance_discovery(class, login),
            Some(Task::Logout { sid, until }) => self.advance_logout(class, sid, until),
        };
        match turn {
            Turn::Over(result) => Some(result),
            Turn::Still(task) => {
                self.task = Some(task);
                None
            }
        }
    }
}
