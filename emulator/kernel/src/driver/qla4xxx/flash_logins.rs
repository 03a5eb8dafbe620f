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

use super::Qla4xxx;
use super::flashnode::Tuple;
use super::task::{DiscoveryLogin, Task, Turn};
use crate::transport::{Class, Progress};

/// `LOGOUT_TOV`.
const LOGOUT_TOV: Duration = Duration::from_secs(10);
/// `LOGIN_TOV`, the least that a discovery is given.
const LOGIN_TOV: Duration = Duration::from_secs(12);

impl Qla4xxx {
    pub(super) fn login_node(&mut self, class: &mut Class, no: u32, index: u32) -> Progress {
        match self.try_login_node(class, no, index) {
            Ok(Some(task)) => self.begin(Ok(task)),
            Ok(None) => Progress::Done(Ok(())),
            Err(errno) => errno.into(),
        }
    }

    fn try_login_node(&mut self, class: &mut Class, no: u32, index: u32) -> Result<Option<Task>, Errno> {
        let (host, index) = self.node_of(no, index)?;
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
        let sid = self.create_flash_session(class, host, &entry, node.boot && self.config.disable_sysfs_boot);
        class.block_session(self, sid);
        self.login_flash(class, sid);
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
    pub(super) fn advance_discovery(&mut self, class: &mut Class, login: DiscoveryLogin) -> Turn {
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
            return Turn::Still(Task::Discovery(login));
        }
        let mut fresh = Vec::new();
        for found in self.ddbs_in_use(host) {
            let taken = self.owned(host, found.index);
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
            fresh.push(self.create_flash_session(class, host, &entry, false));
        }
        self.give_back_ddb(host, ddb);
        self.hosts[host].discovering = false;
        for sid in fresh {
            class.block_session(self, sid);
            self.login_flash(class, sid);
        }
        Turn::Over(Ok(()))
    }

    pub(super) fn logout_node(&mut self, no: u32, index: u32) -> Result<Task, Errno> {
        let (host, index) = self.node_of(no, index)?;
        let node = &self.hosts[host].flashnodes[&index];
        if node.name.is_none() || node.boot {
            return Err(Errno::EPERM);
        }
        let tuple = node.tuple();
        let found = self
            .sessions
            .iter()
            .find(|(_, s)| s.host == host && s.flash && s.ddb.is_some() && Tuple::of(s.target()) == tuple);
        let sid = found.map(|(sid, _)| *sid).ok_or(Errno::ESRCH)?;
        self.begin_logout(sid)
    }

    pub(super) fn logout_sid(&mut self, no: u32, sid: u32) -> Result<Task, Errno> {
        self.port_of(no)?;
        if self.sessions.contains_key(&sid) {
            self.begin_logout(sid)
        } else {
            Err(Errno::EINVAL)
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
        s.disarm();
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
    pub(super) fn advance_logout(&mut self, class: &mut Class, sid: u32, until: Instant) -> Turn {
        let Some((host, ddb)) = self.sessions.get(&sid).map(|s| (s.host, s.ddb)) else {
            return Turn::Over(Ok(()));
        };
        if let Some(ddb) = ddb {
            let state = self.ddb(host, ddb).map(|d| d.state);
            let busy = matches!(
                state,
                Some(DdbState::SessionActive | DdbState::LoginInProcess | DdbState::Discovery)
            );
            if busy && self.now < until {
                return Turn::Still(Task::Logout { sid, until });
            }
            let _ = self.mbox(host, Command::ClearDatabaseEntry { ddb });
        }
        self.drop_session(class, sid);
        Turn::Over(Ok(()))
    }
}
