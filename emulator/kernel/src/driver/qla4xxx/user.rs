//! Sessions of user space: endpoints, bound sessions, connections, login, destruction.
//!
//! Source: `ql4_os.c` (`qla4xxx_ep_connect`, `qla4xxx_session_create`, `qla4xxx_conn_create`, `qla4xxx_conn_start`,
//! `qla4xxx_conn_destroy`), `ql4_mbx.c` (`qla4xxx_set_param_ddbentry`).

use std::net::{IpAddr, SocketAddr};

use driver_sys::hw::ddb::{DdbOptions, DdbState, IscsiOptions};
use driver_sys::hw::raw::dev_db_entry;
use driver_sys::netlink::Destination;
use driver_sys::netlink::params::IscsiParam as P;
use isp4xxx::fw::{Command, DdbDefaults, Reply};
use nix::errno::Errno;

use super::Qla4xxx;
use super::ddb::DdbEntry;
use crate::transport::{Class, leading_number};

impl Qla4xxx {
    /// A new endpoint. Without a host the driver has no port to connect through.
    pub(super) fn connect(
        &self,
        class: &mut Class,
        host: Option<u32>,
        to: &Destination,
    ) -> Result<u64, Errno> {
        let no = host.ok_or(Errno::ENXIO)?;
        self.port_of(no)?;
        let to = match to {
            Destination::Inet(to) => Some(*to),
            Destination::Other { .. } => None,
        };
        Ok(class.create_endpoint(no, to))
    }

    pub(super) fn poll_endpoint(&self, class: &Class, ep: u64) -> Result<i32, Errno> {
        let no = class.endpoint(ep).ok_or(Errno::EINVAL)?.host;
        let host = &self.hosts[self.port_of(no)?];
        Ok(i32::from(host.link_up && host.build_list.is_none()))
    }

    /// A session through an endpoint, with the DDB that is reserved for it.
    pub(super) fn create_user_session(&mut self, class: &mut Class, ep: u64) -> Option<u32> {
        let no = class.endpoint(ep)?.host;
        let host = self.port_of(no).ok()?;
        let ddb = self.take_ddb(host)?;
        let sid = class.next_sid();
        self.sessions.insert(sid, DdbEntry::of_user(host, ddb));
        class.add_session(self, no, sid, u32::from(ddb));
        Some(sid)
    }

    /// The only connection of a session.
    pub(super) fn create_user_conn(&mut self, class: &mut Class, sid: u32, cid: u32) -> bool {
        let first = class.conn(sid).is_none();
        if first {
            class.add_conn(self, sid, cid);
        }
        first
    }

    /// Whether a flash session leads to the same target (`qla4xxx_match_fwdb_session`).
    fn matches_flash_session(&self, sid: u32) -> bool {
        let Some(s) = self.sessions.get(&sid) else {
            return false;
        };
        let (Some(name), Some(address)) = (s.text(P::TargetName), s.text(P::PersistentAddress)) else {
            return false;
        };
        let port = s.text(P::PersistentPort).map_or(0, leading_number);
        let Ok(address) = address.parse::<IpAddr>() else {
            return false;
        };
        self.sessions.values().any(|f| {
            f.flash
                && f.host == s.host
                && f.ddb.is_some()
                && crate::text::cstr(&f.entry().iscsi_name) == name
                && i64::from(f.entry().port.get()) == port
                && isp4xxx::flash::inspect::portal(f.entry()).is_some_and(|p| p.ip() == address)
        })
    }

    /// Starts the login of a session of user space.
    pub(super) fn start_login(&mut self, class: &mut Class, sid: u32) -> Result<(), Errno> {
        if self.matches_flash_session(sid) {
            return Err(Errno::EEXIST);
        }
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        let (host, active) = (s.host, s.state == DdbState::SessionActive);
        let ddb = s.ddb.ok_or(Errno::EINVAL)?;
        let endpoint = class.endpoint_of(sid).and_then(|ep| class.endpoint(ep));
        let to = endpoint.and_then(|e| e.to).ok_or(Errno::EINVAL)?;
        let entry = self.user_entry(class, sid, to)?;
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
                self.user_logged_in(class, sid);
                return Ok(());
            }
            return Err(Errno::EINVAL);
        }
        self.mbox(host, Command::ConnOpen { ddb })
            .map_err(|_| Errno::EINVAL)?;
        if let Some(s) = self.sessions.get_mut(&sid)
            && matches!(s.state, DdbState::NoConnectionActive | DdbState::SessionFailed)
        {
            s.state = DdbState::LoginInProcess;
        }
        Ok(())
    }

    /// The DDB of a user's session (`qla4xxx_set_param_ddbentry`).
    fn user_entry(&mut self, class: &mut Class, sid: u32, to: SocketAddr) -> Result<dev_db_entry, Errno> {
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
        let asked = *s.entry();
        let text = |p: P| s.text(p).unwrap_or_default().to_owned();
        let id = (class.scsi.target_id(sid).unwrap_or(0) as u16).to_le_bytes();
        e.isid[1..3].copy_from_slice(&id);
        e.iscsi_alias = [0; 32];
        e.iscsi_name = [0; 224];
        let name = text(P::TargetName).into_bytes();
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
        let (user, secret) = (text(P::Username), text(P::Password));
        let (user_in, secret_in) = (text(P::UsernameIn), text(P::PasswordIn));
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
                .set(self.chap_index_for(class, host, &user, &secret, false)?);
        }
        if !user_in.is_empty() && !secret_in.is_empty() {
            flags |= IscsiOptions::BIDI_CHAP;
            self.chap_index_for(class, host, &user_in, &secret_in, true)?;
        }
        e.set_iscsi_flags(flags);
        Ok(e)
    }

    pub(super) fn destroy_user_conn(&mut self, class: &mut Class, sid: u32) {
        let _ = self.close_session(sid);
        if self.config.quirks {
            // The driver logs out but never takes the connection down, so the session stays busy for ever.
            return;
        }
        if let Some(ep) = class.endpoint_of(sid) {
            class.destroy_endpoint(ep);
        }
        class.remove_conn(sid);
    }
}
