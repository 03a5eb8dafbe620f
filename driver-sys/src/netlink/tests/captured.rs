//! Messages as a stock 6.1 kernel with the unmodified qla4xxx and the stock iscsiadm 2.1.8 exchanged them.
//!
//! Two habits of theirs show here: iscsiadm leaves rubbish in the fields it does not use, and a success hands it back.

use nix::errno::Errno;
use zerocopy::IntoBytes;

use crate::netlink::code::*;
use crate::netlink::params::*;
use crate::netlink::*;

const HANDLE: u64 = 0xffff_ffff_c04c_d5a0;

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(str::chars)
        .filter(char::is_ascii_hexdigit)
        .collect();
    assert!(digits.len().is_multiple_of(2));
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

#[test]
fn ping_there_and_back() {
    let packet = hex(
        "58000000 2000 0000 00000000 55020000 // nlmsghdr: 88 bytes, type 32, pid 597
         20000000 00000000 a0d54cc0ffffffff   // uevent: PING, iferror, transport handle
         06000000 00000000 01000000 20000000  // u.iscsi_ping: host 6, iface 0, IPv4, 32 bytes of payload
         c562d400 00000000                    //   its ID
         00000000000000000000000000000000     // r
         0200 0000 c0a80a32 0000000000000000  // sockaddr_in: AF_INET, port 0, 192.168.10.50",
    );
    let (header, request) = Request::decode(&packet).unwrap();
    let to = "192.168.10.50".parse::<std::net::IpAddr>().unwrap().into();
    let expected = Request::Ping {
        host_no: 6,
        iface_num: 0,
        iface_type: IfaceType::Ipv4,
        payload_size: 32,
        id: 0x00d4_62c5,
        to,
    };
    assert_eq!(request, expected);
    assert_eq!((header.pid, header.transport_handle()), (597, HANDLE));
    assert_eq!(request.encode(HANDLE, 597), packet);

    let reply = hex(
        "48000000 2000 0000 00000000 00000000 // nlmsghdr: 72 bytes, type 32, from the kernel
         20000000 00000000 a0d54cc0ffffffff
         06000000 00000000 01000000 20000000 c562d400 00000000
         00000000000000000000000000000000",
    );
    assert_eq!(Reply::to(&header, Ok(Return::None)).encode(), reply);

    let done = hex(
        "68000000 0000 0000 00000000 00000000 // nlmsghdr: 104 bytes, type 0: multicast
         6f000000 00000000 a0d54cc0ffffffff   // uevent: PING_COMP
         000000000000000000000000000000000000000000000000
         06000000 00000000 c562d400 20000000  // r.ping_comp: host 6, success, the ID, 32 bytes follow
         00400000000000000000000000000000 00000000000000000000000000000000",
    );
    let Message::Event(_, event) = Message::decode(&done).unwrap() else {
        panic!("not an event")
    };
    let Event::PingComplete {
        host_no: 6,
        status: PingStatus::Success,
        id: 0x00d4_62c5,
        data,
    } = &event
    else {
        panic!("{event:?}")
    };
    assert_eq!(data.as_slice().len(), 32);
    assert_eq!(event.encode(HANDLE), done);
}

#[test]
fn a_new_flash_node_and_its_index() {
    let request = hex(
        "4d000000 2400 0000 00000000 2c010000 // nlmsghdr: 77 bytes, unpadded, type 36
         24000000 00000000 a0d54cc0ffffffff
         06000000 05000000                    // u.new_flashnode: host 6, 5 bytes follow
         00000000000000000000000000000000 00000000000000000000000000000000
         6970763400                           // \"ipv4\" and its NUL",
    );
    let (header, decoded) = Request::decode(&request).unwrap();
    assert_eq!(
        decoded,
        Request::NewFlashnode {
            host_no: 6,
            portal_type: Bytes::c_text("ipv4")
        }
    );
    assert_eq!(decoded.encode(HANDLE, 300), request);

    let reply = hex("48000000 2400 0000 00000000 00000000
         24000000 00000000 a0d54cc0ffffffff
         06000000 05000000 00000000000000000000000000000000
         03000000 000000000000000000000000    // r.new_flashnode_ret: index 3");
    let answer = Reply::decode(&reply).unwrap();
    assert_eq!(answer.result(), Ok(Return::Flashnode { index: 3 }));
    assert_eq!(
        Reply::to(&header, Ok(Return::Flashnode { index: 3 })).encode(),
        reply
    );
}

#[test]
fn success_with_rubbish_and_failure_with_an_errno() {
    let good = hex("48000000 2900 0000 00000000 00000000
         29000000 c27f0000 a0d54cc0ffffffff   // SET_CHAP; iferror is the sender's rubbish
         06000000 1a560000 41e8db95c27f0000 e07a4c301a560000 b447e5141a560000 c724e7141a560000");
    let reply = Reply::decode(&good).unwrap();
    assert_eq!((reply.kind, reply.result()), (Uevent::SetChap, Ok(Return::None)));
    let bad = hex("48000000 2900 0000 00000000 00000000
         67000000 eaffffff a0d54cc0ffffffff   // IF_ERROR, -EINVAL
         06000000 05560000 41d81ec92c7f0000 e0ba87f805560000 b4b7eeed05560000 c794f0ed05560000");
    let reply = Reply::decode(&bad).unwrap();
    assert_eq!(
        (reply.kind, reply.result()),
        (Uevent::SetChap, Err(Errno::EINVAL))
    );
}

#[test]
fn a_session_that_goes() {
    let unbound = hex("48000000 0000 0000 00000000 00000000
         69000000 00000000 a0d54cc0ffffffff   // UNBIND_SESSION
         000000000000000000000000000000000000000000000000
         03000000 06000000 0000000000000000   // r.unbind_session: sid 3, host 6");
    let destroyed = hex("48000000 0000 0000 00000000 00000000
         68000000 00000000 a0d54cc0ffffffff   // DESTROY_SESSION
         000000000000000000000000000000000000000000000000
         06000000 03000000 0000000000000000   // r.d_session: host 6, sid 3 (the other way round)");
    let pairs = [
        (unbound, Event::SessionUnbound { host_no: 6, sid: 3 }),
        (destroyed, Event::SessionDestroyed { host_no: 6, sid: 3 }),
    ];
    for (packet, event) in pairs {
        assert_eq!(Event::decode(&packet).unwrap().1, event);
        assert_eq!(event.encode(HANDLE), packet);
    }
}

#[test]
fn set_chap_carries_five_parameters() {
    let packet = include_bytes!("captured/set_chap.bin");
    let (header, request) = Request::decode(packet).unwrap();
    let attrs = vec![
        Attr::new(ChapParam::Index, Bytes::u16(20)),
        Attr::new(ChapParam::ChapType, Bytes::u32(ChapType::Out.raw())),
        Attr::new(ChapParam::Username, Bytes::text("alice")),
        Attr::new(ChapParam::Password, Bytes::text("s3cretS3cret1")),
        Attr::new(ChapParam::PasswordLen, Bytes::u8(13)),
    ];
    assert_eq!(request, Request::SetChap { host_no: 6, attrs });
    assert_eq!(request.encode(HANDLE, header.pid)[72..], packet[72..]);
}

#[test]
fn set_flashnode_params_of_name_address_and_port() {
    let packet = include_bytes!("captured/set_flashnode.bin");
    let (header, request) = Request::decode(packet).unwrap();
    let Request::SetFlashnodeParams {
        host_no: 6,
        index: 3,
        attrs,
    } = &request
    else {
        panic!("{request:?}")
    };
    let [name, address, port] = attrs.as_slice() else {
        panic!("{attrs:?}")
    };
    assert_eq!(name.param, FlashnodeParam::Name);
    assert_eq!(
        (name.value.to_text(), name.value.as_slice().len()),
        (Some("iqn.2026-01.test:disk1"), 255)
    );
    assert_eq!(address.param, FlashnodeParam::Ipaddr);
    assert_eq!(address.value.to_ipv4(), Some([192, 168, 10, 51].into()));
    assert_eq!(
        (port.param, port.value.to_u16()),
        (FlashnodeParam::Port, Some(3260))
    );
    assert_eq!(request.encode(HANDLE, header.pid)[72..], packet[72..]);
}

#[test]
fn set_flashnode_params_of_chap_and_lengths() {
    let packet = include_bytes!("captured/set_flashnode_chap.bin");
    let Request::SetFlashnodeParams { attrs, .. } = Request::decode(packet).unwrap().1 else {
        panic!()
    };
    let values: Vec<_> = attrs
        .iter()
        .map(|a| {
            (
                a.param,
                a.value.as_slice().len(),
                a.value.to_u16().or(a.value.to_u8().map(u16::from)),
            )
        })
        .collect();
    assert_eq!(
        values,
        [
            (FlashnodeParam::ChapAuthEn, 1, Some(1)),
            (FlashnodeParam::ChapOutIdx, 4, Some(21)),
            (FlashnodeParam::MaxRecvDlength, 4, Some(0)),
            (FlashnodeParam::DefTime2wait, 2, Some(1)),
        ]
    );
    assert_eq!(attrs[2].value.to_u32(), Some(65536));
}

#[test]
fn interface_parameters_are_as_wide_as_the_tables_say() {
    let width = |kind: WireKind| match kind {
        WireKind::U8 | WireKind::OnOff => 1,
        WireKind::U16 => 2,
        WireKind::U32 | WireKind::Ipv4 => 4,
        WireKind::Ipv6 | WireKind::Ip => 16,
        other => panic!("{other:?}"),
    };
    let packets: [(&[u8], IfaceType, usize); 2] = [
        (include_bytes!("captured/set_iface_ipv4.bin"), IfaceType::Ipv4, 39),
        (include_bytes!("captured/set_iface_ipv6.bin"), IfaceType::Ipv6, 33),
    ];
    for (packet, family, count) in packets {
        let (header, request) = Request::decode(packet).unwrap();
        let Request::SetIfaceParams { host_no: 6, attrs } = &request else {
            panic!("{request:?}")
        };
        assert_eq!(attrs.len(), count);
        for attr in attrs {
            let info = attr.param.info().unwrap();
            assert_eq!(attr.value.as_slice().len(), width(info.kind), "{attr:?}");
            assert_eq!((attr.iface_num, attr.iface_type), (0, family));
        }
        assert_eq!(request.encode(HANDLE, header.pid)[72..], packet[72..]);
    }
}

#[test]
fn a_chap_page_has_room_for_seven_and_holds_three() {
    let packet = include_bytes!("captured/get_chap_answer.bin");
    let (header, event) = Event::decode(packet).unwrap();
    assert_eq!((header.nlmsg_type, header.transport_handle()), (0, HANDLE));
    let Event::Chap { page } = &event else {
        panic!("{event:?}")
    };
    assert_eq!(
        (page.host_no, page.start, page.room, page.next()),
        (6, 0, 7, None)
    );
    let seen: Vec<_> = page
        .records
        .iter()
        .map(|r| (r.index, r.kind, r.username_lossy().into_owned(), r.secret()))
        .collect();
    let expected: [(u16, ChapType, String, &[u8]); 3] = [
        (0, ChapType::Out, "initiator-user".into(), b"initiator-secret"),
        (1, ChapType::Out, "user-two".into(), b"secret-number-two"),
        (2, ChapType::In, "target-user".into(), b"target-secret-12"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(event.encode(HANDLE), packet);
}

#[test]
fn a_full_chap_page_says_where_to_go_on() {
    let record = |index| ChapRecord {
        index,
        kind: ChapType::Out,
        username: b"u".to_vec(),
        password: crate::Secret::new(b"p"),
        password_length: 1,
    };
    let mut page = ChapPage {
        host_no: 0,
        start: 0,
        records: vec![record(4), record(9)],
        room: 2,
    };
    assert_eq!(page.next(), Some(10));
    page.records.pop();
    assert_eq!(page.next(), None);
    page.records = vec![record(1), record(u16::MAX)];
    assert_eq!(page.next(), None);
}

#[test]
fn host_statistics_are_82_counters_without_custom_ones() {
    let packet = include_bytes!("captured/host_stats_answer.bin");
    let (_, event) = Event::decode(packet).unwrap();
    let Event::HostStats { host_no: 6, stats } = &event else {
        panic!("{event:?}")
    };
    assert_eq!(**stats, HostStats::default());
    assert_eq!(event.encode(HANDLE), packet);
}

#[test]
fn host_counters_are_found_by_their_kernel_names() {
    let mut stats = HostStats::default();
    assert_eq!(HostStats::names().len(), 82);
    assert!(stats.set("mactx_frames", 1) && stats.set("iscsi_sequence_error", 2));
    assert!(!stats.set("custom_length", 3) && stats.get("nothing").is_none());
    assert_eq!((stats.counters[0], stats.counters[81]), (1, 2));
    let event = Event::HostStats {
        host_no: 0,
        stats: Box::new(stats),
    };
    assert_eq!(event.encode(0)[72 + 81 * 8..72 + 82 * 8], *2u64.as_bytes());
}

#[test]
fn session_counters_have_the_kernels_names() {
    let mut stats = SessionStats::default();
    stats.fixed.rxdata_octets = 5;
    stats.fixed.timeout_err = 7;
    let counters: Vec<_> = stats.counters().collect();
    assert_eq!(counters.len(), 21);
    assert_eq!(
        (counters[1], counters[20]),
        (("rxdata_octets", 5), ("timeout_err", 7))
    );
}
