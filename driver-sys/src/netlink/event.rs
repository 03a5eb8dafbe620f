//! What the kernel multicasts: events 101–111, and the answers to GET_STATS, GET_CHAP and GET_HOST_STATS, a row each.
//!
//! All of them carry `nlmsg_type` 0, and whoever listens to the group receives them, whoever asked. An event says what happened in
//! the union `r`; an answer carries its request's union `u`. Source: `iscsi_if.h`; `scsi_transport_iscsi.c`, `iscsi_recv_pdu`,
//! `iscsi_offload_mesg`, `iscsi_*_event`, `iscsi_if_get_stats`, `iscsi_get_chap`, `iscsi_get_host_stats`.

use super::body::Body;
use super::bytes::Bytes;
use super::chap::ChapPage;
use super::code::{ConnState, GROUP_ISCSID, GROUP_UIP, HostEventCode, IscsiErr, PingStatus};
use super::error::DecodeError;
use super::frame::{self, Header};
use super::path::Path;
use super::raw::*;
use super::rows::messages;
use super::stats::{HostStats, SessionStats};
use super::value::Pdu;

messages! {
    /// What a multicast message is (`iscsi_uevent.type`).
    pub enum Kevent: u32;
    /// The multicast group that receives it, as a bit of `nl_groups`.
    pub fn group -> u32, or GROUP_ISCSID;

    /// A multicast message of the kernel. `sid`, `cid` and `host_no` are its numbers of session, connection and host.
    pub enum Event;

    /// Statistics of a connection: the answer to GET_STATS.
    Stats = 20 "ISCSI_UEVENT_GET_STATS" -> GROUP_ISCSID:
        u.msg_conn { sid: u32, cid: u32 } + stats: Box<SessionStats>;
    /// CHAP entries: the answer to GET_CHAP.
    Chap = 33 "ISCSI_UEVENT_GET_CHAP" -> GROUP_ISCSID:
        u.msg_get_chap {} + page: ChapPage;
    /// Statistics of a host: the answer to GET_HOST_STATS.
    HostStats = 42 "ISCSI_UEVENT_GET_HOST_STATS" -> GROUP_ISCSID:
        u.msg_host { host_no: u32 } + stats: Box<HostStats>;
    /// A PDU for user space.
    RecvPdu = 101 "ISCSI_KEVENT_RECV_PDU" -> GROUP_ISCSID:
        r.msg_recv_req { sid: u32, cid: u32, recv_handle: u64 } + pdu: Pdu;
    /// A connection failed.
    ConnError = 102 "ISCSI_KEVENT_CONN_ERROR" -> GROUP_ISCSID:
        r.msg_conn_error { sid: u32, cid: u32, error: IscsiErr };
    /// A session is gone.
    SessionDestroyed = 104 "ISCSI_KEVENT_DESTROY_SESSION" -> GROUP_ISCSID:
        r.msg_host_session { host_no: u32, sid: u32 };
    /// The devices of a session are gone.
    SessionUnbound = 105 "ISCSI_KEVENT_UNBIND_SESSION" -> GROUP_ISCSID:
        r.msg_session_host { host_no: u32, sid: u32 };
    /// A session is there.
    SessionCreated = 106 "ISCSI_KEVENT_CREATE_SESSION" -> GROUP_ISCSID:
        r.msg_session_host { host_no: u32, sid: u32 };
    /// A path is needed.
    PathRequest = 107 "ISCSI_KEVENT_PATH_REQ" -> GROUP_UIP:
        r.msg_host { host_no: u32 } + path: Path, at least 64;
    /// An interface went down.
    IfDown = 108 "ISCSI_KEVENT_IF_DOWN" -> GROUP_UIP:
        r.msg_host { host_no: u32 };
    /// A login by the adapter made progress.
    ConnLoginState = 109 "ISCSI_KEVENT_CONN_LOGIN_STATE" -> GROUP_ISCSID:
        r.msg_conn_login { sid: u32, cid: u32, state: ConnState };
    /// Something happened to a host.
    HostEvent = 110 "ISCSI_KEVENT_HOST_EVENT" -> GROUP_ISCSID:
        r.msg_host_event { host_no: u32, code: HostEventCode } + data: Bytes;
    /// A ping is over; `id` is the request's.
    PingComplete = 111 "ISCSI_KEVENT_PING_COMP" -> GROUP_ISCSID:
        r.msg_ping_comp { host_no: u32, status: PingStatus, id: u32 = pid } + data: Bytes;
}

impl Event {
    /// `iscsi_uevent.type`.
    #[must_use]
    pub const fn kind(&self) -> u32 {
        self.code().raw()
    }

    /// The multicast group that receives it, as a bit of `nl_groups`.
    #[must_use]
    pub const fn group(&self) -> u32 {
        self.code().group()
    }

    /// The message, from the transport `handle`. It may be secret: the caller wipes it.
    #[must_use]
    pub fn encode(&self, transport_handle: u64) -> Vec<u8> {
        let mut ev = iscsi_uevent {
            r#type: self.kind(),
            transport_handle,
            ..Default::default()
        };
        let mut payload = self.fill(&mut ev);
        let padded = frame::align(payload.len());
        payload.resize(padded, 0);
        frame::join(0, 0, &ev, &payload)
    }

    /// Decodes one packet by its `iscsi_uevent.type`.
    ///
    /// # Errors
    /// [`DecodeError`] for a packet that is too short, or whose lengths contradict each other.
    pub fn decode(packet: &[u8]) -> Result<(Header, Self), DecodeError> {
        let (header, payload) = frame::split(packet)?;
        let event = Self::from_parts(&header, payload)?;
        Ok((header, event))
    }

    pub(crate) fn from_parts(header: &Header, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut body = Body::new(payload);
        let event = Self::read(header.event(), &header.uevent, &mut body);
        body.careful()?;
        Ok(event)
    }
}
