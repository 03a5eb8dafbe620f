//! Requests to bytes.

use zeroize::Zeroizing;

use super::Request;
use crate::netlink::attr;
use crate::netlink::frame;
use crate::netlink::raw::*;

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

impl Request {
    /// The message: `nlmsghdr` with `pid` as sender, `iscsi_uevent` for the transport `handle`, payload. It may be secret: the caller wipes it.
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

    fn fill(&self, ev: &mut iscsi_uevent) -> Zeroizing<Vec<u8>> {
        match self {
            Self::CreateSession {
                initial_cmdsn,
                cmds_max,
                queue_depth,
            } => ev.put_u(msg_create_session {
                initial_cmdsn: *initial_cmdsn,
                cmds_max: *cmds_max,
                queue_depth: *queue_depth,
            }),
            Self::CreateBoundSession {
                endpoint,
                initial_cmdsn,
                cmds_max,
                queue_depth,
            } => {
                ev.put_u(msg_create_bound_session {
                    ep_handle: *endpoint,
                    initial_cmdsn: *initial_cmdsn,
                    cmds_max: *cmds_max,
                    queue_depth: *queue_depth,
                });
            }
            Self::DestroySession { sid }
            | Self::UnbindSession { sid }
            | Self::DestroySessionAsync { sid } => {
                ev.put_u(msg_destroy_session { sid: *sid });
            }
            Self::CreateConn { sid, cid }
            | Self::DestroyConn { sid, cid }
            | Self::StartConn { sid, cid }
            | Self::GetStats { sid, cid } => ev.put_u(msg_conn { sid: *sid, cid: *cid }),
            Self::BindConn {
                sid,
                cid,
                endpoint,
                is_leading,
            } => ev.put_u(msg_bind_conn {
                sid: *sid,
                cid: *cid,
                transport_eph: *endpoint,
                is_leading: u32::from(*is_leading),
                _pad: 0,
            }),
            Self::SetParam { sid, cid, attr } => {
                let value = attr.value.as_slice();
                let (param, len) = (attr.param.raw().into(), len(value));
                ev.put_u(msg_set_param {
                    sid: *sid,
                    cid: *cid,
                    param,
                    len,
                });
                return value.to_vec().into();
            }
            Self::GetParam { sid, cid, param } => {
                ev.put_u(msg_set_param {
                    sid: *sid,
                    cid: *cid,
                    param: param.raw().into(),
                    len: 0,
                });
            }
            Self::StopConn {
                sid,
                cid,
                conn_handle,
                flag,
            } => ev.put_u(msg_stop_conn {
                sid: *sid,
                cid: *cid,
                conn_handle: *conn_handle,
                flag: flag.raw(),
                _pad: 0,
            }),
            Self::SendPdu {
                sid,
                cid,
                header,
                data,
            } => {
                let (header, data) = (header.as_slice(), data.as_slice());
                let sizes = (len(header), len(data));
                ev.put_u(msg_send_pdu {
                    sid: *sid,
                    cid: *cid,
                    hdr_size: sizes.0,
                    data_size: sizes.1,
                });
                return [header, data].concat().into();
            }
            Self::EpConnect { non_blocking, to } => {
                ev.put_u(msg_transport_connect {
                    non_blocking: u32::from(*non_blocking),
                });
                return to.encode().into();
            }
            Self::EpConnectThroughHost {
                host_no,
                non_blocking,
                to,
            } => {
                ev.put_u(msg_transport_connect_through_host {
                    host_no: *host_no,
                    non_blocking: u32::from(*non_blocking),
                });
                return to.encode().into();
            }
            Self::EpPoll { endpoint, timeout_ms } => {
                ev.put_u(msg_transport_poll {
                    ep_handle: *endpoint,
                    timeout_ms: *timeout_ms,
                    _pad: 0,
                });
            }
            Self::EpDisconnect { endpoint } => ev.put_u(msg_transport_disconnect { ep_handle: *endpoint }),
            Self::TgtDscvr {
                method,
                host_no,
                enable,
                to,
            } => {
                let enable = u32::from(*enable);
                ev.put_u(msg_tgt_dscvr {
                    r#type: method.raw(),
                    host_no: *host_no,
                    enable,
                });
                return to.encode().into();
            }
            Self::SetHostParam { host_no, attr } => {
                let value = attr.value.as_slice();
                let (param, len) = (attr.param.raw().into(), len(value));
                ev.put_u(msg_set_host_param {
                    host_no: *host_no,
                    param,
                    len,
                });
                return value.to_vec().into();
            }
            Self::PathUpdate { host_no, path } => {
                ev.put_u(msg_host { host_no: *host_no });
                return path.encode().into();
            }
            Self::SetIfaceParams { host_no, attrs } => {
                let count = u32::try_from(attrs.len()).unwrap_or(u32::MAX);
                ev.put_u(msg_set_iface_params {
                    host_no: *host_no,
                    count,
                });
                return attr::encode_iface(attrs);
            }
            Self::Ping {
                host_no,
                iface_num,
                iface_type,
                payload_size,
                id,
                to,
            } => {
                ev.put_u(msg_iscsi_ping {
                    host_no: *host_no,
                    iface_num: *iface_num,
                    iface_type: iface_type.raw().into(),
                    payload_size: *payload_size,
                    pid: *id,
                });
                return to.encode().into();
            }
            Self::GetChap {
                host_no,
                num_entries,
                start,
            } => ev.put_u(msg_get_chap {
                host_no: *host_no,
                num_entries: *num_entries,
                chap_tbl_idx: *start,
                _pad: 0,
            }),
            Self::DeleteChap { host_no, index } => {
                ev.put_u(msg_delete_chap {
                    host_no: *host_no,
                    chap_tbl_idx: *index,
                    _pad: 0,
                });
            }
            Self::SetFlashnodeParams {
                host_no,
                index,
                attrs,
            } => {
                let count = u32::try_from(attrs.len()).unwrap_or(u32::MAX);
                ev.put_u(msg_set_flashnode_param {
                    host_no: *host_no,
                    flashnode_idx: *index,
                    count,
                });
                return attr::encode(attrs);
            }
            Self::NewFlashnode { host_no, portal_type } => {
                let text = portal_type.as_slice();
                ev.put_u(msg_new_flashnode {
                    host_no: *host_no,
                    len: len(text),
                });
                return text.to_vec().into();
            }
            Self::DelFlashnode { host_no, index }
            | Self::LoginFlashnode { host_no, index }
            | Self::LogoutFlashnode { host_no, index } => {
                ev.put_u(msg_flashnode {
                    host_no: *host_no,
                    flashnode_idx: *index,
                });
            }
            Self::LogoutFlashnodeSid { host_no, sid } => {
                ev.put_u(msg_host_session {
                    host_no: *host_no,
                    sid: *sid,
                });
            }
            Self::SetChap { host_no, attrs } => {
                ev.put_u(msg_host { host_no: *host_no });
                return attr::encode(attrs);
            }
            Self::GetHostStats { host_no } => ev.put_u(msg_host { host_no: *host_no }),
            Self::Unknown { u, payload, .. } => {
                ev.u = *u;
                return payload.as_slice().to_vec().into();
            }
        }
        Zeroizing::default()
    }
}
