//! Every request that user space sends: uevents 11–43.
//!
//! Owns the typed form; [`encode`] and [`decode`] own the bytes. Source: `iscsi_if.h`, `struct iscsi_uevent`;
//! `scsi_transport_iscsi.c`, `iscsi_if_recv_msg`.

mod decode;
mod encode;

use super::addr::Destination;
use super::attr::{Attr, Bytes, IfaceAttr};
use super::code::{Discovery, IfaceType, StopFlag, Uevent};
use super::params::{ChapParam, FlashnodeParam, HostParam, IscsiParam};
use super::path::Path;

/// A request to the kernel.
///
/// `sid`, `cid` and `host_no` are the kernel's numbers of session, connection and host; `Debug` hides the values of
/// secret parameters and the contents of PDUs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "fields are the ids named above or carry the kernel's names"
)]
pub enum Request {
    /// Create a session. Sequence number, commands and queue depth are proposals.
    CreateSession {
        initial_cmdsn: u32,
        cmds_max: u16,
        queue_depth: u16,
    },
    /// Destroy a session; EBUSY while it has connections.
    DestroySession { sid: u32 },
    /// Create a connection.
    CreateConn { sid: u32, cid: u32 },
    /// Destroy a connection.
    DestroyConn { sid: u32, cid: u32 },
    /// Bind a connection to a connected endpoint (or, for iscsi_tcp, a socket).
    BindConn {
        sid: u32,
        cid: u32,
        endpoint: u64,
        is_leading: bool,
    },
    /// Set a parameter; the value is NUL-terminated text.
    SetParam {
        sid: u32,
        cid: u32,
        attr: Attr<IscsiParam>,
    },
    /// Start a connection.
    StartConn { sid: u32, cid: u32 },
    /// Stop a connection.
    StopConn {
        sid: u32,
        cid: u32,
        conn_handle: u64,
        flag: StopFlag,
    },
    /// Send a login, text or other control PDU.
    SendPdu {
        sid: u32,
        cid: u32,
        header: Bytes,
        data: Bytes,
    },
    /// Statistics; the answer is [`super::Event::Stats`].
    GetStats { sid: u32, cid: u32 },
    /// No kernel implements it.
    GetParam { sid: u32, cid: u32, param: IscsiParam },
    /// Connect an endpoint.
    EpConnect { non_blocking: bool, to: Destination },
    /// Wait for an endpoint, milliseconds.
    EpPoll { endpoint: u64, timeout_ms: u32 },
    /// Disconnect an endpoint.
    EpDisconnect { endpoint: u64 },
    /// Discovery by the adapter.
    TgtDscvr {
        method: Discovery,
        host_no: u32,
        enable: bool,
        to: Destination,
    },
    /// Set a host parameter; the value is NUL-terminated text.
    SetHostParam { host_no: u32, attr: Attr<HostParam> },
    /// Remove a session's devices.
    UnbindSession { sid: u32 },
    /// Create a session on an endpoint.
    CreateBoundSession {
        endpoint: u64,
        initial_cmdsn: u32,
        cmds_max: u16,
        queue_depth: u16,
    },
    /// Connect an endpoint through a host.
    EpConnectThroughHost {
        host_no: u32,
        non_blocking: bool,
        to: Destination,
    },
    /// Answer a path request.
    PathUpdate { host_no: u32, path: Path },
    /// Set interface parameters, all of them in one flash write.
    SetIfaceParams { host_no: u32, attrs: Vec<IfaceAttr> },
    /// Ping; the answer comes as [`super::Event::PingComplete`] with the same `id`.
    Ping {
        host_no: u32,
        iface_num: u32,
        iface_type: IfaceType,
        payload_size: u32,
        id: u32,
        to: Destination,
    },
    /// CHAP entries from `start` on; the answer is [`super::Event::Chap`].
    GetChap {
        host_no: u32,
        num_entries: u32,
        start: u16,
    },
    /// Delete a CHAP entry.
    DeleteChap { host_no: u32, index: u16 },
    /// Set flash node parameters, all of them in one flash write.
    SetFlashnodeParams {
        host_no: u32,
        index: u32,
        attrs: Vec<Attr<FlashnodeParam>>,
    },
    /// Add a flash node; `portal_type` is `ipv4` or `ipv6`.
    NewFlashnode { host_no: u32, portal_type: Bytes },
    /// Delete a flash node.
    DelFlashnode { host_no: u32, index: u32 },
    /// Log in to a flash node.
    LoginFlashnode { host_no: u32, index: u32 },
    /// Log out of a flash node.
    LogoutFlashnode { host_no: u32, index: u32 },
    /// Log out of a session that a flash node made.
    LogoutFlashnodeSid { host_no: u32, sid: u32 },
    /// Add or change a CHAP entry.
    SetChap {
        host_no: u32,
        attrs: Vec<Attr<ChapParam>>,
    },
    /// Statistics of a host; the answer is [`super::Event::HostStats`].
    GetHostStats { host_no: u32 },
    /// Destroy a session later.
    DestroySessionAsync { sid: u32 },
    /// A request without a name here; kept as it came.
    Unknown { kind: u16, u: [u8; 24], payload: Bytes },
}

impl Request {
    /// The request's number, which is also the `nlmsg_type` of its answer.
    #[must_use]
    pub const fn kind(&self) -> Uevent {
        match self {
            Self::CreateSession { .. } => Uevent::CreateSession,
            Self::DestroySession { .. } => Uevent::DestroySession,
            Self::CreateConn { .. } => Uevent::CreateConn,
            Self::DestroyConn { .. } => Uevent::DestroyConn,
            Self::BindConn { .. } => Uevent::BindConn,
            Self::SetParam { .. } => Uevent::SetParam,
            Self::StartConn { .. } => Uevent::StartConn,
            Self::StopConn { .. } => Uevent::StopConn,
            Self::SendPdu { .. } => Uevent::SendPdu,
            Self::GetStats { .. } => Uevent::GetStats,
            Self::GetParam { .. } => Uevent::GetParam,
            Self::EpConnect { .. } => Uevent::EpConnect,
            Self::EpPoll { .. } => Uevent::EpPoll,
            Self::EpDisconnect { .. } => Uevent::EpDisconnect,
            Self::TgtDscvr { .. } => Uevent::TgtDscvr,
            Self::SetHostParam { .. } => Uevent::SetHostParam,
            Self::UnbindSession { .. } => Uevent::UnbindSession,
            Self::CreateBoundSession { .. } => Uevent::CreateBoundSession,
            Self::EpConnectThroughHost { .. } => Uevent::EpConnectThroughHost,
            Self::PathUpdate { .. } => Uevent::PathUpdate,
            Self::SetIfaceParams { .. } => Uevent::SetIfaceParams,
            Self::Ping { .. } => Uevent::Ping,
            Self::GetChap { .. } => Uevent::GetChap,
            Self::DeleteChap { .. } => Uevent::DeleteChap,
            Self::SetFlashnodeParams { .. } => Uevent::SetFlashnodeParams,
            Self::NewFlashnode { .. } => Uevent::NewFlashnode,
            Self::DelFlashnode { .. } => Uevent::DelFlashnode,
            Self::LoginFlashnode { .. } => Uevent::LoginFlashnode,
            Self::LogoutFlashnode { .. } => Uevent::LogoutFlashnode,
            Self::LogoutFlashnodeSid { .. } => Uevent::LogoutFlashnodeSid,
            Self::SetChap { .. } => Uevent::SetChap,
            Self::GetHostStats { .. } => Uevent::GetHostStats,
            Self::DestroySessionAsync { .. } => Uevent::DestroySessionAsync,
            Self::Unknown { kind, .. } => Uevent::from_raw(*kind),
        }
    }

    /// Whether the answer is multicast as an [`super::Event`] instead of a [`super::Reply`] (errors are always replies).
    #[must_use]
    pub const fn answered_by_event(&self) -> bool {
        matches!(
            self,
            Self::GetStats { .. } | Self::GetChap { .. } | Self::GetHostStats { .. }
        )
    }
}
