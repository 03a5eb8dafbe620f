//! The transport class itself: its hosts, sessions and endpoints, with the mid layer and the tree below them.
//!
//! What it does stands in the files beside this one, by noun; all of it is what drivers call. Source: `scsi_transport_iscsi.c`.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::time::Instant;

use nix::errno::Errno;

use super::LowLevelDriver;
use super::session::{Endpoint, Session};
use crate::env::Env;
use crate::midlayer::{MidLayer, parse_number};

/// What the class knows of a host.
pub(super) struct ClassHost {
    /// The transport it belongs to.
    pub(super) handle: u64,
    /// Path of `hostN`.
    pub(super) path: String,
    /// Whether it has a bsg device.
    pub(super) bsg: bool,
}

/// The class.
pub(crate) struct Class {
    /// Tree, queue and clock.
    pub(crate) env: Env,
    /// The mid layer.
    pub(crate) scsi: MidLayer,
    pub(super) hosts: BTreeMap<u32, ClassHost>,
    pub(super) sessions: BTreeMap<u32, Session>,
    pub(super) endpoints: BTreeMap<u64, Endpoint>,
    pub(super) last_sid: u32,
    /// What came beside the message that is being worked on.
    pub(super) descriptor: Option<OwnedFd>,
}

impl Class {
    /// No transport yet.
    pub(crate) fn new(env: Env, scsi: MidLayer) -> Self {
        Self {
            env,
            scsi,
            hosts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            last_sid: 0,
            descriptor: None,
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Instant {
        self.env.now
    }

    /// The host of a port: ports count from 0 over all hosts.
    pub(crate) fn host_of_port(&self, port: usize) -> Option<u32> {
        self.hosts.keys().nth(port).copied()
    }

    /// The descriptor that the sender of the message being worked on means by a number. In a kernel it is one of the sender's own; here it
    /// came beside the message, whatever the number (`sockfd_lookup`).
    pub(crate) fn descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptor.take()
    }

    /// The transport that a host belongs to.
    pub(crate) fn handle_of(&self, host: u32) -> Option<u64> {
        self.hosts.get(&host).map(|h| h.handle)
    }

    /// A session.
    pub(crate) fn session(&self, sid: u32) -> Option<&Session> {
        self.sessions.get(&sid)
    }

    /// The sessions of every transport.
    #[cfg(test)]
    pub(crate) fn sessions(&self) -> Vec<u32> {
        self.sessions.keys().copied().collect()
    }

    /// Whether commands flow to a session's target.
    pub(crate) fn online(&self, sid: u32) -> bool {
        self.sessions.get(&sid).is_some_and(Session::online)
    }

    /// When something is due at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let recoveries = self.sessions.values().filter_map(|s| s.recover_until);
        recoveries.chain(self.scsi.deadline()).min()
    }

    /// The sessions of a transport whose recovery took too long are given up.
    pub(crate) fn session_timers(&mut self, driver: &mut dyn LowLevelDriver) {
        let (now, handle) = (self.now(), driver.handle());
        let due: Vec<u32> = self
            .sessions
            .values()
            .filter(|s| s.handle == handle && s.recover_until.is_some_and(|at| at <= now))
            .map(|s| s.sid)
            .collect();
        for sid in due {
            self.recovery_timed_out(driver, sid);
        }
    }

    /// A write to `recovery_tmo` of a session.
    ///
    /// # Errors
    /// `EBUSY` for a session that is not logged in, `EINVAL` for what is no number.
    pub(crate) fn store_recovery_tmo(&mut self, sid: u32, text: &str) -> Result<(), Errno> {
        let s = self.sessions.get_mut(&sid).ok_or(Errno::ENODEV)?;
        if !s.online() {
            return Err(Errno::EBUSY);
        }
        s.recovery_tmo = if text.starts_with("off") {
            -1
        } else {
            // The kernel reads as far as digits go; anything behind them is refused.
            if text.is_empty() {
                0
            } else {
                parse_number(text).ok_or(Errno::EINVAL)? as i32
            }
        };
        s.recovery_override = true;
        self.show_recovery_tmo(sid);
        Ok(())
    }
}
