//! Requests as the kernel hears them: what it takes though it is odd, what it refuses, what it answers.

use nix::errno::Errno;

use crate::netlink::code::*;
use crate::netlink::params::*;
use crate::netlink::*;

/// A request whose payload is these bytes, whatever its union says.
fn with_payload(request: &Request, payload: &[u8]) -> Vec<u8> {
    let mut packet = request.encode(1, 2);
    packet.truncate(72);
    packet.extend_from_slice(payload);
    let len = packet.len() as u32;
    packet[..4].copy_from_slice(&len.to_ne_bytes());
    packet
}

fn hear(packet: &[u8]) -> (Request, Option<Errno>) {
    let heard = Request::hear(packet).unwrap();
    (heard.request, heard.fault)
}

fn set_chap(list: &[u8]) -> (Vec<(ChapParam, Vec<u8>)>, Option<Errno>) {
    let request = Request::SetChap {
        host_no: 1,
        attrs: Vec::new(),
    };
    let (Request::SetChap { attrs, .. }, fault) = hear(&with_payload(&request, list)) else {
        panic!("another request")
    };
    let attrs = attrs.iter().map(|a| (a.param, a.value.as_slice().to_vec()));
    (attrs.collect(), fault)
}

#[test]
fn an_answer_echoes_the_request_and_only_an_error_changes_type_and_iferror() {
    let portal_type = Bytes::c_text("ipv4");
    let mut packet = Request::NewFlashnode {
        host_no: 3,
        portal_type,
    }
    .encode(7, 300);
    packet[20..24].copy_from_slice(&[9, 9, 9, 9]);
    packet[56..72].fill(5);
    let header = Request::hear(&packet).unwrap().header;
    let good = Reply::to(&header, Ok(Return::None)).encode();
    assert_eq!((good.len(), &good[16..]), (72, &packet[16..72]));
    let made = Reply::to(&header, Ok(Return::Flashnode { index: 4 })).encode();
    assert_eq!(
        (&made[16..56], &made[56..60], &made[60..]),
        (&packet[16..56], &[4, 0, 0, 0][..], &[5; 12][..])
    );
    let bad = Reply::to(&header, Err(Errno::EIO)).encode();
    assert_eq!(bad[4..16], [36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bad[16..24], [103, 0, 0, 0, 0xfb, 0xff, 0xff, 0xff]);
    assert_eq!(bad[24..], packet[24..72]);
}

#[test]
fn truncated_or_lying_packets_are_not_looked_at() {
    let portal_type = Bytes::c_text("ipv4");
    let whole = Request::NewFlashnode {
        host_no: 3,
        portal_type,
    }
    .encode(7, 300);
    for cut in 0..whole.len() {
        assert!(Request::hear(&whole[..cut]).is_err(), "{cut}");
    }
    let mut short = whole;
    short[..4].copy_from_slice(&71u32.to_ne_bytes());
    assert!(Request::hear(&short).is_err());
}

#[test]
fn bytes_beyond_the_message_and_the_type_inside_of_it_are_ignored() {
    let mut packet = Request::LoginFlashnode { host_no: 3, index: 4 }.encode(7, 300);
    packet.extend_from_slice(&[0xff; 40]);
    packet[16..20].copy_from_slice(&99u32.to_ne_bytes());
    assert_eq!(
        hear(&packet),
        (Request::LoginFlashnode { host_no: 3, index: 4 }, None)
    );
}

#[test]
fn a_list_is_walked_to_its_first_lie() {
    let good = [10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0];
    let list = [&good[..10], &[0, 0]].concat();
    assert_eq!(set_chap(&list), (vec![(ChapParam::Index, vec![])], None));
    for lie in [&[200, 0, 0, 0, 1][..], &[3, 0, 0, 0], &[0; 4], &[1], &[1, 2, 3]] {
        let list = [&list, lie].concat();
        assert_eq!(
            set_chap(&list),
            (vec![(ChapParam::Index, vec![])], None),
            "{lie:?}"
        );
    }
    assert_eq!(set_chap(&[]), (vec![], None));
}

#[test]
fn a_value_is_never_longer_than_its_attribute() {
    let list = [11, 0, 0, 0, 255, 255, 255, 255, 2, 0, 9];
    assert_eq!(set_chap(&list), (vec![(ChapParam::Username, vec![9])], None));
    let packet = with_payload(
        &Request::SetChap {
            host_no: 1,
            attrs: vec![],
        },
        &list,
    );
    assert!(Request::decode(&packet).is_err(), "a careful reader");
}

#[test]
fn an_attribute_without_room_for_its_header_ends_the_list_and_is_refused() {
    let list = [
        10, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0,
    ];
    assert_eq!(
        set_chap(&list),
        (vec![(ChapParam::Username, vec![])], Some(Errno::EINVAL))
    );
    let attrs = Vec::new();
    let packet = with_payload(
        &Request::SetIfaceParams { host_no: 1, attrs },
        &[15, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    );
    let (Request::SetIfaceParams { attrs, .. }, fault) = hear(&packet) else {
        panic!()
    };
    assert_eq!((attrs.len(), fault), (0, Some(Errno::EINVAL)));
}

#[test]
fn an_address_that_is_too_short_is_refused_and_a_missing_scope_is_not() {
    let to = Destination::from("fe80::1".parse::<std::net::IpAddr>().unwrap());
    let connect = Request::EpConnect {
        non_blocking: true,
        to: to.clone(),
    };
    let whole = connect.encode(0, 0)[72..].to_vec();
    for (len, fault) in [
        (0, Some(Errno::EINVAL)),
        (15, Some(Errno::EINVAL)),
        (16, None),
        (23, None),
    ] {
        let (Request::EpConnect { to, .. }, told) = hear(&with_payload(&connect, &whole[..len])) else {
            panic!()
        };
        assert!(matches!(to, Destination::Other { .. }), "{len}");
        assert_eq!(told, fault, "{len}");
    }
    for len in [24, 27, 28] {
        assert_eq!(
            hear(&with_payload(&connect, &whole[..len])),
            (connect.clone(), None),
            "{len}"
        );
    }
}

#[test]
fn a_path_that_is_too_short_is_refused() {
    let path = Path {
        handle: 1,
        mac: [0; 6],
        mac_old: [0; 6],
        addrs: PathAddrs::None { len: 0 },
        vlan_id: 0,
        pmtu: 0,
    };
    let update = Request::PathUpdate { host_no: 1, path };
    let whole = update.encode(0, 0)[72..].to_vec();
    assert_eq!(hear(&with_payload(&update, &whole)), (update.clone(), None));
    assert_eq!(hear(&with_payload(&update, &whole[..63])).1, Some(Errno::EINVAL));
}

#[test]
fn a_text_ends_with_its_nul_or_where_its_length_says_and_not_later() {
    let param = |len: u32, payload: &[u8]| {
        let attr = Attr::new(IscsiParam::MaxR2t, Bytes::new([]));
        let mut packet = with_payload(&Request::SetParam { sid: 1, cid: 0, attr }, payload);
        packet[44..48].copy_from_slice(&len.to_ne_bytes());
        let (Request::SetParam { attr, .. }, fault) = hear(&packet) else {
            panic!()
        };
        (attr.value.to_text().unwrap().to_owned(), fault)
    };
    assert_eq!(param(2, b"8\0"), ("8".into(), None));
    assert_eq!(param(1, b"8"), ("8".into(), None));
    assert_eq!(param(4, b"8\0rubbish"), ("8".into(), None));
    assert_eq!(param(1, b"88\0").1, Some(Errno::EINVAL), "the text is longer");
    assert_eq!(param(9, b"8\0").1, Some(Errno::EINVAL), "the length is a lie");
    assert_eq!(param(5000, &[0; 5000]).1, Some(Errno::EINVAL), "more than a page");
}

#[test]
fn a_portal_type_is_read_whatever_its_length_says() {
    let new = Request::NewFlashnode {
        host_no: 1,
        portal_type: Bytes::new([]),
    };
    for len in [0u32, 4, 99] {
        let mut packet = with_payload(&new, b"ipv6");
        packet[36..40].copy_from_slice(&len.to_ne_bytes());
        let (Request::NewFlashnode { portal_type, .. }, None) = hear(&packet) else {
            panic!()
        };
        assert_eq!(portal_type.as_slice(), b"ipv6");
    }
}

#[test]
fn a_pdu_that_claims_more_than_there_is_is_refused_once_its_connection_is_found() {
    let pdu = Pdu {
        header: Bytes::new([1; 48]),
        data: Bytes::new([2; 8]),
    };
    let send = Request::SendPdu { sid: 5, cid: 6, pdu };
    let (Request::SendPdu { sid: 5, cid: 6, .. }, fault) = hear(&with_payload(&send, &[1; 50])) else {
        panic!()
    };
    assert_eq!(fault, Some(Errno::EINVAL));
}

#[test]
fn a_pdu_header_is_read_in_full_however_short_the_message_says_it_is() {
    let pdu = Pdu {
        header: Bytes::new([1; 8]),
        data: Bytes::new([2; 42]),
    };
    let (Request::SendPdu { pdu, .. }, None) = hear(&Request::SendPdu { sid: 5, cid: 6, pdu }.encode(0, 0))
    else {
        panic!()
    };
    let header = [&[1; 8][..], &[2; 40]].concat();
    assert_eq!(
        (pdu.header.as_slice(), pdu.data.as_slice()),
        (&header[..], &[2; 42][..])
    );
}

#[test]
fn codes_wider_than_their_tables_have_no_name() {
    let to = Destination::from(std::net::IpAddr::from([127, 0, 0, 1]));
    let ping = Request::Ping {
        host_no: 1,
        iface_num: 0,
        iface_type: IfaceType::Ipv4,
        payload_size: 0,
        id: 0,
        to,
    };
    let mut packet = ping.encode(0, 0);
    // 257 is not IPv4, though its lowest byte is.
    packet[40..44].copy_from_slice(&257u32.to_ne_bytes());
    let (Request::Ping { iface_type, .. }, None) = hear(&packet) else {
        panic!()
    };
    assert_eq!(iface_type, IfaceType::Unknown(255));
    assert!(Request::decode(&packet).is_err(), "a careful reader");
}

#[test]
fn a_chap_record_of_a_damaged_table_keeps_its_length() {
    let record = |password: &[u8], password_length| ChapRecord {
        index: 1,
        kind: ChapType::Out,
        username: b"u".to_vec(),
        password: crate::Secret::new(password),
        password_length,
    };
    let cases = [
        (record(b"secret", 3), &b"sec"[..]),
        (record(b"ab\0\0", 4), b"ab\0\0"),
        (record(b"secret", 0), b""),
    ];
    for (record, secret) in cases {
        assert_eq!(record.secret(), secret);
        let page = ChapPage {
            host_no: 0,
            start: 0,
            records: vec![record],
            room: 1,
        };
        let event = Event::Chap { page };
        assert_eq!(Event::decode(&event.encode(0)).unwrap().1, event);
    }
}

#[test]
fn a_page_has_the_room_that_was_asked_for() {
    let page = ChapPage {
        host_no: 0,
        start: 0,
        records: vec![],
        room: 512,
    };
    assert_eq!(Event::Chap { page }.encode(0).len(), 72 + 512 * chap::RECORD);
}
