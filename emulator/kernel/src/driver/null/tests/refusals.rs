//! What the class answers for a transport that has no callbacks, request by request.

use driver_sys::netlink::code::{Discovery, IfaceType, StopFlag};
use driver_sys::netlink::params::{ChapParam, FlashnodeParam, HostParam, IscsiParam};
use driver_sys::netlink::{Attr, Bytes, Destination, Request};
use nix::errno::Errno;

pub(super) fn portal() -> Destination {
    Destination::Inet("10.0.0.9:3260".parse().expect("address"))
}

/// Every request with what the class answers for a transport that lacks the callback: before it has looked for the host that is
/// named, but after it has looked for session, connection and endpoint (`iscsi_if_recv_msg`).
pub(super) fn refusals(host_no: u32) -> Vec<(Request, Errno)> {
    let (sid, cid, index) = (1, 0, 0);
    vec![
        (
            Request::CreateSession {
                initial_cmdsn: 1,
                cmds_max: 128,
                queue_depth: 32,
            },
            Errno::ENOMEM,
        ),
        (
            Request::CreateBoundSession {
                endpoint: 99,
                initial_cmdsn: 1,
                cmds_max: 128,
                queue_depth: 32,
            },
            Errno::EINVAL,
        ),
        (Request::DestroySession { sid }, Errno::EINVAL),
        (Request::DestroySessionAsync { sid }, Errno::EINVAL),
        (Request::UnbindSession { sid }, Errno::EINVAL),
        (Request::CreateConn { sid, cid }, Errno::EINVAL),
        (Request::DestroyConn { sid, cid }, Errno::EINVAL),
        (
            Request::BindConn {
                sid,
                cid,
                endpoint: 99,
                is_leading: true,
            },
            Errno::EINVAL,
        ),
        (Request::StartConn { sid, cid }, Errno::EINVAL),
        (
            Request::StopConn {
                sid,
                cid,
                conn_handle: 0,
                flag: StopFlag::Recover,
            },
            Errno::EINVAL,
        ),
        (
            Request::SetParam {
                sid,
                cid,
                attr: Attr::new(IscsiParam::MaxR2t, Bytes::c_text("1")),
            },
            Errno::EINVAL,
        ),
        (Request::GetStats { sid, cid }, Errno::EEXIST),
        (
            Request::EpConnect {
                non_blocking: true,
                to: portal(),
            },
            Errno::EINVAL,
        ),
        (
            Request::EpConnectThroughHost {
                host_no,
                non_blocking: true,
                to: portal(),
            },
            Errno::EINVAL,
        ),
        (
            Request::EpPoll {
                endpoint: 99,
                timeout_ms: 0,
            },
            Errno::EINVAL,
        ),
        (Request::EpDisconnect { endpoint: 99 }, Errno::EINVAL),
        (
            Request::TgtDscvr {
                method: Discovery::SendTargets,
                host_no,
                enable: true,
                to: portal(),
            },
            Errno::EINVAL,
        ),
        (
            Request::SetHostParam {
                host_no,
                attr: Attr::new(HostParam::InitiatorName, Bytes::c_text("iqn.2026-01.example:i")),
            },
            Errno::ENOSYS,
        ),
        (
            Request::SetIfaceParams {
                host_no,
                attrs: Vec::new(),
            },
            Errno::ENOSYS,
        ),
        (
            Request::Ping {
                host_no,
                iface_num: 0,
                iface_type: IfaceType::Ipv4,
                payload_size: 32,
                id: 1,
                to: portal(),
            },
            Errno::ENOSYS,
        ),
        (
            Request::GetChap {
                host_no,
                num_entries: 4,
                start: 0,
            },
            Errno::EINVAL,
        ),
        (
            Request::SetChap {
                host_no,
                attrs: vec![Attr::new(ChapParam::Index, Bytes::u16(1))],
            },
            Errno::ENOSYS,
        ),
        (Request::DeleteChap { host_no, index: 1 }, Errno::ENOSYS),
        (
            Request::NewFlashnode {
                host_no,
                portal_type: Bytes::c_text("ipv4"),
            },
            Errno::ENOSYS,
        ),
        (
            Request::SetFlashnodeParams {
                host_no,
                index,
                attrs: vec![Attr::new(FlashnodeParam::Port, Bytes::u16(1))],
            },
            Errno::ENOSYS,
        ),
        (Request::DelFlashnode { host_no, index }, Errno::ENOSYS),
        (Request::LoginFlashnode { host_no, index }, Errno::ENOSYS),
        (Request::LogoutFlashnode { host_no, index }, Errno::ENOSYS),
        (Request::LogoutFlashnodeSid { host_no, sid }, Errno::ENOSYS),
        (Request::GetHostStats { host_no }, Errno::ENOSYS),
        (
            Request::Unknown {
                kind: 77,
                u: [0; 24],
                r: [0; 16],
                payload: Bytes::new([]),
            },
            Errno::ENOSYS,
        ),
    ]
}
