//! What the card says without being asked, and what the driver makes of it.
//!
//! The DDB state tables are [`ddb_states`]. Source: `ql4_isr.c` (`qla4xxx_isr_decode_mailbox`), `ql4_init.c`
//! (`qla4xxx_process_ddb_changed`), `ql4_os.c` (`qla4xxx_do_dpc`).

use driver_sys::hw::aen::IpAddrState;
use driver_sys::hw::ddb::DdbState;
use isp4xxx::fw::{Aen, Event};

use super::{Kernel, TRANSPORT_HANDLE};
use crate::qla4xxx::ddb_states::{self, FlashStep, UserStep};
use crate::transport::ev::{event, kevent};

/// `ISCSI_EVENT_LINKUP`.
const LINKUP: u32 = 1;
/// `ISCSI_EVENT_LINKDOWN`.
const LINKDOWN: u32 = 2;

/// The mailboxes that the driver multicasts with an event, as they lie in its memory (`qla4xxx_post_aen_work`).
pub(super) fn mailbox_bytes(mailboxes: [u32; 8]) -> Vec<u8> {
    mailboxes.into_iter().flat_map(u32::to_le_bytes).collect()
}

impl Kernel {
    pub(super) fn card_event(&mut self, port: usize, event: Event) {
        let Some(host) = self.hosts.iter().position(|h| h.port == port) else {
            return;
        };
        match event {
            Event::Aen(aen) => self.aen(host, aen),
            Event::IoDone(done) => self.io_done(port, done),
            Event::PingDone { handle, status } => self.ping_done(host, handle, status),
            Event::PassthroughDone(done) => self.passthrough_done(done),
            Event::TaskMgmtDone { .. } => {}
        }
    }

    fn aen(&mut self, host: usize, aen: Aen) {
        match aen {
            Aen::LinkUp => self.link_changed(host, true, aen.mailboxes()),
            Aen::LinkDown => self.link_changed(host, false, aen.mailboxes()),
            Aen::DatabaseChanged { ddb, state, .. } => {
                let sid = self
                    .sessions
                    .values()
                    .find(|s| s.host == host && s.ddb == Some(ddb))
                    .map(|s| s.sid);
                match sid {
                    Some(sid) if self.sessions[&sid].flash => self.flash_ddb_change(sid, state),
                    Some(sid) => self.user_ddb_change(sid, state),
                    None if state == DdbState::SessionActive => self.adopt(host, ddb),
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
                self.refresh_host(host);
            }
            Aen::MacAddressChanged => self.refresh_host(host),
            Aen::SystemError => {
                // The driver recovers the adapter by itself.
                self.recover_adapter(host);
            }
            Aen::LoginFailed { .. } | Aen::Heartbeat => {}
        }
    }

    fn link_changed(&mut self, host: usize, up: bool, mailboxes: [u32; 8]) {
        self.update_state(host);
        self.hosts[host].link_up = up;
        let no = self.hosts[host].no;
        let code = if up { LINKUP } else { LINKDOWN };
        let data = mailbox_bytes(mailboxes);
        self.multicast(event(
            kevent::HOST_EVENT,
            TRANSPORT_HANDLE,
            &[],
            &[no, data.len() as u32, code],
            &data,
        ));
        if up {
            match self.hosts[host].build_list.take() {
                Some(reset) => self.start_probe(host, reset),
                None => self.relogin_all(host),
            }
        } else {
            let mine: Vec<u32> = self
                .sessions
                .values()
                .filter(|s| s.host == host && s.online())
                .map(|s| s.sid)
                .collect();
            for sid in mine {
                self.block_session(sid);
            }
        }
        self.refresh_host(host);
        self.hosts[host].link_up = up;
    }

    /// The firmware logged in to a target by itself (AUTO CONNECT): it gets a session.
    fn adopt(&mut self, host: usize, ddb: u16) {
        let found = self.ddb(host, ddb).filter(|d| d.entry.iscsi_name[0] != 0);
        if self.config.fw_mode == crate::config::FirmwareMode::AutoConnect
            && let Some(found) = found
        {
            let boot = self.hosts[host].boot.contains(&Some(ddb)) && self.config.disable_sysfs_boot;
            let sid = self.create_flash_session(host, &found.entry, boot);
            self.own_ddb(sid, ddb);
            self.flash_ddb_change(sid, DdbState::SessionActive);
        }
    }

    /// A session takes over a RAM entry that the firmware filled.
    pub(super) fn own_ddb(&mut self, sid: u32, ddb: u16) {
        if let Some(s) = self.sessions.get_mut(&sid) {
            s.ddb = Some(ddb);
            s.target_id = Some(u32::from(ddb));
            self.hosts[s.host].ddbs.insert(ddb);
        }
    }

    /// Sessions that are not online try again (`qla4xxx_relogin_all_devices`).
    pub(super) fn relogin_all(&mut self, host: usize) {
        let away: Vec<u32> = self
            .sessions
            .values()
            .filter(|s| s.host == host && !s.online())
            .map(|s| s.sid)
            .collect();
        for sid in away {
            let now = self.now;
            let Some(s) = self.sessions.get_mut(&sid) else {
                continue;
            };
            if s.ddb_state == DdbState::SessionActive {
                self.unblock_session(sid);
            } else if s.flash {
                s.arm_relogin(now);
            } else {
                self.fail_user_session(sid);
            }
        }
    }

    /// A flash session's DDB changed.
    pub(super) fn flash_ddb_change(&mut self, sid: u32, new: DdbState) {
        let now = self.now;
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        let old = std::mem::replace(&mut s.ddb_state, new);
        match ddb_states::flash(old, new) {
            Some(FlashStep::Up) => {
                self.unblock_session(sid);
                self.take_negotiated(sid);
                self.start_scan(sid, None);
            }
            Some(FlashStep::Down) => {
                s.try_until = None;
                s.arm_relogin(now);
                self.block_session(sid);
            }
            Some(FlashStep::Again) => {
                s.try_until = None;
                s.arm_relogin(now);
                self.refresh_session(sid);
            }
            None => tracing::debug!(sid, ?old, ?new, "no such transition of a flash session"),
        }
    }

    /// The DDB of a session of user space changed.
    fn user_ddb_change(&mut self, sid: u32, new: DdbState) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        let (host, ddb) = (s.host, s.ddb);
        let old = std::mem::replace(&mut s.ddb_state, new);
        match ddb_states::user(old, new) {
            Some(UserStep::LoggedIn) => {
                self.take_negotiated(sid);
                self.user_logged_in(sid);
            }
            Some(UserStep::Back) => {
                self.user_logged_in(sid);
                self.take_negotiated(sid);
            }
            Some(UserStep::LoginFailed) => self.user_login_failed(sid),
            Some(UserStep::Lost) => self.fail_user_session(sid),
            Some(UserStep::Released) => {
                if let Some(ddb) = ddb {
                    self.hosts[host].ddbs.remove(&ddb);
                }
            }
            None => tracing::debug!(sid, ?old, ?new, "no such transition of a session"),
        }
    }

    /// Resets a port and brings it back (`qla4xxx_recover_adapter`): every session fails, flash sessions log in again.
    pub(super) fn recover_adapter(&mut self, host: usize) {
        let mine: Vec<(u32, bool)> = self
            .sessions
            .values()
            .filter(|s| s.host == host)
            .map(|s| (s.sid, s.flash))
            .collect();
        for (sid, flash) in mine {
            if let Some(s) = self.sessions.get_mut(&sid) {
                s.ddb_state = DdbState::SessionFailed;
            }
            if flash {
                if self
                    .sessions
                    .get(&sid)
                    .is_some_and(crate::transport::session::Session::online)
                {
                    self.block_session(sid);
                }
            } else {
                self.fail_user_session(sid);
            }
        }
        let port = self.hosts[host].port;
        self.card.reset(self.now, port);
        self.reserve_after_reset(host);
    }

    /// Initializes a port after a reset; the sessions' RAM entries are reserved again.
    pub(super) fn reserve_after_reset(&mut self, host: usize) {
        self.initialize_port(host);
        self.refresh_host(host);
        self.start_probe(host, true);
    }
}
