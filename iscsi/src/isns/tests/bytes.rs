//! Attributes and messages to the byte.

use std::net::IpAddr;

use proptest::prelude::*;

use super::{list, name};
use crate::isns::{
    Attributes, BadValue, Flags, Function, MAX_PAYLOAD, Malformed, Message, Receiver, Status, Tag,
};

#[test]
fn a_query_has_the_bytes_of_the_rfc() {
    let body = list(|b| {
        b.text(Tag::ISCSI_NAME, "iqn.a");
        b.number(Tag::NODE_TYPE, 1).delimiter().ask(Tag::ISCSI_NAME);
    });
    let mut wire = Vec::new();
    Message::request(Function::DEV_ATTR_QRY, 0x1234, body)
        .encode(MAX_PAYLOAD, &mut wire)
        .unwrap();
    let expected: &[u8] = &[
        0, 1, 0, 2, 0, 44, 0x8c, 0, 0x12, 0x34, 0,
        0, // version, function, length, flags, transaction, sequence
        0, 0, 0, 32, 0, 0, 0, 8, b'i', b'q', b'n', b'.', b'a', 0, 0, 0, // source
        0, 0, 0, 33, 0, 0, 0, 4, 0, 0, 0, 1, // key
        0, 0, 0, 0, 0, 0, 0, 0, // delimiter
        0, 0, 0, 32, 0, 0, 0, 0, // what is asked
    ];
    assert_eq!(wire, expected);
}

#[test]
fn ipv4_travels_in_ipv6_and_comes_back() {
    for (text, last) in [
        ("10.0.0.5", [0xff, 0xff, 10, 0, 0, 5]),
        ("fd00::a:5", [0, 0, 0, 10, 0, 5]),
    ] {
        let ip: IpAddr = text.parse().unwrap();
        let body = list(|b| {
            b.address(Tag::PORTAL_ADDRESS, ip);
        });
        assert!(body.as_bytes().ends_with(&last), "{text}");
        assert_eq!(body.iter().next().unwrap().address(), Ok(ip));
    }
}

#[test]
fn ipv4_is_known_in_the_old_form_too() {
    for (last, ip) in [
        ([10, 0, 0, 5], "10.0.0.5"),
        ([0, 0, 0, 1], "::1"),
        ([0, 0, 0, 0], "::"),
    ] {
        let mut bytes = [0; 16];
        bytes[12..].copy_from_slice(&last);
        let body = list(|b| {
            b.push(Tag::PORTAL_ADDRESS, &bytes);
        });
        assert_eq!(body.iter().next().unwrap().address(), Ok(ip.parse().unwrap()));
    }
}

#[test]
fn lists_whose_lengths_lie_are_refused() {
    let tag = Tag::ISCSI_NAME;
    for (bytes, why) in [
        (&[0, 0, 0][..], Malformed::Short),
        (&[0, 0, 0, 32, 0, 0, 0], Malformed::Short),
        (
            &[0, 0, 0, 32, 0, 0, 0, 3, 1, 2, 3],
            Malformed::Unaligned { tag, len: 3 },
        ),
        (
            &[0, 0, 0, 32, 0, 0, 0, 8, 1, 2, 3, 4],
            Malformed::Beyond { tag, len: 8, left: 4 },
        ),
        (
            &[0, 0, 0, 32, 0xff, 0xff, 0xff, 0xfc],
            Malformed::Beyond {
                tag,
                len: 0xffff_fffc,
                left: 0,
            },
        ),
    ] {
        assert_eq!(Attributes::parse(bytes.to_vec()), Err(why));
    }
}

#[test]
fn a_value_that_is_none_spoils_itself_only() {
    let body = list(|b| {
        b.push(Tag::NODE_TYPE, &[1; 8]).push(Tag::PORTAL_ADDRESS, &[1; 4]);
        b.push(Tag::ISCSI_NAME, b"a\0b\0")
            .push(Tag::ISCSI_ALIAS, &[0xff; 4]);
        b.push(Tag::ISCSI_NAME, &[b'a'; 228])
            .push(Tag::ISCSI_ALIAS, b"full");
    });
    let all: Vec<_> = body.iter().collect();
    assert_eq!(
        all[0].number(),
        Err(BadValue::Length {
            tag: Tag::NODE_TYPE,
            len: 8
        })
    );
    assert_eq!(
        all[1].address(),
        Err(BadValue::Length {
            tag: Tag::PORTAL_ADDRESS,
            len: 4
        })
    );
    assert_eq!(all[2].text(), Err(BadValue::NotText(Tag::ISCSI_NAME)));
    assert_eq!(all[3].text(), Err(BadValue::NotText(Tag::ISCSI_ALIAS)));
    assert_eq!(
        all[4].text(),
        Err(BadValue::Length {
            tag: Tag::ISCSI_NAME,
            len: 228
        })
    );
    // The NUL that some leave out is not missed.
    assert_eq!(all[5].text(), Ok("full"));
}

#[test]
fn the_longest_name_fits_and_a_longer_text_is_cut_at_a_character() {
    let longest = format!("iqn.2026-01.example:{}", "x".repeat(203));
    assert_eq!(name(&longest).as_str().len(), 223);
    let body = list(|b| {
        b.text(Tag::ISCSI_NAME, &longest)
            .text(Tag::ISCSI_ALIAS, &"ö".repeat(200));
    });
    let all: Vec<_> = body.iter().collect();
    assert_eq!((all[0].value.len(), all[0].text()), (224, Ok(&longest[..])));
    assert_eq!(
        (all[1].value.len(), all[1].text().unwrap().chars().count()),
        (256, 127)
    );
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let tag = prop_oneof![(0u32..80).prop_map(Tag), any::<u32>().prop_map(Tag)];
    let one = (tag, proptest::collection::vec(any::<u8>(), 0..60));
    proptest::collection::vec(one, 0..20).prop_map(|all| {
        list(|b| {
            for (tag, value) in all {
                b.push(tag, &value);
            }
        })
    })
}

proptest! {
    #[test]
    fn messages_round_trip_over_any_pdus_and_any_pieces(
        function in 1u16..14, response in any::<bool>(), xid in any::<u16>(), replace in any::<bool>(), code in 0u32..30,
        body in attributes(), most in 4usize..200, cut in 1usize..100,
    ) {
        let mut message = Message::request(Function(function), xid, body);
        message.flags.set(Flags::REPLACE, replace);
        if response {
            message = message.answered(Flags::SERVER, Status(code), message.body.clone());
        }
        let mut wire = Vec::new();
        message.encode(most, &mut wire).unwrap();
        let mut receiver = Receiver::new(1 << 16);
        let mut got = Vec::new();
        for piece in wire.chunks(cut) {
            receiver.feed(piece);
            while let Some(message) = receiver.poll().unwrap() {
                got.push(message);
            }
        }
        prop_assert!(!receiver.is_within());
        prop_assert_eq!(got, vec![message]);
    }

    #[test]
    fn lists_round_trip(body in attributes()) {
        let again = Attributes::parse(body.as_bytes().to_vec()).unwrap();
        prop_assert_eq!(list(|b| { b.extend(&again); }), body);
    }

    #[test]
    fn any_bytes_are_a_list_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(body) = Attributes::parse(bytes.clone()) {
            let len: usize = body.iter().map(|a| a.value.len() + 8).sum();
            prop_assert_eq!(len, bytes.len());
        }
    }
}
