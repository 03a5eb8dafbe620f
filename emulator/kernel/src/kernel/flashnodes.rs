//! Flash nodes: their objects, and NEW, SET, DEL, LOGIN, LOGOUT with the driver's rules.
//!
//! Source: `ql4_os.c` (`qla4xxx_sysfs_ddb_*`, `qla4xxx_ddb_login_st`, `qla4xxx_ddb_login_nt`), `scsi_transport_iscsi.c`
//! (`iscsi_new_flashnode` and the others).

use std::io;
use std::time::{Duration, Instant};

use driver_sys::hw::ddb::{DDB_DELETED_COOKIE, DdbState, MAX_PRST_DEV_DB_ENTRIES};
use driver_sys::hw::flash::FLASH_OFFSET_DB_INFO;
use driver_sys::hw::mailbox::{FlashCommit, LogoutOptions};
use driver_sys::hw::raw::dev_db_entry;
use isp4xxx::fw::{Command, DdbDefaults, Reply};
use nix::errno::Errno;
use zerocopy::{FromBytes, IntoBytes};

use super::Kernel;
use super::netlink::{Task, Verdict};
use crate::qla4xxx::flashnode::{Flashnode, Tuple};
use crate::transport::ev::Message;
use crate::transport::nla;
use crate::tree::Object;

/// Every write of the driver is committed at once.
pub(super) const RMW_COMMIT: FlashCommit = FlashCommit::RmwCommit;
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
    /// Objects for every valid DDB in flash (`qla4xxx_sysfs_ddb_export`).
    pub(super) fn export_flashnodes(&mut self, host: usize) {
        for index in 0..self.flash_ddbs() {
            if self.hosts[host].flashnodes.contains_key(&index) {
                continue;
            }
            if let Some(entry) = self.flash_ddb(host, index) {
                let boot = self.hosts[host].boot.contains(&Some(index));
                let node = Flashnode::from_entry(&entry, true, boot);
                // It is in flash, whether the tree has room for it or not.
                for object in self.node_objects(host, index, &node) {
                    let done = self.tree.add_soon(object);
                    self.tree_done("flash node", done);
                }
                self.hosts[host].flashnodes.insert(index, node);
            }
        }
    }

    fn flash_ddbs(&self) -> u16 {
        self.card.chip().max_flash_ddbs.min(MAX_PRST_DEV_DB_ENTRIES)
    }

    /// A valid DDB in flash (`qla4xxx_flashdb_by_index`).
    pub(super) fn flash_ddb(&mut self, host: usize, index: u16) -> Option<dev_db_entry> {
        let offset = FLASH_OFFSET_DB_INFO + u32::from(index) * 512;
        match self.mbox(host, Command::ReadFlash { offset, len: 512 }) {
            Ok(Reply::Bytes(b)) => dev_db_entry::read_from_bytes(&b)
                .ok()
                .filter(dev_db_entry::is_valid),
            _ => None,
        }
    }

    fn default_ddb(&mut self, host: usize, v6: bool) -> Option<dev_db_entry> {
        let which = if v6 { DdbDefaults::Ipv6 } else { DdbDefaults::Ipv4 };
        match self.mbox(host, Command::GetDatabaseEntryDefaults(which)) {
            Ok(Reply::DdbDefaults(d)) => Some(*d),
            _ => None,
        }
    }

    fn node_paths(&self, host: usize, index: u16) -> (String, String) {
        let h = &self.hosts[host];
        let session = format!("{}/flashnode_sess-{}:{index}", h.path, h.no);
        let conn = format!("{session}/flashnode_conn-{}:{index}:0", h.no);
        (session, conn)
    }

    fn node_objects(&mut self, host: usize, index: u16, node: &Flashnode) -> [Object; 2] {
        let (path, conn_path) = self.node_paths(host, index);
        let sess = Object::bus(path, "iscsi_flashnode", "iscsi_flashnode_sess_dev_type");
        let sess = self
            .node_attrs(host, node)
            .into_iter()
            .fold(sess, |o, (n, v)| o.ro(n, v));
        let conn = Object::bus(conn_path, "iscsi_flashnode", "iscsi_flashnode_conn_dev_type");
        let conn = node.conn_attrs().into_iter().fold(conn, |o, (n, v)| o.ro(n, v));
        [sess, conn]
    }

    /// Shows both objects of a new node, or none of them.
    fn show_flashnode(&mut self, host: usize, index: u16, node: Flashnode) -> io::Result<()> {
        let (path, _) = self.node_paths(host, index);
        let [sess, conn] = self.node_objects(host, index, &node);
        self.tree.add(sess)?;
        if let Err(error) = self.tree.add(conn) {
            let _ = self.tree.remove(&path);
            return Err(error);
        }
        self.hosts[host].flashnodes.insert(index, node);
        Ok(())
    }

    fn node_attrs(&mut self, host: usize, node: &Flashnode) -> Vec<(&'static str, String)> {
        let chap = if node.uses_chap() {
            self.uni_chap(host, node.chap_index() as u16)
        } else {
            None
        };
        node.session_attrs(|_| chap.clone())
    }

    /// Writes what may have changed of a node's objects.
    fn refresh_flashnode(&mut self, host: usize, index: u16) {
        let Some(node) = self.hosts[host].flashnodes.get(&index).cloned() else {
            return;
        };
        let (path, conn_path) = self.node_paths(host, index);
        let line = |(n, v): (&'static str, String)| (n, format!("{v}\n"));
        let attrs = self.node_attrs(host, &node);
        let done = self.tree.set_all(&path, attrs.into_iter().map(line));
        self.tree_done("flash node", done);
        let done = self
            .tree
            .set_all(&conn_path, node.conn_attrs().into_iter().map(line));
        self.tree_done("flash node", done);
    }

    /// Nodes show name and secret of CHAP entries: they are written again when the table changes.
    pub(super) fn refresh_flashnodes(&mut self, host: usize) {
        let with_chap: Vec<u16> = self.hosts[host]
            .flashnodes
            .iter()
            .filter(|(_, n)| n.uses_chap())
            .map(|(i, _)| *i)
            .collect();
        for index in with_chap {
            self.refresh_flashnode(host, index);
        }
    }

    /// Takes every node object away; the next probe shows what flash holds.
    pub(super) fn forget_flashnodes(&mut self, host: usize) {
        let all: Vec<u16> = self.hosts[host].flashnodes.keys().copied().collect();
        for index in all {
            self.hide_flashnode(host, index);
        }
    }

    fn hide_flashnode(&mut self, host: usize, index: u16) {
        let (path, _) = self.node_paths(host, index);
        self.hosts[host].flashnodes.remove(&index);
        let done = self.tree.remove(&path);
        self.tree_done("flash node", done);
    }

    fn node_of(&self, m: &Message) -> Result<(usize, u16), Errno> {
        let host = self.host_of(m)?;
        let index = u16::try_from(m.arg(1)).map_err(|_| Errno::ENODEV)?;
        if self.hosts[host].flashnodes.contains_key(&index) {
            Ok((host, index))
        } else {
            Err(Errno::ENODEV)
        }
    }

    pub(super) fn new_flashnode(&mut self, m: &mut Message) -> Result<(), Errno> {
        let host = self.host_of(m)?;
        let kind = m.payload.get(..4).map(<[u8]>::to_ascii_lowercase);
        let v6 = match kind.as_deref() {
            Some(b"ipv4") => false,
            Some(b"ipv6") => true,
            _ => return Err(Errno::EIO),
        };
        if self.hosts[host].flashnodes.values().any(|n| !n.persistent) {
            return Err(Errno::EIO);
        }
        // 0 and 1 are the boot targets'.
        let index = (2..self.flash_ddbs())
            .find(|i| self.flash_ddb(host, *i).is_none())
            .ok_or(Errno::EIO)?;
        let entry = self.default_ddb(host, v6).ok_or(Errno::EIO)?;
        // Whatever fails on the way, the driver answers with this.
        let shown = self.show_flashnode(host, index, Flashnode::from_entry(&entry, false, false));
        if shown.is_err() {
            self.tree_done("flash node", shown);
            return Err(Errno::EIO);
        }
        m.answer(0, u32::from(index));
        Ok(())
    }

    pub(super) fn set_flashnode(&mut self, m: &Message) -> Result<(), Errno> {
        let (host, index) = self.node_of(m)?;
        let chap = self.chap_table(host);
        let exists = |i: u16| chap.get(usize::from(i)).is_some_and(super::chap::is_uni);
        let mut result = Ok(());
        if let Some(node) = self.hosts[host].flashnodes.get_mut(&index) {
            for attr in nla::attrs(&m.payload) {
                result = match nla::param(attr) {
                    Some((param, value)) => node.set(param, value, exists),
                    None => Err(Errno::EINVAL),
                };
                if result.is_err() {
                    break;
                }
            }
        }
        let result = result.and_then(|()| self.apply_flashnode(host, index));
        self.refresh_flashnode(host, index);
        result
    }

    /// Writes a node to flash (`qla4xxx_sysfs_ddb_apply`).
    fn apply_flashnode(&mut self, host: usize, index: u16) -> Result<(), Errno> {
        let Some(node) = self.hosts[host].flashnodes.get(&index).cloned() else {
            return Err(Errno::ENODEV);
        };
        let default = self.default_ddb(host, node.is_v6()).ok_or(Errno::EPERM)?;
        let data = node.to_entry(&default).as_bytes().to_vec();
        let offset = FLASH_OFFSET_DB_INFO + u32::from(index) * 512;
        self.mbox(
            host,
            Command::WriteFlash {
                offset,
                data,
                options: RMW_COMMIT,
            },
        )
        .map_err(|_| Errno::EIO)?;
        if let Some(node) = self.hosts[host].flashnodes.get_mut(&index) {
            node.persistent = true;
        }
        Ok(())
    }

    pub(super) fn del_flashnode(&mut self, m: &Message) -> Result<(), Errno> {
        let (host, index) = self.node_of(m)?;
        let node = &self.hosts[host].flashnodes[&index];
        if node.boot {
            return Err(Errno::EPERM);
        }
        if node.persistent {
            let mut entry = dev_db_entry::default();
            entry.cookie.set(DDB_DELETED_COOKIE);
            let offset = FLASH_OFFSET_DB_INFO + u32::from(index) * 512;
            let data = entry.as_bytes().to_vec();
            let written = self.mbox(
                host,
                Command::WriteFlash {
                    offset,
                    data,
                    options: RMW_COMMIT,
                },
            );
            // The driver does not look whether the write went well.
            if written.is_err() && !self.config.quirks {
                return Err(Errno::EIO);
            }
        }
        self.hide_flashnode(host, index);
        Ok(())
    }

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
