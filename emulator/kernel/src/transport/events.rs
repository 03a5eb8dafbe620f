//! The events that the class multicasts to iscsid's group.
//!
//! Must not know why something happened. Source: `scsi_transport_iscsi.c` (`iscsi_session_event`, `iscsi_conn_error_event`,
//! `iscsi_conn_login_event`, `iscsi_post_host_event`, `iscsi_ping_comp_event`, `iscsi_recv_pdu`).

use driver_sys::netlink::{Bytes, Event};

use super::Class;
use super::ev::{GROUP_ISCSID, event, kevent};

impl Class {
    /// Multicasts a packet; `false` when nobody listens.
    pub(super) fn multicast(&mut self, packet: Vec<u8>) -> bool {
        self.env.multicast(GROUP_ISCSID, packet)
    }

    pub(super) fn session_event(&mut self, kind: u32, sid: u32, r: &[u32]) {
        if let Some(handle) = self.sessions.get(&sid).map(|s| s.handle) {
            self.multicast(event(kind, handle, &[], r, &[]));
        }
    }

    pub(super) fn conn_error_event(&mut self, sid: u32, error: u32) {
        let cid = self.conn(sid).map_or(0, |c| c.cid);
        self.session_event(kevent::CONN_ERROR, sid, &[sid, cid, error]);
    }

    /// A login went well or did not: `ISCSI_CONN_STATE_*`.
    pub(crate) fn conn_login_event(&mut self, sid: u32, state: u32) {
        let cid = self.conn(sid).map_or(0, |c| c.cid);
        self.session_event(kevent::CONN_LOGIN_STATE, sid, &[sid, cid, state]);
    }

    /// Something happened to a host: `ISCSI_EVENT_*`, with the driver's data.
    pub(crate) fn host_event(&mut self, host: u32, code: u32, data: &[u8]) {
        if let Some(handle) = self.handle_of(host) {
            let r = [host, data.len() as u32, code];
            self.multicast(event(kevent::HOST_EVENT, handle, &[], &r, data));
        }
    }

    /// A ping of a host was answered, or was not; with the driver's data.
    pub(crate) fn ping_done(&mut self, host: u32, status: u32, pid: u32, data: &[u8]) {
        if let Some(handle) = self.handle_of(host) {
            let r = [host, status, pid, data.len() as u32];
            self.multicast(event(kevent::PING_COMP, handle, &[], &r, data));
        }
    }

    /// A PDU for user space came over a session's connection.
    pub(crate) fn recv_pdu(&mut self, sid: u32, header: [u8; 48], data: Vec<u8>) {
        let Some((handle, cid)) = self
            .sessions
            .get(&sid)
            .and_then(|s| Some((s.handle, s.conn.as_ref()?.cid)))
        else {
            return;
        };
        let event = Event::RecvPdu {
            sid,
            cid,
            // 6.1 leaves it empty.
            recv_handle: 0,
            header: Bytes::new(header),
            data: Bytes::new(data),
        };
        self.multicast(event.encode(handle));
    }
}
