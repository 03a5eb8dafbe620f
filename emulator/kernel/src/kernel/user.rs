//! Sessions of user space: endpoints, bound sessions, connections, login, stop, destruction.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_if_transport_ep`, `iscsi_if_transport_conn`), `ql4_os.c`
//! (`qla4xxx_session_create`, `qla4xxx_conn_start`, `qla4xxx_conn_destroy`), `ql4_mbx.c` (`qla4xxx_set_param_ddbentry`).

use std::net::{IpAddr, SocketAddr};

use driver_sys::hw::ddb::{DdbOptions, DdbState, IscsiOptions};
use driver_sys::hw::raw::dev_db_entry;
use isp4xxx::fw::{Command, DdbDefaults, Reply};
use nix::errno::Errno;

use super::Kernel;
use super::ifaces::sockaddr;
use super::netlink::Verdict;
use super::user_params::leading_number;
use crate::transport::attrs::param;
use crate::transport::ev::Message;
use crate::transport::session::ConnState;

/// `STOP_CONN_TERM`.
const STOP_CONN_TERM: u32 = 1;
/// `STOP_CONN_RECOVER`.
const STOP_CONN_RECOVER: u32 = 3;

impl Kernel {
    pub(super) fn ep_connect(&mut self, m: &mut Message) -> Result<(), Errno> {
        if m.payload.len() < 16 {
            return Err(Errno::EINVAL);
        }
        let host = self.host_of(m)?;
        let ep = self.create_endpoint(host, sockaddr(&m.payload));
        m.answer64(ep);
        Ok(())
    }

    pub(super) fn ep_poll(&mut self, m: &mut Message) -> Result<(), Errno> {
        let ep = self.endpoints.get(&m.arg64(0)).ok_or(Errno::EINVAL)?;
        let host = &self.hosts[ep.host];
        m.answer(0, u32::from(host.link_up && host.build_list.is_none()));
        Ok(())
    }

    pub(super) fn ep_disconnect(&mut self, m: &Message) -> Result<(), Errno> {
        let ep = m.arg64(0);
        let bound = self.endpoints.get(&ep).ok_or(Errno::EINVAL)?.sid;
        if let Some(c) = bound
            .and_then(|s| self.sessions.get_mut(&s))
            .and_then(|s| s.conn.as_mut())
        {
            c.state = ConnState::Failed;
        }
        self.destroy_endpoint(ep);
        if let Some(sid) = bound {
            self.refresh_session(sid);
        }
        Ok(())
    }

    pub(super) fn create_bound_session(&mut self, portid: u32, m: &mut Message) -> Result<(), Errno> {
        let host = self.endpoints.get(&m.arg64(0)).ok_or(Errno::EINVAL)?.host;
        let ddb = self.take_ddb(host).ok_or(Errno::ENOMEM)?;
        let sid = self.create_user_session(host, ddb, portid as i32);
        m.answer(0, sid);
        m.answer(1, self.hosts[host].no);
        Ok(())
    }

    pub(super) fn create_user_conn(&mut self, m: &mut Message) -> Result<(), Errno> {
        let (sid, cid) = (m.arg(0), m.arg(1));
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        if s.conn.is_some() {
            return Err(Errno::ENOMEM);
        }
        self.create_conn(sid, cid);
        m.answer(0, sid);
        m.answer(1, cid);
        Ok(())
    }

    pub(super) fn has_conn(&self, sid: u32, cid: u32) -> bool {
        self.sessions
            .get(&sid)
            .and_then(|s| s.conn.as_ref())
            .is_some_and(|c| c.cid == cid)
    }

    /// The kernel's own cleanup runs: the request answers ENOTCONN in its return code.
    pub(super) fn cleaning(&self, sid: u32) -> bool {
        self.sessions
            .get(&sid)
            .and_then(|s| s.conn.as_ref())
            .is_some_and(|c| c.cleanup)
    }

    pub(super) fn bind_conn(&mut self, m: &mut Message) -> Result<(), Errno> {
        let (sid, cid, ep) = (m.arg(0), m.arg(1), m.arg64(1));
        if !self.has_conn(sid, cid) {
            return Err(Errno::EINVAL);
        }
        if self.cleaning(sid) {
            m.answer(0, (-(Errno::ENOTCONN as i32)) as u32);
            return Ok(());
        }
        if !self.endpoints.contains_key(&ep) {
            m.answer(0, (-(Errno::EINVAL as i32)) as u32);
            return Ok(());
        }
        if let Some(c) = self.sessions.get_mut(&sid).and_then(|s| s.conn.as_mut()) {
            c.state = ConnState::Bound;
        }
        self.bind(sid, ep);
        m.answer(0, 0);
        Ok(())
    }

    pub(super) fn start_conn(&mut self, m: &mut Message) -> Result<(), Errno> {
        let (sid, cid) = (m.arg(0), m.arg(1));
        if !self.has_conn(sid, cid) {
            return Err(Errno::EINVAL);
        }
        let result = if self.cleaning(sid) {
            Err(Errno::ENOTCONN)
        } else {
            self.start_login(sid)
        };
        if result.is_ok()
            && let Some(c) = self.sessions.get_mut(&sid).and_then(|s| s.conn.as_mut())
        {
            c.state = ConnState::Up;
        }
        m.answer(0, result.err().map_or(0, |e| (-(e as i32)) as u32));
        self.refresh_session(sid);
        Ok(())
    }

    /// Whether a flash session leads to the same target (`qla4xxx_match_fwdb_session`).
    fn matches_flash_session(&self, sid: u32) -> bool {
        let Some(s) = self.sessions.get(&sid) else {
            return false;
        };
        let text = |p: u32| s.set.get(&p).map(String::as_str);
        let (Some(name), Some(address)) = (text(param::TARGET_NAME), text(param::PERSISTENT_ADDRESS)) else {
            return false;
        };
        let port = text(param::PERSISTENT_PORT).map_or(0, leading_number);
        let Ok(address) = address.parse::<IpAddr>() else {
            return false;
        };
        self.sessions.values().any(|f| {
            f.flash
                && f.host == s.host
                && f.ddb.is_some()
                && crate::text::cstr(&f.entry.iscsi_name) == name
                && i64::from(f.entry.port.get()) == port
                && isp4xxx::flash::inspect::portal(&f.entry).is_some_and(|p| p.ip() == address)
        })
    }

    fn start_login(&mut self, sid: u32) -> Result<(), Errno> {
        if self.matches_flash_session(sid) {
            return Err(Errno::EEXIST);
        }
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        let (host, active) = (s.host, s.ddb_state == DdbState::SessionActive);
        let ddb = s.ddb.ok_or(Errno::EINVAL)?;
        let to = s
            .conn
            .as_ref()
            .and_then(|c| c.ep)
            .and_then(|e| self.endpoints.get(&e))
            .and_then(|e| e.to);
        let entry = self.user_entry(sid, to.ok_or(Errno::EINVAL)?)?;
        let set = self.mbox(
            host,
            Command::SetDatabaseEntry {
                ddb,
                entry: Box::new(entry),
            },
        );
        if set.is_err() {
            if active {
                // A restarted daemon starts a session that runs: it only hears so.
                self.user_logged_in(sid);
                return Ok(());
            }
            return Err(Errno::EINVAL);
        }
        self.mbox(host, Command::ConnOpen { ddb })
            .map_err(|_| Errno::EINVAL)?;
        if let Some(s) = self.sessions.get_mut(&sid)
            && matches!(
                s.ddb_state,
                DdbState::NoConnectionActive | DdbState::SessionFailed
            )
        {
            s.ddb_state = DdbState::LoginInProcess;
        }
        Ok(())
    }

    /// The DDB of a user's session (`qla4xxx_set_param_ddbentry`).
    fn user_entry(&mut self, sid: u32, to: SocketAddr) -> Result<dev_db_entry, Errno> {
        let host = self.sessions.get(&sid).ok_or(Errno::EINVAL)?.host;
        let which = if to.is_ipv6() {
            DdbDefaults::Ipv6
        } else {
            DdbDefaults::Ipv4
        };
        let Ok(Reply::DdbDefaults(d)) = self.mbox(host, Command::GetDatabaseEntryDefaults(which)) else {
            return Err(Errno::EINVAL);
        };
        let mut e = *d;
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        let asked = s.entry;
        let text = |p: u32| s.set.get(&p).cloned().unwrap_or_default();
        let id = (s.target_id.unwrap_or(0) as u16).to_le_bytes();
        e.isid[1..3].copy_from_slice(&id);
        e.iscsi_alias = [0; 32];
        e.iscsi_name = [0; 224];
        let name = text(param::TARGET_NAME).into_bytes();
        let n = name.len().min(224);
        e.iscsi_name[..n].copy_from_slice(&name[..n]);
        e.ip_addr = [0; 16];
        e.tgt_addr = [0; 32];
        let mut options = DdbOptions::TARGET | DdbOptions::AUTO_SENDTGTS_DISABLE;
        match to.ip() {
            IpAddr::V4(a) => e.ip_addr[..4].copy_from_slice(&a.octets()),
            IpAddr::V6(a) => {
                e.ip_addr = a.octets();
                options |= DdbOptions::IPV6_DEVICE;
            }
        }
        e.port.set(to.port());
        e.set_option_flags(options);
        let mut flags = e.iscsi_flags();
        let (user, secret) = (text(param::USERNAME), text(param::PASSWORD));
        let (user_in, secret_in) = (text(param::USERNAME_IN), text(param::PASSWORD_IN));
        let wanted = asked.iscsi_flags();
        flags |= wanted & (IscsiOptions::INITIAL_R2T | IscsiOptions::IMMEDIATE_DATA);
        if !self.config.quirks {
            // The driver forgets the digests that were asked for; correct is to pass them on.
            flags |= wanted & (IscsiOptions::HEADER_DIGEST | IscsiOptions::DATA_DIGEST);
        }
        for (to, from) in [
            (
                &mut e.iscsi_max_rcv_data_seg_len,
                asked.iscsi_max_rcv_data_seg_len,
            ),
            (&mut e.iscsi_max_outsnd_r2t, asked.iscsi_max_outsnd_r2t),
            (&mut e.iscsi_first_burst_len, asked.iscsi_first_burst_len),
            (&mut e.iscsi_max_burst_len, asked.iscsi_max_burst_len),
        ] {
            if from.get() != 0 {
                *to = from;
            }
        }
        if !user.is_empty() && !secret.is_empty() {
            flags |= IscsiOptions::CHAP_AUTH;
            e.chap_tbl_idx
                .set(self.chap_index_for(host, &user, &secret, false)?);
        }
        if !user_in.is_empty() && !secret_in.is_empty() {
            flags |= IscsiOptions::BIDI_CHAP;
            self.chap_index_for(host, &user_in, &secret_in, true)?;
        }
        e.set_iscsi_flags(flags);
        Ok(e)
    }

    pub(super) fn stop_conn(&mut self, m: &Message) -> Result<(), Errno> {
        let (sid, cid, flag) = (m.arg(0), m.arg(1), m.arg(4));
        if !self.has_conn(sid, cid) {
            return Err(Errno::EINVAL);
        }
        let ep = self
            .sessions
            .get(&sid)
            .and_then(|s| s.conn.as_ref())
            .and_then(|c| c.ep);
        if let Some(ep) = ep {
            self.destroy_endpoint(ep);
        }
        let Some(c) = self.sessions.get_mut(&sid).and_then(|s| s.conn.as_mut()) else {
            return Err(Errno::EINVAL);
        };
        c.cleanup = false;
        match flag {
            STOP_CONN_RECOVER => {
                c.state = ConnState::Failed;
                self.block_session(sid);
            }
            STOP_CONN_TERM => {
                c.state = ConnState::Down;
                self.refresh_session(sid);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn destroy_user_conn(&mut self, m: &Message) -> Result<(), Errno> {
        let (sid, cid) = (m.arg(0), m.arg(1));
        if !self.has_conn(sid, cid) {
            return Err(Errno::EINVAL);
        }
        let _ = self.close_session(sid);
        if self.config.quirks {
            // The driver logs out but never takes the connection down, so the session stays busy for ever.
            return Ok(());
        }
        let ep = self
            .sessions
            .get(&sid)
            .and_then(|s| s.conn.as_ref())
            .and_then(|c| c.ep);
        if let Some(ep) = ep {
            self.destroy_endpoint(ep);
        }
        let path = self
            .sessions
            .get(&sid)
            .map(|s| format!("{}/connection{sid}:{cid}", self.session_path(s)));
        if let Some(path) = path {
            let done = self.tree.remove(&path);
            self.tree_done("connection", done);
        }
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.conn = None;
        }
        Ok(())
    }

    pub(super) fn destroy_user_session(&mut self, m: &Message) -> Verdict {
        let sid = m.arg(0);
        match self.sessions.get(&sid) {
            None => Verdict::Answer(Err(Errno::EINVAL)),
            Some(s) if s.conn.is_some() => Verdict::Answer(Err(Errno::EBUSY)),
            Some(_) => Verdict::Wait(self.close_session(sid)),
        }
    }

    pub(super) fn unbind_by_user(&mut self, m: &Message) -> Result<(), Errno> {
        let sid = m.arg(0);
        if !self.sessions.contains_key(&sid) {
            return Err(Errno::EINVAL);
        }
        self.unbind_session(sid);
        Ok(())
    }
}
