//! Sessions of the driver: how they come, log in, take over what was negotiated, block and go.
//!
//! Source: `ql4_os.c` (`qla4xxx_sess_conn_setup`, `qla4xxx_unblock_flash_ddb`, `qla4xxx_unblock_ddb`,
//! `qla4xxx_update_session_conn_fwddb_param`), `ql4_init.c` (`qla4xxx_login_flash_ddb`), `ql4_mbx.c`
//! (`qla4xxx_get_ddb_index`).

use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::raw::dev_db_entry;
use driver_sys::netlink::code::{ConnState, IscsiErr};
use isp4xxx::flash::inspect::portal;
use isp4xxx::fw::Command;

use super::Qla4xxx;
use super::ddb::{DdbEntry, parent_index};
use super::flashnode::Tuple;
use crate::transport::Class;

/// `INVALID_ENTRY`: no number before the login gives one.
const INVALID_ENTRY: u32 = 0xffff;

impl Qla4xxx {
    /// A session from flash with its connection and endpoint.
    pub(super) fn create_flash_session(
        &mut self,
        class: &mut Class,
        host: usize,
        entry: &dev_db_entry,
        boot: bool,
    ) -> u32 {
        let (sid, no) = (class.next_sid(), self.hosts[host].no);
        self.sessions.insert(sid, DdbEntry::of_flash(host, entry, boot));
        class.add_session(self, no, sid, INVALID_ENTRY);
        let ep = class.create_endpoint(no, portal(entry));
        class.add_conn(self, sid, 0);
        class.bind(self, sid, ep);
        sid
    }

    /// A session goes with everything.
    pub(super) fn drop_session(&mut self, class: &mut Class, sid: u32) {
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.no_relogin = true;
        }
        class.remove_session(self, sid);
        if let Some(s) = self.sessions.remove(&sid)
            && let Some(ddb) = s.ddb
        {
            self.hosts[s.host].ddbs.remove(&ddb);
        }
    }

    /// A flash session to the same name, address and port.
    pub(super) fn session_of_tuple(&self, host: usize, tuple: &Tuple) -> Option<u32> {
        self.sessions
            .iter()
            .find(|(_, s)| s.host == host && s.ddb.is_some() && Tuple::of(s.target()) == *tuple)
            .map(|(sid, _)| *sid)
    }

    /// A flash session to the same name, address and port, with a DDB or without one.
    pub(super) fn session_to(&self, host: usize, tuple: &Tuple) -> Option<u32> {
        let mut mine = self.sessions.iter().filter(|(_, s)| s.host == host && s.flash);
        mine.find(|(_, s)| Tuple::of(s.target()) == *tuple)
            .map(|(sid, _)| *sid)
    }

    /// Whether a session stands for this RAM entry.
    pub(super) fn owned(&self, host: usize, ddb: u16) -> bool {
        self.sessions
            .values()
            .any(|s| s.host == host && s.ddb == Some(ddb))
    }

    /// Takes over where a target was found.
    pub(super) fn set_parent(&mut self, class: &mut Class, sid: u32, entry: &dev_db_entry) {
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.parent = parent_index(entry);
        }
        class.refresh_session(self, sid);
    }

    /// Reserves a free DDB.
    pub(super) fn take_ddb(&mut self, host: usize) -> Option<u16> {
        for ddb in 0..self.card.chip().max_ddbs {
            if !self.hosts[host].ddbs.contains(&ddb)
                && self.mbox(host, Command::RequestDatabaseEntry { ddb }).is_ok()
            {
                self.hosts[host].ddbs.insert(ddb);
                return Some(ddb);
            }
        }
        None
    }

    /// A session takes over a RAM entry that the firmware filled.
    pub(super) fn own_ddb(&mut self, class: &mut Class, sid: u32, ddb: u16) {
        if let Some(s) = self.sessions.get_mut(&sid) {
            if let Some(old) = s.ddb.replace(ddb) {
                self.hosts[s.host].ddbs.remove(&old);
            }
            self.hosts[s.host].ddbs.insert(ddb);
            class.scsi.set_target_id(sid, u32::from(ddb));
        }
    }

    /// Starts the login of a flash session.
    pub(super) fn login_flash(&mut self, class: &mut Class, sid: u32) {
        let Some(s) = self.sessions.get(&sid) else { return };
        let host = s.host;
        if !self.hosts[host].link_up || !s.flash {
            return;
        }
        let (entry, timeout) = (s.asked, s.login_timeout());
        let ddb = match s.ddb {
            Some(ddb) => Some(ddb),
            None => self.take_ddb(host),
        };
        let now = self.now;
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.retry_at = None;
        s.try_until = Some(now + timeout);
        let Some(ddb) = ddb else { return };
        s.ddb = Some(ddb);
        class.scsi.set_target_id(sid, u32::from(ddb));
        let set = Command::SetDatabaseEntry {
            ddb,
            entry: Box::new(entry),
        };
        if self.mbox(host, set).is_ok() {
            if let Some(s) = self.sessions.get_mut(&sid) {
                s.state = DdbState::LoginInProcess;
            }
            let _ = self.mbox(host, Command::ConnOpen { ddb });
        }
        class.refresh_session(self, sid);
    }

    /// Takes over what a login negotiated.
    pub(super) fn take_negotiated(&mut self, class: &mut Class, sid: u32) {
        let Some((host, Some(ddb))) = self.sessions.get(&sid).map(|s| (s.host, s.ddb)) else {
            return;
        };
        let Some(d) = self.ddb(host, ddb) else { return };
        if let Some(s) = self.sessions.get_mut(&sid) {
            let mut entry = *d.entry;
            if s.flash && entry.ddb_link.get() == 0xffff {
                entry.ddb_link = s.entry().ddb_link;
            }
            s.chap = entry.chap_tbl_idx.get();
            s.set_entry(entry);
        }
        class.refresh_session(self, sid);
    }

    /// Commands flow again.
    pub(super) fn unblock(&mut self, class: &mut Class, sid: u32) {
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.disarm();
        }
        class.unblock_session(self, sid);
    }

    /// The driver tells user space that a connection is lost (`iscsi_session_failure`).
    pub(super) fn fail_user_session(&mut self, class: &mut Class, sid: u32) {
        class.conn_error(self, sid, IscsiErr::ConnFailed);
    }

    /// A login of user space ended well.
    pub(super) fn user_logged_in(&mut self, class: &mut Class, sid: u32) {
        if class.online(sid) {
            return;
        }
        self.unblock(class, sid);
        class.conn_login_event(sid, ConnState::LoggedIn);
    }

    /// A login of user space failed.
    pub(super) fn user_login_failed(class: &mut Class, sid: u32) {
        class.conn_login_event(sid, ConnState::Free);
    }
}
