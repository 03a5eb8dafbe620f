//! Connections of sessions: bound to endpoints, started.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_conn_bind`, `bnx2i_bind_conn_to_iscsi_cid`, `bnx2i_conn_start`), `bnx2i_hwi.c`
//! (`bnx2i_process_update_conn_cmpl`).

use nix::errno::Errno;

use super::Bnx2i;
use super::endpoint::EpState;
use crate::libiscsi;
use crate::transport::Class;

impl Bnx2i {
    /// A session's connection shall go over an endpoint.
    ///
    /// # Errors
    /// `EIO`: the port takes none just now. `EINVAL`: no such endpoint, or its peer is gone. `EEXIST`: it is another host's. `EBUSY`: another
    /// connection has it.
    pub(super) fn bind(&mut self, sid: u32, ep: u64, leading: bool) -> Result<(), Errno> {
        let host = self.engine.lib.host_of(sid).ok_or(Errno::EINVAL)?;
        let port = self.port_of(host).map_err(|_| Errno::EINVAL)?;
        let e = self.endpoints.get_mut(&ep).ok_or(Errno::EINVAL)?;
        if !self.ports[port].ready() {
            return Err(Errno::EIO);
        }
        if matches!(e.state, EpState::TcpFinRcvd | EpState::TcpRstRcvd) {
            return Err(Errno::EINVAL);
        }
        if e.port != port {
            return Err(Errno::EEXIST);
        }
        if e.sid.is_some() {
            return Err(Errno::EBUSY);
        }
        // A kernel binds what is not connected and has every PDU fail.
        let link = e.link.filter(|_| e.state == EpState::ConnectCompl);
        let link = link.ok_or(Errno::EINVAL)?;
        let peer = e.sock.as_ref().map(|sock| sock.to);
        e.sid = Some(sid);
        let local = self.engine.chip.local(link);
        self.engine.lib.conn_bind(sid, link, (local, peer), leading);
        Ok(())
    }

    /// A connection goes into full feature phase: the chip is told what was negotiated, and says at once that it knows.
    ///
    /// # Errors
    /// As [`libiscsi::conn_start`]; the driver tells nobody of them.
    pub(super) fn start(&mut self, class: &mut Class, sid: u32) -> Result<(), Errno> {
        let bound = self.endpoints.values_mut().find(|e| e.sid == Some(sid));
        // Without one a kernel would not survive it.
        let e = bound.ok_or(Errno::EINVAL)?;
        e.state = EpState::UlpUpdateCompl;
        // `bnx2i_conn_start` gives back 0, whatever `iscsi_conn_start` says.
        if let Err(errno) = libiscsi::conn_start(self, class, sid) {
            tracing::warn!(sid, %errno, "a connection does not start");
        }
        Ok(())
    }
}
