//! The helper's answers to path requests, and what the chip makes of them.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_nl_set_path`), `cnic.c` (`cnic_iscsi_nl_msg_recv`, `cnic_cm_process_kcqe`), `bnx2i_hwi.c`
//! (`bnx2i_cm_connect_cmpl`, `bnx2i_cm_remote_close`, `bnx2i_cm_remote_abort`).

use driver_sys::netlink::Path;
use driver_sys::netlink::code::IscsiErr;
use emu_net::hardware::LinkId;
use iscsi::LinkLoss;
use nix::errno::Errno;

use super::Bnx2i;
use super::chip::Tells;
use super::endpoint::EpState;
use super::sock::Answered;
use crate::libiscsi;
use crate::transport::Class;

/// `MAX_CM_SK_TBL_SZ`: handles from there on are nobody's.
const MAX_SOCKS: u32 = 256;

impl Bnx2i {
    /// An answer of the helper. The driver tells nobody what cnic made of it.
    ///
    /// # Errors
    /// `ENODEV`: no such host.
    pub(super) fn take_path(&mut self, class: &mut Class, host: u32, path: &Path) -> Result<(), Errno> {
        let port = self.port_of(host)?;
        // The kernel takes the low half.
        let handle = path.handle as u32;
        let mut all = self.endpoints.values_mut();
        let found = all.find(|e| handle < MAX_SOCKS && e.port == port && u32::from(e.cid) == handle);
        let Some((sock, link, state)) =
            found.and_then(|e| Some((e.sock.as_mut()?, &mut e.link, &mut e.state)))
        else {
            tracing::debug!(host, handle, "a path for no connection");
            return Ok(());
        };
        match sock.answer(path) {
            Answered::Connect => {
                *link = Some(self.engine.connect(self.now, sock.to, sock.source));
                class.refresh_host(self, host);
            }
            Answered::Failed => {
                tracing::info!(host, handle, "the helper knows no path");
                *state = EpState::ConnectFailed;
            }
            Answered::Moved | Answered::Ignored => {}
        }
        Ok(())
    }

    /// What the chip has to tell of its connections; `true` when it had something.
    pub(super) fn hear_chip(&mut self, class: &mut Class) -> bool {
        let mut heard = false;
        while let Some(told) = self.engine.chip.told() {
            heard = true;
            match told {
                Tells::Connected(link) => self.connect_done(link, true),
                Tells::ConnectFailed(link) => self.connect_done(link, false),
                Tells::Closed(link, why) => self.remote_end(class, link, why),
            }
        }
        heard
    }

    fn connect_done(&mut self, link: LinkId, done: bool) {
        let Some(ep) = self.endpoint_on(link) else { return };
        let Some(e) = self.endpoints.get_mut(&ep) else {
            return;
        };
        if let Some(sock) = &mut e.sock {
            sock.connected(done);
        }
        if !done {
            e.link = None;
        }
        if e.state == EpState::ConnectStart {
            // A port that goes down has no use for it any more.
            e.state = if done && self.ports[e.port].stop.is_none() {
                EpState::ConnectCompl
            } else {
                EpState::ConnectFailed
            };
        }
    }

    fn remote_end(&mut self, class: &mut Class, link: LinkId, why: LinkLoss) {
        let Some(ep) = self.endpoint_on(link) else { return };
        let Some(e) = self.endpoints.get_mut(&ep) else {
            return;
        };
        e.link = None;
        e.state = match why {
            LinkLoss::PeerClosed => EpState::TcpFinRcvd,
            _ => EpState::TcpRstRcvd,
        };
        // It does not matter whether a logout is under way.
        if let Some(sid) = e.sid {
            libiscsi::conn_failure(self, class, sid, IscsiErr::ConnFailed);
        }
    }
}
