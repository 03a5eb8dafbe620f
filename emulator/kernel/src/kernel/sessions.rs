//! Sessions: how they come, block, unblock, log in again and go, with the events in the kernel's order.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_add_session`, `__iscsi_block_session`, `__iscsi_unblock_session`,
//! `__iscsi_unbind_session`, `iscsi_remove_session`), `ql4_os.c` (`qla4xxx_sess_conn_setup`, `qla4xxx_unblock_flash_ddb`),
//! `ql4_init.c` (`qla4xxx_login_flash_ddb`).

mod leaving;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::raw::dev_db_entry;
use isp4xxx::flash::inspect::portal;
use isp4xxx::fw::Command;

use super::{Kernel, Out, TRANSPORT_HANDLE};
use crate::midlayer::DeviceState;
use crate::qla4xxx::flashnode::Tuple;
use crate::transport::attrs::{self, Credentials, param};
use crate::transport::ev::{event, kevent};
use crate::transport::session::{Conn, ConnState, Endpoint, Session, SessionState, TargetState};
use crate::tree::Object;

/// `ql4xsess_recovery_tmo`.
const SESSION_RECOVERY_TMO: i32 = 120;

impl Kernel {
    fn blank_session(&mut self, host: usize, flash: bool, creator: i32) -> Session {
        self.last_sid += 1;
        Session {
            sid: self.last_sid,
            host,
            flash,
            boot: false,
            creator,
            target_id: None,
            ddb: None,
            asked: dev_db_entry::default(),
            entry: dev_db_entry::default(),
            ddb_state: DdbState::NoConnectionActive,
            state: SessionState::Free,
            target_state: TargetState::Allocated,
            recovery_tmo: SESSION_RECOVERY_TMO,
            recovery_override: false,
            recover_until: None,
            retry_at: None,
            try_until: None,
            no_relogin: false,
            parent: 0xffff,
            chap: 0xffff,
            set: BTreeMap::new(),
            conn: None,
            devices: BTreeMap::new(),
            scan: None,
            scan_again: false,
            waiting: VecDeque::new(),
            local_port: 0,
        }
    }

    /// Path of `sessionN`.
    pub(super) fn session_path(&self, s: &Session) -> String {
        format!("{}/session{}", self.hosts[s.host].path, s.sid)
    }

    /// A session from flash with its connection and endpoint (`qla4xxx_sess_conn_setup`).
    pub(super) fn create_flash_session(&mut self, host: usize, entry: &dev_db_entry, boot: bool) -> u32 {
        let mut s = self.blank_session(host, true, -1);
        s.asked = *entry;
        s.entry = *entry;
        s.boot = boot;
        s.chap = entry.chap_tbl_idx.get();
        s.parent = parent_index(entry);
        // INVALID_ENTRY until the login gives it a number.
        s.target_id = Some(0xffff);
        let sid = s.sid;
        self.show_session(s);
        let ep = self.create_endpoint(host, portal(entry));
        self.create_conn(sid, 0);
        self.bind(sid, ep);
        sid
    }

    /// A session of user space, with the DDB that was reserved for it.
    pub(super) fn create_user_session(&mut self, host: usize, ddb: u16, creator: i32) -> u32 {
        let mut s = self.blank_session(host, false, creator);
        s.ddb = Some(ddb);
        s.target_id = Some(u32::from(ddb));
        let sid = s.sid;
        self.show_session(s);
        sid
    }

    fn show_session(&mut self, s: Session) {
        let path = self.session_path(&s);
        let (sid, no) = (s.sid, self.hosts[s.host].no);
        let values = attrs::session(&s, &self.credentials(&s));
        self.sessions.insert(sid, s);
        let done = self.tree.add_soon(Object::bare(path.clone()));
        self.tree_done("session", done);
        let object = Object::class(
            format!("{path}/iscsi_session/session{sid}"),
            "iscsi_session",
            Some(&path),
        );
        let object = values.into_iter().fold(object, |o, (name, value)| match name {
            "recovery_tmo" => o.rw(name, value),
            // `iscsi_session_attr(…, 1)`: CAP_SYS_ADMIN.
            "username" | "username_in" | "password" | "password_in" => o.secret(name, value),
            _ => o.ro(name, value),
        });
        let done = self.tree.add_soon(object);
        self.tree_done("session", done);
        self.multicast(event(
            kevent::CREATE_SESSION,
            TRANSPORT_HANDLE,
            &[],
            &[sid, no],
            &[],
        ));
    }

    /// The connection of a session appears.
    pub(super) fn create_conn(&mut self, sid: u32, cid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.conn = Some(Conn {
            cid,
            state: ConnState::Down,
            ep: None,
            cleanup: false,
        });
        let s = &self.sessions[&sid];
        let path = format!("{}/connection{sid}:{cid}", self.session_path(s));
        let values = s
            .conn
            .as_ref()
            .map(|c| attrs::conn(s, c, None))
            .unwrap_or_default();
        let done = self.tree.add_soon(Object::bare(path.clone()));
        self.tree_done("connection", done);
        let object = Object::class(
            format!("{path}/iscsi_connection/connection{sid}:{cid}"),
            "iscsi_connection",
            Some(&path),
        );
        let object = values
            .into_iter()
            .fold(object, |o, (name, value)| o.ro(name, value));
        let done = self.tree.add_soon(object);
        self.tree_done("connection", done);
    }

    /// A new endpoint object; its number.
    pub(super) fn create_endpoint(&mut self, host: usize, to: Option<SocketAddr>) -> u64 {
        let ep = (1..).find(|n| !self.endpoints.contains_key(n)).unwrap_or(1);
        self.endpoints.insert(ep, Endpoint { host, to, sid: None });
        let object = Object::class(
            format!("devices/virtual/iscsi_endpoint/ep-{ep}"),
            "iscsi_endpoint",
            None,
        )
        .ro("handle", ep.to_string());
        let done = self.tree.add_soon(object);
        self.tree_done("endpoint", done);
        ep
    }

    /// An endpoint object goes.
    pub(super) fn destroy_endpoint(&mut self, ep: u64) {
        if let Some(gone) = self.endpoints.remove(&ep) {
            if let Some(c) = gone
                .sid
                .and_then(|s| self.sessions.get_mut(&s))
                .and_then(|s| s.conn.as_mut())
            {
                c.ep = None;
            }
            let done = self
                .tree
                .remove(&format!("devices/virtual/iscsi_endpoint/ep-{ep}"));
            self.tree_done("endpoint", done);
        }
    }

    /// Ties a connection to an endpoint.
    pub(super) fn bind(&mut self, sid: u32, ep: u64) {
        if let Some(e) = self.endpoints.get_mut(&ep) {
            e.sid = Some(sid);
        }
        if let Some(c) = self.sessions.get_mut(&sid).and_then(|s| s.conn.as_mut()) {
            c.ep = Some(ep);
        }
        self.refresh_session(sid);
    }

    fn credentials(&mut self, s: &Session) -> Credentials {
        let mut creds = Credentials::default();
        let text = |p: u32| s.set.get(&p).cloned().unwrap_or_default();
        if s.flash {
            if s.chap != 0xffff {
                creds.out_index = Some(s.chap);
                creds.out = self.uni_chap(s.host, s.chap);
            }
        } else {
            creds.out_index = self.find_chap(s.host, &text(param::USERNAME), &text(param::PASSWORD), false);
        }
        creds.in_index = self.find_chap(s.host, &text(param::USERNAME_IN), &text(param::PASSWORD_IN), true);
        creds
    }

    /// Writes what may have changed of a session's objects.
    pub(super) fn refresh_session(&mut self, sid: u32) {
        let Some(s) = self.sessions.remove(&sid) else {
            return;
        };
        let creds = self.credentials(&s);
        let path = self.session_path(&s);
        let line = |(n, v): (&'static str, String)| (n, format!("{v}\n"));
        let values = attrs::session(&s, &creds);
        let done = self.tree.set_all(
            &format!("{path}/iscsi_session/session{sid}"),
            values.into_iter().map(line),
        );
        self.tree_done("session", done);
        if let Some(c) = &s.conn {
            let name = format!("connection{sid}:{}", c.cid);
            let to = c.ep.and_then(|e| self.endpoints.get(&e)).and_then(|e| e.to);
            let values = attrs::conn(&s, c, to);
            let done = self.tree.set_all(
                &format!("{path}/{name}/iscsi_connection/{name}"),
                values.into_iter().map(line),
            );
            self.tree_done("connection", done);
        }
        self.sessions.insert(sid, s);
    }

    /// A flash session to the same name, address and port.
    pub(super) fn session_of_tuple(&self, host: usize, tuple: &Tuple) -> Option<u32> {
        self.sessions
            .values()
            .find(|s| s.host == host && s.ddb.is_some() && Tuple::of(s.target()) == *tuple)
            .map(|s| s.sid)
    }

    /// Takes over where a target was found.
    pub(super) fn set_parent(&mut self, sid: u32, entry: &dev_db_entry) {
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.parent = parent_index(entry);
        }
        self.refresh_session(sid);
    }

    /// Reserves a free DDB (`qla4xxx_get_ddb_index`).
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

    /// Starts the login of a flash session (`qla4xxx_login_flash_ddb`).
    pub(super) fn login_flash(&mut self, sid: u32) {
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
        s.target_id = Some(u32::from(ddb));
        if self
            .mbox(
                host,
                Command::SetDatabaseEntry {
                    ddb,
                    entry: Box::new(entry),
                },
            )
            .is_ok()
        {
            if let Some(s) = self.sessions.get_mut(&sid) {
                s.ddb_state = DdbState::LoginInProcess;
            }
            let _ = self.mbox(host, Command::ConnOpen { ddb });
        }
        self.refresh_session(sid);
    }

    /// Takes over what a login negotiated (`qla4xxx_update_session_conn_fwddb_param`).
    pub(super) fn take_negotiated(&mut self, sid: u32) {
        let Some((host, Some(ddb))) = self.sessions.get(&sid).map(|s| (s.host, s.ddb)) else {
            return;
        };
        let Some(d) = self.ddb(host, ddb) else { return };
        if let Some(s) = self.sessions.get_mut(&sid) {
            let link = s.entry.ddb_link;
            s.entry = *d.entry;
            if s.flash && s.entry.ddb_link.get() == 0xffff {
                s.entry.ddb_link = link;
            }
            s.chap = s.entry.chap_tbl_idx.get();
            s.local_port = d.source_port;
        }
        self.refresh_session(sid);
    }
}

fn parent_index(entry: &dev_db_entry) -> u16 {
    Some(entry.ddb_link.get()).filter(|l| *l < 256).unwrap_or(0xffff)
}
