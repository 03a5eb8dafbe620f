//! Every request that user space sends: uevents 11–43, a row each.
//!
//! Owns which request has which number, union, payload and answer, and the two ways to read one: carefully, and as the kernel
//! does. Source: `iscsi_if.h`, `enum iscsi_uevent_e`, `struct iscsi_uevent`; `scsi_transport_iscsi.c`, `iscsi_if_recv_msg`.

use nix::errno::Errno;

use super::addr::Destination;
use super::attr::{Attr, IfaceAttr};
use super::body::Body;
use super::bytes::Bytes;
use super::code::{Discovery, IfaceType, StopFlag};
use super::error::DecodeError;
use super::frame::{self, Header};
use super::params::{ChapParam, FlashnodeParam, HostParam, IscsiParam};
use super::path::Path;
use super::raw::*;
use super::reply::Answer::{self, Code, Conn, Endpoint, Event, Flashnode, Nothing, Session};
use super::rows::messages;
use super::value::Pdu;

messages! {
    /// A request to the kernel; also the `nlmsg_type` of its answer.
    pub enum Uevent: u16;
    /// How it is answered.
    pub fn answer -> Answer, or Nothing;

    /// A request to the kernel.
    ///
    /// `sid`, `cid` and `host_no` are the kernel's numbers of session, connection and host; `Debug` hides the values of secret
    /// parameters and the contents of PDUs.
    pub enum Request;

    /// Create a session. Sequence number, commands and queue depth are proposals.
    CreateSession = 11 "ISCSI_UEVENT_CREATE_SESSION" -> Session:
        u.msg_create_session { initial_cmdsn: u32, cmds_max: u16, queue_depth: u16 };
    /// Destroy a session; EBUSY while it has connections.
    DestroySession = 12 "ISCSI_UEVENT_DESTROY_SESSION" -> Nothing:
        u.msg_destroy_session { sid: u32 };
    /// Create a connection.
    CreateConn = 13 "ISCSI_UEVENT_CREATE_CONN" -> Conn:
        u.msg_conn { sid: u32, cid: u32 };
    /// Destroy a connection.
    DestroyConn = 14 "ISCSI_UEVENT_DESTROY_CONN" -> Nothing:
        u.msg_conn { sid: u32, cid: u32 };
    /// Bind a connection to a connected endpoint (or, for iscsi_tcp, a socket).
    BindConn = 15 "ISCSI_UEVENT_BIND_CONN" -> Code:
        u.msg_bind_conn { sid: u32, cid: u32, endpoint: u64 = transport_eph, is_leading: bool };
    /// Set a session or connection parameter; the value is NUL-terminated text.
    SetParam = 16 "ISCSI_UEVENT_SET_PARAM" -> Nothing:
        u.msg_set_param { sid: u32, cid: u32 } + attr: Attr<IscsiParam>;
    /// Start a connection.
    StartConn = 17 "ISCSI_UEVENT_START_CONN" -> Code:
        u.msg_conn { sid: u32, cid: u32 };
    /// Stop a connection.
    StopConn = 18 "ISCSI_UEVENT_STOP_CONN" -> Nothing:
        u.msg_stop_conn { sid: u32, cid: u32, conn_handle: u64, flag: StopFlag };
    /// Send a login, text or other control PDU.
    SendPdu = 19 "ISCSI_UEVENT_SEND_PDU" -> Code:
        u.msg_send_pdu { sid: u32, cid: u32 } + pdu: Pdu;
    /// Statistics of a connection; the answer is [`super::Event::Stats`].
    GetStats = 20 "ISCSI_UEVENT_GET_STATS" -> Event:
        u.msg_conn { sid: u32, cid: u32 };
    /// No kernel implements it.
    GetParam = 21 "ISCSI_UEVENT_GET_PARAM" -> Nothing:
        u.msg_set_param { sid: u32, cid: u32, param: IscsiParam };
    /// Connect an endpoint.
    EpConnect = 22 "ISCSI_UEVENT_TRANSPORT_EP_CONNECT" -> Endpoint:
        u.msg_transport_connect { non_blocking: bool } + to: Destination, at least 16;
    /// Wait for an endpoint, milliseconds.
    EpPoll = 23 "ISCSI_UEVENT_TRANSPORT_EP_POLL" -> Code:
        u.msg_transport_poll { endpoint: u64 = ep_handle, timeout_ms: u32 };
    /// Disconnect an endpoint.
    EpDisconnect = 24 "ISCSI_UEVENT_TRANSPORT_EP_DISCONNECT" -> Nothing:
        u.msg_transport_disconnect { endpoint: u64 = ep_handle };
    /// Discover targets in the adapter.
    TgtDscvr = 25 "ISCSI_UEVENT_TGT_DSCVR" -> Nothing:
        u.msg_tgt_dscvr { method: Discovery = r#type, host_no: u32, enable: bool } + to: Destination, at least 16;
    /// Set a host parameter; the value is NUL-terminated text.
    SetHostParam = 26 "ISCSI_UEVENT_SET_HOST_PARAM" -> Nothing:
        u.msg_set_host_param { host_no: u32 } + attr: Attr<HostParam>;
    /// Remove the devices of a session.
    UnbindSession = 27 "ISCSI_UEVENT_UNBIND_SESSION" -> Nothing:
        u.msg_destroy_session { sid: u32 };
    /// Create a session on an endpoint.
    CreateBoundSession = 28 "ISCSI_UEVENT_CREATE_BOUND_SESSION" -> Session:
        u.msg_create_bound_session { endpoint: u64 = ep_handle, initial_cmdsn: u32, cmds_max: u16, queue_depth: u16 };
    /// Connect an endpoint through a host.
    EpConnectThroughHost = 29 "ISCSI_UEVENT_TRANSPORT_EP_CONNECT_THROUGH_HOST" -> Endpoint:
        u.msg_transport_connect_through_host { host_no: u32, non_blocking: bool } + to: Destination, at least 16;
    /// Answer a path request.
    PathUpdate = 30 "ISCSI_UEVENT_PATH_UPDATE" -> Nothing:
        u.msg_host { host_no: u32 } + path: Path, at least 64;
    /// Set interface parameters, all of them in one flash write.
    SetIfaceParams = 31 "ISCSI_UEVENT_SET_IFACE_PARAMS" -> Nothing:
        u.msg_set_iface_params { host_no: u32 } + attrs: Vec<IfaceAttr>;
    /// Ping from an interface; the answer comes as [`super::Event::PingComplete`] with the same `id`.
    Ping = 32 "ISCSI_UEVENT_PING" -> Nothing:
        u.msg_iscsi_ping { host_no: u32, iface_num: u32, iface_type: IfaceType, payload_size: u32, id: u32 = pid }
        + to: Destination, at least 16;
    /// CHAP entries from `start` on; the answer is [`super::Event::Chap`].
    GetChap = 33 "ISCSI_UEVENT_GET_CHAP" -> Event:
        u.msg_get_chap { host_no: u32, num_entries: u32, start: u16 = chap_tbl_idx };
    /// Delete a CHAP entry.
    DeleteChap = 34 "ISCSI_UEVENT_DELETE_CHAP" -> Nothing:
        u.msg_delete_chap { host_no: u32, index: u16 = chap_tbl_idx };
    /// Set flash node parameters, all of them in one flash write.
    SetFlashnodeParams = 35 "ISCSI_UEVENT_SET_FLASHNODE_PARAMS" -> Nothing:
        u.msg_set_flashnode_param { host_no: u32, index: u32 = flashnode_idx } + attrs: Vec<Attr<FlashnodeParam>>;
    /// Add a flash node; `portal_type` is `ipv4` or `ipv6`.
    NewFlashnode = 36 "ISCSI_UEVENT_NEW_FLASHNODE" -> Flashnode:
        u.msg_new_flashnode { host_no: u32 } + portal_type: Bytes;
    /// Delete a flash node.
    DelFlashnode = 37 "ISCSI_UEVENT_DEL_FLASHNODE" -> Nothing:
        u.msg_flashnode { host_no: u32, index: u32 = flashnode_idx };
    /// Log in to a flash node.
    LoginFlashnode = 38 "ISCSI_UEVENT_LOGIN_FLASHNODE" -> Nothing:
        u.msg_flashnode { host_no: u32, index: u32 = flashnode_idx };
    /// Log out of a flash node.
    LogoutFlashnode = 39 "ISCSI_UEVENT_LOGOUT_FLASHNODE" -> Nothing:
        u.msg_flashnode { host_no: u32, index: u32 = flashnode_idx };
    /// Log out of a session that a flash node made.
    LogoutFlashnodeSid = 40 "ISCSI_UEVENT_LOGOUT_FLASHNODE_SID" -> Nothing:
        u.msg_host_session { host_no: u32, sid: u32 };
    /// Add or change a CHAP entry.
    SetChap = 41 "ISCSI_UEVENT_SET_CHAP" -> Nothing:
        u.msg_host { host_no: u32 } + attrs: Vec<Attr<ChapParam>>;
    /// Statistics of a host; the answer is [`super::Event::HostStats`].
    GetHostStats = 42 "ISCSI_UEVENT_GET_HOST_STATS" -> Event:
        u.msg_host { host_no: u32 };
    /// Destroy a session later.
    DestroySessionAsync = 43 "ISCSI_UEVENT_DESTROY_SESSION_ASYNC" -> Nothing:
        u.msg_destroy_session { sid: u32 };
}

/// A request as the kernel reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What stands before the payload; the answer is made of it ([`super::Reply::to`]).
    pub header: Header,
    /// The request, with as much of its payload as the kernel sees.
    pub request: Request,
    /// What the kernel answers when it comes to the payload: it looks at the transport's handle and at some objects before that.
    pub fault: Option<Errno>,
}

impl Request {
    /// The request's number, which is also the `nlmsg_type` of its answer.
    #[must_use]
    pub const fn kind(&self) -> Uevent {
        self.code()
    }

    /// Whether the answer is multicast as an [`super::Event`] instead of a [`super::Reply`] (errors are always replies).
    #[must_use]
    pub const fn answered_by_event(&self) -> bool {
        matches!(self.kind().answer(), Event)
    }

    /// The message: `nlmsghdr` with `pid` as sender, `iscsi_uevent` for the transport `handle`, payload. It may be secret: the
    /// caller wipes it.
    #[must_use]
    pub fn encode(&self, transport_handle: u64, pid: u32) -> Vec<u8> {
        let kind = self.kind().raw();
        let mut ev = iscsi_uevent {
            r#type: kind.into(),
            transport_handle,
            ..Default::default()
        };
        let payload = self.fill(&mut ev);
        frame::join(kind, pid, &ev, &payload)
    }

    /// Decodes one packet carefully. `nlmsg_type` says which request it is, the header's `iscsi_uevent.type` is not looked at,
    /// bytes beyond the message are ignored.
    ///
    /// # Errors
    /// [`DecodeError`] for a packet that is too short, or whose lengths contradict each other.
    pub fn decode(packet: &[u8]) -> Result<(Header, Self), DecodeError> {
        let (header, payload) = frame::split(packet)?;
        let mut body = Body::new(payload);
        let request = Self::read(header.nlmsg_type, &header.uevent, &mut body);
        body.careful()?;
        Ok((header, request))
    }

    /// Decodes one packet as the kernel does: it reads the members of any message that is long enough for them, walks attributes up
    /// to the first lie, cuts a value to what is there, and says what it would refuse.
    ///
    /// # Errors
    /// [`DecodeError`] for a packet that the kernel does not even look at, and answers nothing.
    pub fn hear(packet: &[u8]) -> Result<Heard, DecodeError> {
        let (header, payload) = frame::split(packet)?;
        let mut body = Body::new(payload);
        let request = Self::read(header.nlmsg_type, &header.uevent, &mut body);
        Ok(Heard {
            header,
            request,
            fault: body.kernels(),
        })
    }
}
