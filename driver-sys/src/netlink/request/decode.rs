//! Bytes to requests.

use super::Request;
use crate::netlink::addr::Destination;
use crate::netlink::attr::{self, Attr, Bytes};
use crate::netlink::code::{Discovery, IfaceType, StopFlag, Uevent};
use crate::netlink::error::{DecodeError, index};
use crate::netlink::frame::{self, Header};
use crate::netlink::params::{HostParam, IscsiParam};
use crate::netlink::path::Path;
use crate::netlink::raw::*;

/// Longest value of SET_PARAM and SET_HOST_PARAM, in bytes (the kernel's page size).
const MAX_PARAM: usize = 4096;

fn value<'a>(what: &'static str, payload: &'a [u8], claimed: u32) -> Result<&'a [u8], DecodeError> {
    let claimed = index(what, claimed)?;
    payload.get(..claimed).ok_or(DecodeError::Length {
        what,
        claimed,
        have: payload.len(),
    })
}

/// A value that the kernel treats as a C string of at most `claimed` bytes.
fn param_value(payload: &[u8], claimed: u32) -> Result<Bytes, DecodeError> {
    let bytes = value("parameter value", payload, claimed)?;
    if bytes.len() > MAX_PARAM {
        return Err(DecodeError::Length {
            what: "parameter value",
            claimed: bytes.len(),
            have: MAX_PARAM,
        });
    }
    Ok(Bytes::new(bytes))
}

/// A code that travels in 32 bits and is kept in 16.
fn narrow(what: &'static str, code: u32) -> Result<u16, DecodeError> {
    u16::try_from(code).map_err(|_| DecodeError::Value {
        what,
        value: code.into(),
    })
}

impl Request {
    /// Decodes one packet as the kernel would read it: `nlmsg_type` says which request it is, the header's
    /// `iscsi_uevent.type` is not looked at, bytes beyond the message are ignored.
    ///
    /// # Errors
    /// [`DecodeError`] for a packet that is too short, or whose lengths contradict each other.
    pub fn decode(packet: &[u8]) -> Result<(Header, Self), DecodeError> {
        let (header, payload) = frame::split(packet)?;
        let request = Self::from_parts(&header, payload)?;
        Ok((header, request))
    }

    fn from_parts(header: &Header, payload: &[u8]) -> Result<Self, DecodeError> {
        let ev = &header.uevent;
        Ok(match Uevent::from_raw(header.nlmsg_type) {
            Uevent::CreateSession => {
                let m: msg_create_session = ev.get_u();
                Self::CreateSession {
                    initial_cmdsn: m.initial_cmdsn,
                    cmds_max: m.cmds_max,
                    queue_depth: m.queue_depth,
                }
            }
            Uevent::CreateBoundSession => {
                let m: msg_create_bound_session = ev.get_u();
                Self::CreateBoundSession {
                    endpoint: m.ep_handle,
                    initial_cmdsn: m.initial_cmdsn,
                    cmds_max: m.cmds_max,
                    queue_depth: m.queue_depth,
                }
            }
            Uevent::DestroySession => Self::DestroySession {
                sid: ev.get_u::<msg_destroy_session>().sid,
            },
            Uevent::UnbindSession => Self::UnbindSession {
                sid: ev.get_u::<msg_destroy_session>().sid,
            },
            Uevent::DestroySessionAsync => Self::DestroySessionAsync {
                sid: ev.get_u::<msg_destroy_session>().sid,
            },
            kind @ (Uevent::CreateConn | Uevent::DestroyConn | Uevent::StartConn | Uevent::GetStats) => {
                let msg_conn { sid, cid } = ev.get_u();
                match kind {
                    Uevent::CreateConn => Self::CreateConn { sid, cid },
                    Uevent::DestroyConn => Self::DestroyConn { sid, cid },
                    Uevent::StartConn => Self::StartConn { sid, cid },
                    _ => Self::GetStats { sid, cid },
                }
            }
            Uevent::BindConn => {
                let m: msg_bind_conn = ev.get_u();
                Self::BindConn {
                    sid: m.sid,
                    cid: m.cid,
                    endpoint: m.transport_eph,
                    is_leading: m.is_leading != 0,
                }
            }
            Uevent::SetParam => {
                let m: msg_set_param = ev.get_u();
                let param = IscsiParam::from_raw(narrow("parameter", m.param)?);
                Self::SetParam {
                    sid: m.sid,
                    cid: m.cid,
                    attr: Attr::new(param, param_value(payload, m.len)?),
                }
            }
            Uevent::GetParam => {
                let m: msg_set_param = ev.get_u();
                let param = IscsiParam::from_raw(narrow("parameter", m.param)?);
                Self::GetParam {
                    sid: m.sid,
                    cid: m.cid,
                    param,
                }
            }
            Uevent::StopConn => {
                let m: msg_stop_conn = ev.get_u();
                let flag = StopFlag::from_raw(m.flag);
                Self::StopConn {
                    sid: m.sid,
                    cid: m.cid,
                    conn_handle: m.conn_handle,
                    flag,
                }
            }
            Uevent::SendPdu => {
                let m: msg_send_pdu = ev.get_u();
                let header = value("PDU header", payload, m.hdr_size)?;
                let rest = payload.get(header.len()..).unwrap_or_default();
                let data = value("PDU data", rest, m.data_size)?;
                Self::SendPdu {
                    sid: m.sid,
                    cid: m.cid,
                    header: Bytes::new(header),
                    data: Bytes::new(data),
                }
            }
            Uevent::EpConnect => {
                let m: msg_transport_connect = ev.get_u();
                Self::EpConnect {
                    non_blocking: m.non_blocking != 0,
                    to: Destination::decode(payload)?,
                }
            }
            Uevent::EpConnectThroughHost => {
                let m: msg_transport_connect_through_host = ev.get_u();
                let to = Destination::decode(payload)?;
                Self::EpConnectThroughHost {
                    host_no: m.host_no,
                    non_blocking: m.non_blocking != 0,
                    to,
                }
            }
            Uevent::EpPoll => {
                let m: msg_transport_poll = ev.get_u();
                Self::EpPoll {
                    endpoint: m.ep_handle,
                    timeout_ms: m.timeout_ms,
                }
            }
            Uevent::EpDisconnect => Self::EpDisconnect {
                endpoint: ev.get_u::<msg_transport_disconnect>().ep_handle,
            },
            Uevent::TgtDscvr => {
                let m: msg_tgt_dscvr = ev.get_u();
                Self::TgtDscvr {
                    method: Discovery::from_raw(m.r#type),
                    host_no: m.host_no,
                    enable: m.enable != 0,
                    to: Destination::decode(payload)?,
                }
            }
            Uevent::SetHostParam => {
                let m: msg_set_host_param = ev.get_u();
                let param = HostParam::from_raw(narrow("parameter", m.param)?);
                let attr = Attr::new(param, param_value(payload, m.len)?);
                Self::SetHostParam {
                    host_no: m.host_no,
                    attr,
                }
            }
            Uevent::PathUpdate => {
                let host_no = ev.get_u::<msg_host>().host_no;
                Self::PathUpdate {
                    host_no,
                    path: Path::decode(payload)?,
                }
            }
            Uevent::SetIfaceParams => {
                let host_no = ev.get_u::<msg_set_iface_params>().host_no;
                Self::SetIfaceParams {
                    host_no,
                    attrs: attr::decode_iface(payload)?,
                }
            }
            Uevent::Ping => {
                let m: msg_iscsi_ping = ev.get_u();
                let family = u8::try_from(m.iface_type).map_err(|_| DecodeError::Value {
                    what: "interface type",
                    value: m.iface_type.into(),
                })?;
                Self::Ping {
                    host_no: m.host_no,
                    iface_num: m.iface_num,
                    iface_type: IfaceType::from_raw(family),
                    payload_size: m.payload_size,
                    id: m.pid,
                    to: Destination::decode(payload)?,
                }
            }
            Uevent::GetChap => {
                let m: msg_get_chap = ev.get_u();
                Self::GetChap {
                    host_no: m.host_no,
                    num_entries: m.num_entries,
                    start: m.chap_tbl_idx,
                }
            }
            Uevent::DeleteChap => {
                let m: msg_delete_chap = ev.get_u();
                Self::DeleteChap {
                    host_no: m.host_no,
                    index: m.chap_tbl_idx,
                }
            }
            Uevent::SetFlashnodeParams => {
                let m: msg_set_flashnode_param = ev.get_u();
                let attrs = attr::decode(payload)?;
                Self::SetFlashnodeParams {
                    host_no: m.host_no,
                    index: m.flashnode_idx,
                    attrs,
                }
            }
            Uevent::NewFlashnode => {
                let m: msg_new_flashnode = ev.get_u();
                let portal_type = Bytes::new(value("portal type", payload, m.len)?);
                Self::NewFlashnode {
                    host_no: m.host_no,
                    portal_type,
                }
            }
            kind @ (Uevent::DelFlashnode | Uevent::LoginFlashnode | Uevent::LogoutFlashnode) => {
                let msg_flashnode {
                    host_no,
                    flashnode_idx: index,
                } = ev.get_u();
                match kind {
                    Uevent::DelFlashnode => Self::DelFlashnode { host_no, index },
                    Uevent::LoginFlashnode => Self::LoginFlashnode { host_no, index },
                    _ => Self::LogoutFlashnode { host_no, index },
                }
            }
            Uevent::LogoutFlashnodeSid => {
                let msg_host_session { host_no, sid } = ev.get_u();
                Self::LogoutFlashnodeSid { host_no, sid }
            }
            Uevent::SetChap => {
                let host_no = ev.get_u::<msg_host>().host_no;
                Self::SetChap {
                    host_no,
                    attrs: attr::decode(payload)?,
                }
            }
            Uevent::GetHostStats => Self::GetHostStats {
                host_no: ev.get_u::<msg_host>().host_no,
            },
            Uevent::Unknown(kind) => Self::Unknown {
                kind,
                u: ev.u,
                payload: Bytes::new(payload),
            },
        })
    }
}
