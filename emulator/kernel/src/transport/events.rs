//! The events that the class multicasts to iscsid's group, and to the network helper's.
//!
//! Must not know why something happened. Source: `scsi_transport_iscsi.c` (`iscsi_session_event`, `iscsi_conn_error_event`,
//! `iscsi_conn_login_event`, `iscsi_post_host_event`, `iscsi_ping_comp_event`, `iscsi_recv_pdu`, `iscsi_offload_mesg`).

use driver_sys::netlink::code::{ConnState, HostEventCode, IscsiErr, PingStatus};
use driver_sys::netlink::{Bytes, Event, Pdu};

use super::Class;

impl Class {
    /// Multicasts an event of a transport; `false` when nobody listens.
    pub(super) fn multicast(&mut self, handle: u64, event: &Event) -> bool {
        self.env.multicast(event.group(), event.encode(handle))
    }

    /// A message of a host's driver to the network helper; `false` when nobody listens (`iscsi_offload_mesg`).
    pub(crate) fn offload_mesg(&mut self, host_no: u32, event: &Event) -> bool {
        let handle = self.handle_of(host_no);
        handle.is_some_and(|handle| self.multicast(handle, event))
    }

    /// Something that happened to a session.
    pub(super) fn session_event(&mut self, sid: u32, event: &Event) {
        if let Some(handle) = self.sessions.get(&sid).map(|s| s.handle) {
            self.multicast(handle, event);
        }
    }

    pub(super) fn conn_error_event(&mut self, sid: u32, error: IscsiErr) {
        let cid = self.conn(sid).map_or(0, |c| c.cid);
        self.session_event(sid, &Event::ConnError { sid, cid, error });
    }

    /// A login went well or did not.
    pub(crate) fn conn_login_event(&mut self, sid: u32, state: ConnState) {
        let cid = self.conn(sid).map_or(0, |c| c.cid);
        self.session_event(sid, &Event::ConnLoginState { sid, cid, state });
    }

    /// Something happened to a host, with the driver's data.
    pub(crate) fn host_event(&mut self, host_no: u32, code: HostEventCode, data: &[u8]) {
        if let Some(handle) = self.handle_of(host_no) {
            let data = Bytes::new(data);
            self.multicast(handle, &Event::HostEvent { host_no, code, data });
        }
    }

    /// A ping of a host was answered, or was not; with the driver's data.
    pub(crate) fn ping_done(&mut self, host_no: u32, status: PingStatus, id: u32, data: &[u8]) {
        if let Some(handle) = self.handle_of(host_no) {
            let event = Event::PingComplete {
                host_no,
                status,
                id,
                data: Bytes::new(data),
            };
            self.multicast(handle, &event);
        }
    }

    /// A PDU for user space came over a session's connection; `false` when nobody listens (`iscsi_recv_pdu`).
    pub(crate) fn recv_pdu(&mut self, sid: u32, header: [u8; 48], data: Vec<u8>) -> bool {
        let Some((cid, handle)) = self
            .sessions
            .get(&sid)
            .and_then(|s| Some((s.conn.as_ref()?.cid, s.handle)))
        else {
            return false;
        };
        let event = Event::RecvPdu {
            sid,
            cid,
            // 6.1 leaves it empty.
            recv_handle: 0,
            pdu: Pdu {
                header: Bytes::new(header),
                data: Bytes::new(data),
            },
        };
        self.multicast(handle, &event)
    }
}
