//! What the card says without being asked, and what the driver makes of it.
//!
//! The DDB state tables are [`ddb_states`]. Source: `ql4_isr.c` (`qla4xxx_isr_decode_mailbox`), `ql4_init.c`
//! (`qla4xxx_process_ddb_changed`), `ql4_os.c` (`qla4xxx_do_dpc`).

use driver_sys::hw::aen::IpAddrState;
use driver_sys::hw::ddb::DdbState;
use driver_sys::netlink::code::HostEventCode;
use isp4xxx::fw::{Aen, Event};

use super::Qla4xxx;
use super::ddb_states::{self, FlashStep, UserStep};
use super::flashnode::Tuple;
use super::template::completed;
use crate::transport::Class;

/// The mailboxes that the driver multicasts with an event, as they lie in its memory (`qla4xxx_post_aen_work`).
pub(super) fn mailbox_bytes(mailboxes: [u32; 8]) -> Vec<u8> {
    mailboxes.into_iter().flat_map(u32::to_le_bytes).collect()
}

impl Qla4xxx {
    pub(super) fn card_event(&mut self, class: &mut Class, port: usize, event: Event) {
        let Some(no) = self.hosts.get(port).map(|h| h.no) else {
            return;
        };
        match event {
            Event::Aen(aen) => self.aen(class, port, aen),
            Event::IoDone(done) => class.scsi.done(&mut class.env, no, completed(done)),
            Event::PingDone { handle, status } => self.ping_done(class, port, handle, status),
            Event::PassthroughDone(done) => self.passthrough_done(class, done),
            Event::TaskMgmtDone { ddb, tag, outcome } => self.managed(class, port, (ddb, tag), outcome),
        }
    }

    fn aen(&mut self, class: &mut Class, host: usize, aen: Aen) {
        match aen {
            Aen::LinkUp => self.link_changed(class, host, true, aen.mailboxes()),
            Aen::LinkDown => self.link_changed(class, host, false, aen.mailboxes()),
            Aen::DatabaseChanged { ddb, state, .. } => {
                let found = self
                    .sessions
                    .iter()
                    .find(|(_, s)| s.host == host && s.ddb == Some(ddb))
                    .map(|(sid, s)| (*sid, s.flash));
                match found {
                    Some((sid, true)) => self.flash_ddb_change(class, sid, state),
                    Some((sid, false)) => self.user_ddb_change(class, sid, state),
                    None if state == DdbState::SessionActive => self.adopt(class, host, ddb),
                    None if state == DdbState::NoConnectionActive => {
                        self.hosts[host].ddbs.remove(&ddb);
                    }
                    None => {}
                }
            }
            Aen::IpAddrStateChanged { new, .. } => {
                if new == IpAddrState::Unconfigured || new == IpAddrState::Invalid {
                    self.acb_disabled(host);
                }
                self.update_local_acb(host);
                self.refresh_host(class, host);
            }
            Aen::MacAddressChanged => self.refresh_host(class, host),
            Aen::SystemError => {
                // The driver recovers the adapter by itself.
                self.recover_adapter(class, host);
            }
            Aen::LoginFailed { .. } | Aen::Heartbeat => {}
        }
    }

    fn link_changed(&mut self, class: &mut Class, host: usize, up: bool, mailboxes: [u32; 8]) {
        self.update_state(host);
        self.hosts[host].link_up = up;
        let code = if up {
            HostEventCode::LinkUp
        } else {
            HostEventCode::LinkDown
        };
        class.host_event(self.hosts[host].no, code, &mailbox_bytes(mailboxes));
        if up {
            match self.hosts[host].build_list.take() {
                Some(reset) => self.start_probe(class, host, reset),
                None => self.relogin_all(class, host),
            }
        } else {
            for sid in self.sessions_of(host) {
                if class.online(sid) {
                    class.block_session(self, sid);
                }
            }
        }
        self.refresh_host(class, host);
        self.hosts[host].link_up = up;
    }

    fn sessions_of(&self, host: usize) -> Vec<u32> {
        let mine = self.sessions.iter().filter(|(_, s)| s.host == host);
        mine.map(|(sid, _)| *sid).collect()
    }

    /// The firmware logged in to a target by itself (AUTO CONNECT): it gets a session, or the session that it had before.
    fn adopt(&mut self, class: &mut Class, host: usize, ddb: u16) {
        if self.config.fw_mode != crate::config::FirmwareMode::AutoConnect {
            return;
        }
        let Some(found) = self.ddb(host, ddb).filter(|d| d.entry.iscsi_name[0] != 0) else {
            return;
        };
        let sid = match self.session_to(host, &Tuple::of(&found.entry)) {
            // Its firmware knows it under another number since a reset.
            Some(sid) if !class.online(sid) => sid,
            Some(_) => return,
            None => {
                let boot = self.hosts[host].boot.contains(&Some(ddb)) && self.config.disable_sysfs_boot;
                self.create_flash_session(class, host, &found.entry, boot)
            }
        };
        self.own_ddb(class, sid, ddb);
        self.flash_ddb_change(class, sid, DdbState::SessionActive);
    }

    /// Sessions that are not online try again (`qla4xxx_relogin_all_devices`).
    pub(super) fn relogin_all(&mut self, class: &mut Class, host: usize) {
        let now = self.now;
        for sid in self.sessions_of(host) {
            if class.online(sid) {
                continue;
            }
            let Some(s) = self.sessions.get_mut(&sid) else {
                continue;
            };
            if s.state == DdbState::SessionActive {
                self.unblock(class, sid);
            } else if s.flash {
                s.arm_relogin(now);
            } else {
                self.fail_user_session(class, sid);
            }
        }
    }

    /// A flash session's DDB changed.
    pub(super) fn flash_ddb_change(&mut self, class: &mut Class, sid: u32, new: DdbState) {
        let now = self.now;
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        let old = std::mem::replace(&mut s.state, new);
        match ddb_states::flash(old, new) {
            Some(FlashStep::Up) => {
                self.unblock(class, sid);
                self.take_negotiated(class, sid);
                class.scsi.start_scan(sid, None);
            }
            Some(FlashStep::Down) => {
                s.try_until = None;
                s.arm_relogin(now);
                class.block_session(self, sid);
            }
            Some(FlashStep::Again) => {
                s.try_until = None;
                s.arm_relogin(now);
                class.refresh_session(self, sid);
            }
            None => tracing::debug!(sid, ?old, ?new, "no such transition of a flash session"),
        }
    }

    /// The DDB of a session of user space changed.
    fn user_ddb_change(&mut self, class: &mut Class, sid: u32, new: DdbState) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        let (host, ddb) = (s.host, s.ddb);
        let old = std::mem::replace(&mut s.state, new);
        match ddb_states::user(old, new) {
            Some(UserStep::LoggedIn) => {
                self.take_negotiated(class, sid);
                self.user_logged_in(class, sid);
            }
            Some(UserStep::Back) => {
                self.user_logged_in(class, sid);
                self.take_negotiated(class, sid);
            }
            Some(UserStep::LoginFailed) => Self::user_login_failed(class, sid),
            Some(UserStep::Lost) => self.fail_user_session(class, sid),
            Some(UserStep::Released) => {
                if let Some(ddb) = ddb {
                    self.hosts[host].ddbs.remove(&ddb);
                }
            }
            None => tracing::debug!(sid, ?old, ?new, "no such transition of a session"),
        }
    }

    /// Resets a port and brings it back (`qla4xxx_recover_adapter`): every session fails, flash sessions log in again.
    pub(super) fn recover_adapter(&mut self, class: &mut Class, host: usize) {
        for sid in self.sessions_of(host) {
            let Some(s) = self.sessions.get_mut(&sid) else {
                continue;
            };
            s.state = DdbState::SessionFailed;
            if !s.flash {
                self.fail_user_session(class, sid);
            } else if class.online(sid) {
                class.block_session(self, sid);
            }
        }
        self.manage_ends(class, host, false);
        self.card.reset(self.now, host);
        // The port is initialized again; the sessions' RAM entries are reserved again.
        self.initialize_port(host);
        self.refresh_host(class, host);
        self.start_probe(class, host, true);
    }
}
