//! Bytes that lie.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::netlink::params::*;
use crate::netlink::*;

fn decode_all(packet: &[u8]) {
    let _ = Request::hear(packet);
    let _ = Request::decode(packet);
    let _ = Message::decode(packet);
    let _ = Event::decode(packet);
    let _ = Reply::decode(packet);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(packet in vec(any::<u8>(), 0..400)) {
        decode_all(&packet);
    }

    /// Plausible headers in front of rubbish reach every decoder; what decodes, decodes to the same again.
    #[test]
    fn plausible_headers_never_panic_and_what_decodes_is_stable(
        kind in 0..120u16,
        multicast: bool,
        event in 0..120u32,
        small in vec(0..40u8, 48..1500),
        body in vec(any::<u8>(), 48..1500),
        tame: bool,
    ) {
        let body = if tame { small } else { body };
        let mut packet = Vec::new();
        packet.extend_from_slice(&(20 + body.len() as u32).to_ne_bytes());
        packet.extend_from_slice(&(if multicast { 0 } else { kind }).to_ne_bytes());
        packet.extend_from_slice(&[0; 10]);
        packet.extend_from_slice(&event.to_ne_bytes());
        packet.extend_from_slice(&body);
        packet.resize(packet.len().max(72), 0);
        decode_all(&packet);
        if let Ok((header, request)) = Request::decode(&packet) {
            let again = Request::decode(&request.encode(header.transport_handle(), header.pid));
            prop_assert_eq!(again.map(|(_, r)| r), Ok(request));
        }
        if let Ok((header, event)) = Event::decode(&packet)
            && !matches!(event, Event::RecvPdu { .. } | Event::Unknown { .. } | Event::Chap { .. })
        {
            let again = Event::decode(&event.encode(header.transport_handle()));
            prop_assert_eq!(again.map(|(_, e)| e), Ok(event));
        }
    }

    #[test]
    fn every_truncation_is_an_error_or_a_message(cut in 0..340usize) {
        let attrs = vec![Attr::new(FlashnodeParam::Name, Bytes::new([b'x'; 255]))];
        let packet = Request::SetFlashnodeParams { host_no: 1, index: 2, attrs }.encode(3, 4);
        prop_assert!(packet.len() > cut);
        prop_assert!(Request::decode(&packet[..cut]).is_err());
    }
}

fn set_chap() -> Vec<u8> {
    let attrs = vec![
        Attr::new(ChapParam::Index, Bytes::u16(4)),
        Attr::new(ChapParam::Username, Bytes::text("al")),
    ];
    Request::SetChap { host_no: 5, attrs }.encode(0, 0)
}

#[test]
fn an_attribute_that_claims_more_than_the_list_is_refused() {
    let mut packet = set_chap();
    packet[84..86].copy_from_slice(&500u16.to_ne_bytes());
    assert_eq!(
        Request::decode(&packet),
        Err(DecodeError::Length {
            what: "attribute",
            claimed: 500,
            have: 12
        })
    );
}

#[test]
fn an_attribute_shorter_than_its_own_header_is_refused() {
    for len in 0..4u16 {
        let mut packet = set_chap();
        packet[72..74].copy_from_slice(&len.to_ne_bytes());
        let error = Request::decode(&packet).unwrap_err();
        assert_eq!(
            error,
            DecodeError::Length {
                what: "attribute",
                claimed: len.into(),
                have: 24
            }
        );
    }
}

#[test]
fn a_parameter_that_claims_more_than_its_attribute_is_refused() {
    let mut packet = set_chap();
    packet[76..80].copy_from_slice(&3u32.to_ne_bytes());
    let error = Request::decode(&packet).unwrap_err();
    assert_eq!(
        error,
        DecodeError::Length {
            what: "parameter value",
            claimed: 3,
            have: 2
        }
    );
}

#[test]
fn more_chap_entries_than_bytes_are_refused() {
    let page = ChapPage {
        host_no: 0,
        start: 0,
        records: Vec::new(),
        room: 2,
    };
    let mut packet = Event::Chap { page }.encode(0);
    packet[36..40].copy_from_slice(&3u32.to_ne_bytes());
    assert!(matches!(
        Message::decode(&packet),
        Err(DecodeError::Length {
            what: "CHAP entries",
            claimed: 1572,
            have: 1048
        })
    ));
}

#[test]
fn more_custom_counters_than_the_kernel_allows_are_refused() {
    let mut packet = Event::Stats {
        sid: 1,
        cid: 0,
        stats: Box::default(),
    }
    .encode(0);
    let at = 72 + 92;
    packet[at..at + 4].copy_from_slice(&u32::MAX.to_ne_bytes());
    assert!(matches!(
        Message::decode(&packet),
        Err(DecodeError::TooMany { limit: 32, .. })
    ));
}

#[test]
fn the_message_length_must_fit_the_packet() {
    let mut packet = Request::GetHostStats { host_no: 1 }.encode(0, 0);
    packet[0..4].copy_from_slice(&73u32.to_ne_bytes());
    let error = Request::decode(&packet).unwrap_err();
    assert_eq!(
        error,
        DecodeError::Length {
            what: "message",
            claimed: 73,
            have: 72
        }
    );
    assert_eq!(
        error.to_string(),
        "message: length field says 73 bytes, but there are 72"
    );
}

#[test]
fn secrets_do_not_reach_debug() {
    let secret = "s3cretS3cret1";
    let attrs = vec![Attr::new(ChapParam::Password, Bytes::text(secret))];
    let request = Request::SetChap { host_no: 1, attrs };
    let param = Request::SetParam {
        sid: 1,
        cid: 0,
        attr: Attr::new(IscsiParam::Password, Bytes::c_text(secret)),
    };
    let record = ChapRecord {
        index: 1,
        kind: ChapType::Out,
        username: b"alice".to_vec(),
        password: crate::Secret::new(secret.as_bytes()),
        password_length: 13,
    };
    let page = Event::Chap {
        page: ChapPage {
            host_no: 0,
            start: 0,
            records: vec![record],
            room: 1,
        },
    };
    let message = Message::decode(&page.encode(0)).unwrap();
    for text in [
        format!("{request:?}"),
        format!("{param:?}"),
        format!("{page:?}"),
        format!("{message:?}"),
    ] {
        assert!(!text.contains(secret) && !text.contains("115, 51, 99"), "{text}");
        assert!(text.contains("redacted"), "{text}");
    }
    assert!(format!("{page:?}").contains("alice"));
}
