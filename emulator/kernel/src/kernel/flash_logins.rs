//! Logging in to flash nodes and out again, SendTargets logins among them.
//!
//! Must not know how nodes are kept. Source: `ql4_os.c` (`qla4xxx_sysfs_ddb_login`, `qla4xxx_ddb_login_st`, `qla4xxx_ddb_login_nt`,
//! `qla4xxx_sysfs_ddb_logout`).

use std::time::{Duration, Instant};

use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::mailbox::LogoutOptions;
use driver_sys::hw::raw::dev_db_entry;
use isp4xxx::fw::Command;
use nix::errno::Errno;

use super::Kernel;
use super::netlink::{Task, Verdict};
use crate::qla4xxx::flashnode::Tuple;
use crate::transport::ev::Message;

/// `LOGOUT_TOV`.
const LOGOUT_TOV: Duration = Duration::from_secs(10);
/// `LOGIN_TOV`, the least that a discovery is given.
const LOGIN_TOV: Duration = Duration::from_secs(12);

/// A SendTargets login that runs.
#[derive(Debug, Clone)]
pub(super) struct DiscoveryLogin {
    host: usize,
    node: u16,
    ddb: u16,
    /// Give up waiting.
    pub(super) until: Instant,
}

impl Kernel {
    pub(super) fn login_flashnode(&mut self, m: &Message) -> Verdict {
        match self.try_login_flashnode(m) {
            Ok(Some(task)) => Verdict::Wait(task),
            Ok(None) => Verdict::Answer(Ok(())),
            Err(errno) => Verdict::Answer(Err(errno)),
        }
    }

    fn try_login_flashnode(&mut self, m: &Message) -> Result<Option<Task>, Errno> {
        let (host, index) = self.node_of(m)?;
        let node = self.hosts[host].flashnodes[&index].clone();
        if !node.persistent {
            return Err(Errno::EIO);
        }
        let default = self.default_ddb(host, node.is_v6()).ok_or(Errno::EIO)?;
        let entry = node.to_entry(&default);
        if entry.iscsi_name[0] == 0 {
            return self.login_st(host, index, &entry).map(Some);
        }
        if self.session_of_tuple(host, &Tuple::of(&entry)).is_some() {
            return Err(Errno::EPERM);
        }
        let sid = self.create_flash_session(host, &entry, node.boot && self.config.disable_sysfs_boot);
        self.block_session(sid);
        self.login_flash(sid);
        Ok(None)
    }

    fn login_st(&mut self, host: usize, node: u16, entry: &dev_db_entry) -> Result<Task, Errno> {
        if self.hosts[host].discovering {
            return Err(Errno::EIO);
        }
        let ddb = self.take_ddb(host).ok_or(Errno::EIO)?;
        if self
            .mbox(
                host,
                Command::SetDatabaseEntry {
                    ddb,
                    entry: Box::new(*entry),
                },
            )
            .is_err()
        {
            self.give_back_ddb(host, ddb);
            return Err(Errno::EIO);
        }
        let _ = self.mbox(host, Command::ConnOpen { ddb });
        self.hosts[host].discovering = true;
        Ok(Task::Discovery(DiscoveryLogin {
            host,
            node,
            ddb,
            until: self.now + LOGIN_TOV,
        }))
    }

    fn give_back_ddb(&mut self, host: usize, ddb: u16) {
        let _ = self.mbox(host, Command::ClearDatabaseEntry { ddb });
        self.hosts[host].ddbs.remove(&ddb);
    }

    /// The discovery ends: every target found that has no session yet gets one (`qla4xxx_build_new_nt_list`).
    pub(super) fn advance_discovery(&mut self, login: DiscoveryLogin) -> Verdict {
        let DiscoveryLogin {
            host,
            node,
            ddb,
            until,
        } = login;
        let state = self.ddb(host, ddb).map(|d| d.state);
        let ended = matches!(
            state,
            Some(DdbState::NoConnectionActive | DdbState::SessionFailed) | None
        );
        if !ended && self.now < until {
            return Verdict::Wait(Task::Discovery(login));
        }
        let mut fresh = Vec::new();
        for found in self.ddbs_in_use(host) {
            let taken = self
                .sessions
                .values()
                .any(|s| s.host == host && s.ddb == Some(found.index));
            let named = found.entry.iscsi_name[0] != 0;
            if !named || taken || found.state != DdbState::NoConnectionActive {
                continue;
            }
            if self.session_of_tuple(host, &Tuple::of(&found.entry)).is_some() {
                continue;
            }
            let mut entry = *found.entry;
            entry.ddb_link.set(node);
            // The RAM entry is only the finding; the login reserves its own.
            let _ = self.mbox(host, Command::ClearDatabaseEntry { ddb: found.index });
            fresh.push(self.create_flash_session(host, &entry, false));
        }
        self.give_back_ddb(host, ddb);
        self.hosts[host].discovering = false;
        for sid in fresh {
            self.block_session(sid);
            self.login_flash(sid);
        }
        Verdict::Answer(Ok(()))
    }

    pub(super) fn logout_flashnode(&mut self, m: &Message) -> Verdict {
        let found = self.node_of(m).and_then(|(host, index)| {
            let node = &self.hosts[host].flashnodes[&index];
            if node.name.is_none() || node.boot {
                return Err(Errno::EPERM);
            }
            let tuple = node.tuple();
            let of = |s: &&crate::transport::session::Session| {
                s.host == host && s.flash && s.ddb.is_some() && Tuple::of(s.target()) == tuple
            };
            self.sessions.values().find(of).map(|s| s.sid).ok_or(Errno::ESRCH)
        });
        match found.and_then(|sid| self.begin_logout(sid)) {
            Ok(task) => Verdict::Wait(task),
            Err(errno) => Verdict::Answer(Err(errno)),
        }
    }

    pub(super) fn logout_flashnode_sid(&mut self, m: &Message) -> Verdict {
        let started = self.host_of(m).and_then(|_| {
            let sid = m.arg(1);
            if self.sessions.contains_key(&sid) {
                self.begin_logout(sid)
            } else {
                Err(Errno::EINVAL)
            }
        });
        match started {
            Ok(task) => Verdict::Wait(task),
            Err(errno) => Verdict::Answer(Err(errno)),
        }
    }

    /// `qla4xxx_sysfs_ddb_logout_sid`.
    fn begin_logout(&mut self, sid: u32) -> Result<Task, Errno> {
        let s = self.sessions.get_mut(&sid).ok_or(Errno::ESRCH)?;
        if !s.flash {
            return Err(Errno::ENXIO);
        }
        if s.boot {
            return Err(Errno::EPERM);
        }
        s.no_relogin = true;
        s.retry_at = None;
        s.try_until = None;
        Ok(self.close_session(sid))
    }

    /// Asks the firmware to log out; what to wait for.
    pub(super) fn close_session(&mut self, sid: u32) -> Task {
        if let Some((host, Some(ddb))) = self.sessions.get(&sid).map(|s| (s.host, s.ddb)) {
            let _ = self.mbox(
                host,
                Command::ConnCloseSessLogout {
                    ddb,
                    connection: 0,
                    options: LogoutOptions::CLOSE_SESSION,
                },
            );
        }
        Task::Logout {
            sid,
            until: self.now + LOGOUT_TOV,
        }
    }

    /// The session goes when the firmware is done with it.
    pub(super) fn advance_logout(&mut self, sid: u32, until: Instant) -> Verdict {
        let Some((host, ddb)) = self.sessions.get(&sid).map(|s| (s.host, s.ddb)) else {
            return Verdict::Answer(Ok(()));
        };
        if let Some(ddb) = ddb {
            let state = self.ddb(host, ddb).map(|d| d.state);
            let busy = matches!(
                state,
                Some(DdbState::SessionActive | DdbState::LoginInProcess | DdbState::Discovery)
            );
            if busy && self.now < until {
                return Verdict::Wait(Task::Logout { sid, until });
            }
            let _ = self.mbox(host, Command::ClearDatabaseEntry { ddb });
        }
        self.destroy_session(sid);
        Verdict::Answer(Ok(()))
    }
}
