//! What the kernel multicasts: events 101–111, and the answers to GET_STATS, GET_CHAP and GET_HOST_STATS.
//!
//! All of them carry `nlmsg_type` 0, and whoever listens to the group receives them, whoever asked. Source:
//! `scsi_transport_iscsi.c`, `iscsi_recv_pdu`, `iscsi_offload_mesg`, `iscsi_*_event`, `iscsi_if_get_stats`,
//! `iscsi_get_chap`, `iscsi_get_host_stats`.

use zeroize::Zeroizing;

use super::attr::Bytes;
use super::chap::ChapPage;
use super::code::{ConnState, GROUP_ISCSID, GROUP_UIP, HostEventCode, IscsiErr, Kevent, PingStatus, Uevent};
use super::error::{DecodeError, index, take};
use super::frame::{self, Header};
use super::path::Path;
use super::raw::*;
use super::stats::{HostStats, SessionStats};

/// Length of an iSCSI basic header segment, in bytes.
const BHS: usize = 48;

/// A multicast message of the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "fields are the kernel's numbers of session, connection, host or carry its names"
)]
pub enum Event {
    /// A PDU for user space; `data` may have up to three bytes of padding at its end.
    RecvPdu {
        sid: u32,
        cid: u32,
        recv_handle: u64,
        header: Bytes,
        data: Bytes,
    },
    /// A connection failed.
    ConnError { sid: u32, cid: u32, error: IscsiErr },
    /// A request failed (only ever seen inside unicast answers).
    IfError { iferror: i32 },
    /// A session is gone.
    SessionDestroyed { host_no: u32, sid: u32 },
    /// The devices of a session are gone.
    SessionUnbound { host_no: u32, sid: u32 },
    /// A session is there.
    SessionCreated { host_no: u32, sid: u32 },
    /// A path is needed (group 2).
    PathRequest { host_no: u32, path: Path },
    /// An interface went down (group 2).
    IfDown { host_no: u32 },
    /// A login by the adapter made progress.
    ConnLoginState { sid: u32, cid: u32, state: ConnState },
    /// Something happened to a host.
    HostEvent {
        host_no: u32,
        code: HostEventCode,
        data: Bytes,
    },
    /// A ping is over; `id` is the request's.
    PingComplete {
        host_no: u32,
        status: PingStatus,
        id: u32,
        data: Bytes,
    },
    /// Answer to GET_STATS.
    Stats {
        sid: u32,
        cid: u32,
        stats: Box<SessionStats>,
    },
    /// Answer to GET_CHAP.
    Chap(ChapPage),
    /// Answer to GET_HOST_STATS.
    HostStats { host_no: u32, stats: Box<HostStats> },
    /// An event without a name here; kept as it came.
    Unknown {
        kind: u32,
        u: [u8; 24],
        r: [u8; 16],
        payload: Bytes,
    },
}

impl Event {
    /// `iscsi_uevent.type`.
    #[must_use]
    pub fn kind(&self) -> u32 {
        match self {
            Self::RecvPdu { .. } => Kevent::RecvPdu.raw(),
            Self::ConnError { .. } => Kevent::ConnError.raw(),
            Self::IfError { .. } => Kevent::IfError.raw(),
            Self::SessionDestroyed { .. } => Kevent::DestroySession.raw(),
            Self::SessionUnbound { .. } => Kevent::UnbindSession.raw(),
            Self::SessionCreated { .. } => Kevent::CreateSession.raw(),
            Self::PathRequest { .. } => Kevent::PathReq.raw(),
            Self::IfDown { .. } => Kevent::IfDown.raw(),
            Self::ConnLoginState { .. } => Kevent::ConnLoginState.raw(),
            Self::HostEvent { .. } => Kevent::HostEvent.raw(),
            Self::PingComplete { .. } => Kevent::PingComp.raw(),
            Self::Stats { .. } => Uevent::GetStats.raw().into(),
            Self::Chap(_) => Uevent::GetChap.raw().into(),
            Self::HostStats { .. } => Uevent::GetHostStats.raw().into(),
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// The multicast group that receives it, as a bit of `nl_groups`.
    #[must_use]
    pub const fn group(&self) -> u32 {
        match self {
            Self::PathRequest { .. } | Self::IfDown { .. } => GROUP_UIP,
            _ => GROUP_ISCSID,
        }
    }

    /// The message, from the transport `handle`.
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

    fn fill(&self, ev: &mut iscsi_uevent) -> Zeroizing<Vec<u8>> {
        match self {
            Self::RecvPdu {
                sid,
                cid,
                recv_handle,
                header,
                data,
            } => {
                ev.put_r(msg_recv_req {
                    sid: *sid,
                    cid: *cid,
                    recv_handle: *recv_handle,
                });
                let mut payload = header.as_slice().to_vec();
                payload.resize(BHS, 0);
                payload.extend_from_slice(data.as_slice());
                return payload.into();
            }
            Self::ConnError { sid, cid, error } => {
                ev.put_r(msg_conn_error {
                    sid: *sid,
                    cid: *cid,
                    error: error.raw(),
                });
            }
            Self::IfError { iferror } => ev.iferror = u32::from_ne_bytes(iferror.to_ne_bytes()),
            Self::SessionDestroyed { host_no, sid } => {
                ev.put_r(msg_host_session {
                    host_no: *host_no,
                    sid: *sid,
                });
            }
            Self::SessionUnbound { host_no, sid } | Self::SessionCreated { host_no, sid } => {
                ev.put_r(msg_session_host {
                    sid: *sid,
                    host_no: *host_no,
                });
            }
            Self::PathRequest { host_no, path } => {
                ev.put_r(msg_host { host_no: *host_no });
                return path.encode().into();
            }
            Self::IfDown { host_no } => ev.put_r(msg_host { host_no: *host_no }),
            Self::ConnLoginState { sid, cid, state } => {
                ev.put_r(msg_conn_login {
                    sid: *sid,
                    cid: *cid,
                    state: state.raw(),
                });
            }
            Self::HostEvent { host_no, code, data } => {
                let data = data.as_slice();
                let data_size = u32::try_from(data.len()).unwrap_or(u32::MAX);
                ev.put_r(msg_host_event {
                    host_no: *host_no,
                    data_size,
                    code: code.raw(),
                });
                return data.to_vec().into();
            }
            Self::PingComplete {
                host_no,
                status,
                id,
                data,
            } => {
                let data = data.as_slice();
                let data_size = u32::try_from(data.len()).unwrap_or(u32::MAX);
                ev.put_r(msg_ping_comp {
                    host_no: *host_no,
                    status: status.raw(),
                    pid: *id,
                    data_size,
                });
                return data.to_vec().into();
            }
            Self::Stats { sid, cid, stats } => {
                ev.put_u(msg_conn { sid: *sid, cid: *cid });
                return stats.encode().into();
            }
            Self::Chap(page) => {
                let num_entries = u32::try_from(page.records.len()).unwrap_or(u32::MAX);
                ev.put_u(msg_get_chap {
                    host_no: page.host_no,
                    num_entries,
                    chap_tbl_idx: page.start,
                    _pad: 0,
                });
                return page.encode_payload();
            }
            Self::HostStats { host_no, stats } => {
                ev.put_u(msg_host { host_no: *host_no });
                return stats.encode().into();
            }
            Self::Unknown { u, r, payload, .. } => {
                ev.u = *u;
                ev.r = *r;
                return payload.as_slice().to_vec().into();
            }
        }
        Zeroizing::default()
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
        let ev = &header.uevent;
        let answer = u16::try_from(ev.r#type).map_or(Uevent::Unknown(0), Uevent::from_raw);
        match answer {
            Uevent::GetStats => {
                let msg_conn { sid, cid } = ev.get_u();
                return Ok(Self::Stats {
                    sid,
                    cid,
                    stats: Box::new(SessionStats::decode(payload)?),
                });
            }
            Uevent::GetChap => {
                let m: msg_get_chap = ev.get_u();
                let page = ChapPage::decode_payload(m.host_no, m.chap_tbl_idx, m.num_entries, payload)?;
                return Ok(Self::Chap(page));
            }
            Uevent::GetHostStats => {
                let host_no = ev.get_u::<msg_host>().host_no;
                return Ok(Self::HostStats {
                    host_no,
                    stats: Box::new(HostStats::decode(payload)?),
                });
            }
            _ => {}
        }
        let data = |size: u32| {
            let size = index("event data", size)?;
            let data = payload.get(..size).ok_or(DecodeError::Length {
                what: "event data",
                claimed: size,
                have: payload.len(),
            })?;
            Ok(Bytes::new(data))
        };
        Ok(match Kevent::from_raw(ev.r#type) {
            Kevent::RecvPdu => {
                let m: msg_recv_req = ev.get_r();
                let header = take("PDU header", payload, BHS)?;
                Self::RecvPdu {
                    sid: m.sid,
                    cid: m.cid,
                    recv_handle: m.recv_handle,
                    header: Bytes::new(header),
                    data: Bytes::new(payload.get(BHS..).unwrap_or_default()),
                }
            }
            Kevent::ConnError => {
                let m: msg_conn_error = ev.get_r();
                Self::ConnError {
                    sid: m.sid,
                    cid: m.cid,
                    error: IscsiErr::from_raw(m.error),
                }
            }
            Kevent::IfError => Self::IfError {
                iferror: header.iferror(),
            },
            Kevent::DestroySession => {
                let msg_host_session { host_no, sid } = ev.get_r();
                Self::SessionDestroyed { host_no, sid }
            }
            Kevent::UnbindSession => {
                let msg_session_host { sid, host_no } = ev.get_r();
                Self::SessionUnbound { host_no, sid }
            }
            Kevent::CreateSession => {
                let msg_session_host { sid, host_no } = ev.get_r();
                Self::SessionCreated { host_no, sid }
            }
            Kevent::PathReq => {
                let host_no = ev.get_r::<msg_host>().host_no;
                Self::PathRequest {
                    host_no,
                    path: Path::decode(payload)?,
                }
            }
            Kevent::IfDown => Self::IfDown {
                host_no: ev.get_r::<msg_host>().host_no,
            },
            Kevent::ConnLoginState => {
                let m: msg_conn_login = ev.get_r();
                Self::ConnLoginState {
                    sid: m.sid,
                    cid: m.cid,
                    state: ConnState::from_raw(m.state),
                }
            }
            Kevent::HostEvent => {
                let m: msg_host_event = ev.get_r();
                let code = HostEventCode::from_raw(m.code);
                Self::HostEvent {
                    host_no: m.host_no,
                    code,
                    data: data(m.data_size)?,
                }
            }
            Kevent::PingComp => {
                let m: msg_ping_comp = ev.get_r();
                let (status, data) = (PingStatus::from_raw(m.status), data(m.data_size)?);
                Self::PingComplete {
                    host_no: m.host_no,
                    status,
                    id: m.pid,
                    data,
                }
            }
            Kevent::Unknown(kind) => Self::Unknown {
                kind,
                u: ev.u,
                r: ev.r,
                payload: Bytes::new(payload),
            },
        })
    }
}
