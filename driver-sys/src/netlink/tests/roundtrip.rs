//! decode∘encode is the identity for arbitrary values.

use std::net::{IpAddr, SocketAddr};

use crate::Secret;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::netlink::code::*;
use crate::netlink::params::*;
use crate::netlink::*;

fn bytes(max: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..max).prop_map(Bytes::new)
}

/// Bytes whose length is a multiple of four: events are padded, and some do not say where their data ends.
fn aligned(max: usize) -> impl Strategy<Value = Bytes> {
    vec(any::<[u8; 4]>(), 0..max / 4).prop_map(|v| Bytes::new(v.concat()))
}

/// A basic header segment, and perhaps more.
fn pdu_header() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 48..60).prop_map(Bytes::new)
}

fn attr<P: Param>(codes: std::ops::Range<u16>) -> impl Strategy<Value = Attr<P>> {
    (codes, bytes(300)).prop_map(|(code, value)| Attr::new(P::from_code(code), value))
}

fn iface_attr() -> impl Strategy<Value = IfaceAttr> {
    let code = prop_oneof![
        (0..70u16).prop_map(|c| IfaceCode::Net(NetParam::from_raw(c))),
        (0..30u16).prop_map(|c| IfaceCode::Iscsi(IfaceParam::from_raw(c))),
        (6..=255u8, any::<u16>()).prop_map(|(t, code)| IfaceCode::Other {
            table: ParamType::from_raw(t),
            code
        }),
    ];
    (any::<u32>(), any::<u8>(), code, bytes(64)).prop_map(|(iface_num, family, param, value)| IfaceAttr {
        iface_num,
        iface_type: IfaceType::from_raw(family),
        param,
        value,
    })
}

fn destination() -> impl Strategy<Value = Destination> {
    prop_oneof![
        (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port).into()),
        (11..u16::MAX, vec(any::<u8>(), 14..60))
            .prop_map(|(family, data)| Destination::Other { family, data }),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    let addrs = prop_oneof![
        any::<([u8; 4], [u8; 4])>().prop_map(|(s, d)| PathAddrs::V4 {
            src: s.into(),
            dst: d.into()
        }),
        any::<([u8; 16], [u8; 16])>().prop_map(|(s, d)| PathAddrs::V6 {
            src: s.into(),
            dst: d.into()
        }),
        (17..99u32).prop_map(|len| PathAddrs::None { len }),
    ];
    (
        any::<u64>(),
        any::<[u8; 6]>(),
        any::<[u8; 6]>(),
        addrs,
        any::<u16>(),
        any::<u16>(),
    )
        .prop_map(|(handle, mac, mac_old, addrs, vlan_id, pmtu)| Path {
            handle,
            mac,
            mac_old,
            addrs,
            vlan_id,
            pmtu,
        })
}

fn request() -> impl Strategy<Value = Request> {
    use Request as R;
    let four = || (any::<u32>(), any::<u32>(), any::<u32>(), any::<u64>());
    prop_oneof![
        (any::<u32>(), any::<u16>(), any::<u16>()).prop_map(|(initial_cmdsn, cmds_max, queue_depth)| {
            R::CreateSession {
                initial_cmdsn,
                cmds_max,
                queue_depth,
            }
        }),
        (any::<u64>(), any::<u32>(), any::<u16>(), any::<u16>()).prop_map(
            |(endpoint, initial_cmdsn, cmds_max, queue_depth)| R::CreateBoundSession {
                endpoint,
                initial_cmdsn,
                cmds_max,
                queue_depth
            }
        ),
        (0..14usize, four()).prop_map(|(which, (a, b, c, d))| match which {
            0 => R::DestroySession { sid: a },
            1 => R::CreateConn { sid: a, cid: b },
            2 => R::DestroyConn { sid: a, cid: b },
            3 => R::BindConn {
                sid: a,
                cid: b,
                endpoint: d,
                is_leading: c % 2 == 0
            },
            4 => R::StartConn { sid: a, cid: b },
            5 => R::StopConn {
                sid: a,
                cid: b,
                conn_handle: d,
                flag: StopFlag::from_raw(c)
            },
            6 => R::GetStats { sid: a, cid: b },
            7 => R::GetParam {
                sid: a,
                cid: b,
                param: IscsiParam::from_raw((c % 90) as u16)
            },
            8 => R::EpPoll {
                endpoint: d,
                timeout_ms: a
            },
            9 => R::EpDisconnect { endpoint: d },
            10 => R::UnbindSession { sid: a },
            11 => R::DestroySessionAsync { sid: a },
            12 => R::GetHostStats { host_no: a },
            _ => R::LogoutFlashnodeSid { host_no: a, sid: b },
        }),
        (0..5usize, four()).prop_map(|(which, (host_no, index, n, _))| match which {
            0 => R::GetChap {
                host_no,
                num_entries: n,
                start: index as u16
            },
            1 => R::DeleteChap {
                host_no,
                index: index as u16
            },
            2 => R::DelFlashnode { host_no, index },
            3 => R::LoginFlashnode { host_no, index },
            _ => R::LogoutFlashnode { host_no, index },
        }),
        (any::<u32>(), any::<u32>(), attr(0..90)).prop_map(|(sid, cid, attr)| R::SetParam { sid, cid, attr }),
        (any::<u32>(), attr(0..20)).prop_map(|(host_no, attr)| R::SetHostParam { host_no, attr }),
        (any::<u32>(), any::<u32>(), pdu_header(), bytes(500)).prop_map(|(sid, cid, header, data)| {
            R::SendPdu {
                sid,
                cid,
                pdu: Pdu { header, data },
            }
        }),
        (any::<bool>(), destination()).prop_map(|(non_blocking, to)| R::EpConnect { non_blocking, to }),
        (any::<u32>(), any::<bool>(), destination()).prop_map(|(host_no, non_blocking, to)| {
            R::EpConnectThroughHost {
                host_no,
                non_blocking,
                to,
            }
        }),
        (0..9u32, any::<u32>(), any::<bool>(), destination()).prop_map(|(m, host_no, enable, to)| {
            R::TgtDscvr {
                method: Discovery::from_raw(m),
                host_no,
                enable,
                to,
            }
        }),
        (any::<u32>(), path()).prop_map(|(host_no, path)| R::PathUpdate { host_no, path }),
        (any::<u32>(), vec(iface_attr(), 0..9))
            .prop_map(|(host_no, attrs)| R::SetIfaceParams { host_no, attrs }),
        (four(), any::<u8>(), destination()).prop_map(|((host_no, iface_num, payload_size, id), t, to)| {
            R::Ping {
                host_no,
                iface_num,
                iface_type: IfaceType::from_raw(t),
                payload_size,
                id: id as u32,
                to,
            }
        }),
        (any::<u32>(), any::<u32>(), vec(attr(0..70), 0..9)).prop_map(|(host_no, index, attrs)| {
            R::SetFlashnodeParams {
                host_no,
                index,
                attrs,
            }
        }),
        (any::<u32>(), vec(attr(0..9), 0..9)).prop_map(|(host_no, attrs)| R::SetChap { host_no, attrs }),
        (any::<u32>(), bytes(20)).prop_map(|(host_no, portal_type)| R::NewFlashnode { host_no, portal_type }),
        (44..u16::MAX, any::<[u8; 24]>(), any::<[u8; 16]>(), bytes(90))
            .prop_map(|(kind, u, r, payload)| R::Unknown { kind, u, r, payload }),
    ]
}

fn custom() -> impl Strategy<Value = Vec<CustomCounter>> {
    vec(
        ("[a-z_ ]{0,63}", any::<u64>()).prop_map(|(name, value)| CustomCounter { name, value }),
        0..33,
    )
}

fn chap_page() -> impl Strategy<Value = ChapPage> {
    let record = (
        any::<u16>(),
        0..5u32,
        vec(1..=255u8, 0..=255),
        vec(any::<u8>(), 0..=255),
    )
        .prop_map(|(index, kind, username, password)| ChapRecord {
            index,
            kind: ChapType::from_raw(kind),
            username,
            password_length: password.len() as u8,
            password: Secret::from_vec(password),
        });
    (any::<u32>(), any::<u16>(), vec(record, 0..8), 0..4u32).prop_map(|(host_no, start, records, more)| {
        let room = records.len() as u32 + more;
        ChapPage {
            host_no,
            start,
            records,
            room,
        }
    })
}

fn event() -> impl Strategy<Value = Event> {
    use Event as E;
    let three = (any::<u32>(), any::<u32>(), any::<u32>());
    prop_oneof![
        (0..6usize, three).prop_map(|(which, (a, b, c))| match which {
            0 => E::ConnError {
                sid: a,
                cid: b,
                error: IscsiErr::from_raw(c)
            },
            1 => E::SessionDestroyed { host_no: a, sid: b },
            2 => E::SessionUnbound { host_no: a, sid: b },
            3 => E::SessionCreated { host_no: a, sid: b },
            4 => E::IfDown { host_no: a },
            _ => E::ConnLoginState {
                sid: a,
                cid: b,
                state: ConnState::from_raw(c % 12)
            },
        }),
        (
            any::<u32>(),
            any::<u32>(),
            any::<u64>(),
            vec(any::<u8>(), 48),
            aligned(300)
        )
            .prop_map(|(sid, cid, recv_handle, header, data)| {
                E::RecvPdu {
                    sid,
                    cid,
                    recv_handle,
                    pdu: Pdu {
                        header: Bytes::new(header),
                        data,
                    },
                }
            }),
        (any::<u32>(), path()).prop_map(|(host_no, path)| E::PathRequest { host_no, path }),
        (any::<u32>(), 0..9u32, bytes(99)).prop_map(|(host_no, code, data)| E::HostEvent {
            host_no,
            code: HostEventCode::from_raw(code),
            data
        }),
        (any::<u32>(), 0..20u32, any::<u32>(), bytes(99)).prop_map(|(host_no, status, id, data)| {
            E::PingComplete {
                host_no,
                status: PingStatus::from_raw(status),
                id,
                data,
            }
        }),
        (any::<u32>(), any::<u32>(), any::<u64>(), any::<u32>(), custom()).prop_map(
            |(sid, cid, tx, digest_err, custom)| {
                let mut stats = SessionStats {
                    custom,
                    ..Default::default()
                };
                stats.fixed.txdata_octets = tx;
                stats.fixed.digest_err = digest_err;
                stats.fixed.custom_length = stats.custom.len() as u32;
                E::Stats {
                    sid,
                    cid,
                    stats: Box::new(stats),
                }
            }
        ),
        chap_page().prop_map(|page| E::Chap { page }),
        (any::<u32>(), vec(any::<u64>(), 82), custom()).prop_map(|(host_no, counters, custom)| {
            let stats = HostStats {
                counters: counters.try_into().unwrap(),
                custom,
            };
            E::HostStats {
                host_no,
                stats: Box::new(stats),
            }
        }),
        (112..u32::MAX, any::<[u8; 24]>(), any::<[u8; 16]>(), aligned(99))
            .prop_map(|(kind, u, r, payload)| E::Unknown { kind, u, r, payload }),
    ]
}

proptest! {
    #[test]
    fn requests_survive(request in request(), handle: u64, pid: u32) {
        let packet = request.encode(handle, pid);
        let (header, back) = Request::decode(&packet).unwrap();
        prop_assert_eq!(&back, &request);
        prop_assert_eq!(header.transport_handle(), handle);
        prop_assert_eq!((header.pid, header.event()), (pid, u32::from(header.nlmsg_type)));
        prop_assert_eq!(back.encode(handle, pid), &packet[..]);
        // What a careful reader takes the kernel takes, too.
        let heard = Request::hear(&packet).unwrap();
        prop_assert_eq!((heard.header, heard.request), (header, request));
    }

    #[test]
    fn events_survive(event in event(), handle: u64) {
        let packet = event.encode(handle);
        prop_assert_eq!(packet.len() % 4, 0);
        let Message::Event(header, back) = Message::decode(&packet).unwrap() else { panic!("not an event") };
        prop_assert_eq!(&back, &event);
        prop_assert_eq!(header.transport_handle(), handle);
        prop_assert_eq!(back.encode(handle), packet);
    }

    #[test]
    fn replies_survive_and_echo_the_request(request in request(), handle: u64, code: i32, a: u32, b: u32) {
        let (header, _) = Request::decode(&request.encode(handle, 7)).unwrap();
        let value = match request {
            Request::CreateSession { .. } | Request::CreateBoundSession { .. } => Return::Session { sid: a, host_no: b },
            Request::CreateConn { .. } => Return::Conn { sid: a, cid: b },
            Request::EpConnect { .. } | Request::EpConnectThroughHost { .. } => {
                Return::Endpoint { handle: u64::from(a) << 32 | u64::from(b) }
            }
            Request::NewFlashnode { .. } => Return::Flashnode { index: a },
            Request::BindConn { .. } | Request::StartConn { .. } | Request::SendPdu { .. } | Request::EpPoll { .. } => {
                Return::Code(code)
            }
            _ => Return::None,
        };
        let reply = Reply::to(&header, Ok(value));
        let packet = reply.encode();
        prop_assert_eq!(packet.len(), 72);
        prop_assert_eq!(Message::decode(&packet).unwrap(), Message::Reply(reply));
        prop_assert_eq!(reply.kind, request.kind());
        prop_assert_eq!(reply.header.uevent.u, header.uevent.u);
        prop_assert_eq!(reply.returned(), value);
        let failed = Reply::decode(&Reply::to(&header, Err(nix::errno::Errno::EBUSY)).encode()).unwrap();
        prop_assert_eq!(failed.result(), Err(nix::errno::Errno::EBUSY));
        prop_assert_eq!(failed.header.event(), 103);
        prop_assert_eq!(failed.kind, request.kind());
    }
}
