//! Text exchanges: SendTargets of every kind, long answers, negotiation in full feature phase.

use super::{
    peer::{Peer, config},
    traffic::command,
};
use crate::{
    initiator::{AsyncReport, Direction, DropReason, Event, TextFailure},
    negotiate::Offer,
    pdu::*,
};

/// A text response to the running exchange.
fn answer(peer: &mut Peer, flags: TextFlags, ttt: u32, text: &[u8]) {
    let request = request(peer).0;
    let pdu = TextResponse {
        opcode: Opcode::TEXT_RESPONSE.into(),
        flags,
        itt: request.itt,
        ttt: ttt.into(),
        lun: Lun::flat(6),
        ..TextResponse::default()
    };
    peer.say(pdu.to_bhs(), text);
}

/// The last text request.
fn request(peer: &Peer) -> (TextRequest, Vec<u8>) {
    match peer.heard.last() {
        Some((InitiatorPdu::TextRequest(pdu), text)) => (*pdu, text.clone()),
        other => panic!("{other:?}"),
    }
}

fn renegotiate(peer: &mut Peer) {
    let pdu = AsyncMessage {
        opcode: Opcode::ASYNC_MESSAGE.into(),
        event: AsyncEvent::RENEGOTIATE,
        itt: RESERVED_TAG.into(),
        parameter3: 9.into(),
        ..AsyncMessage::default()
    };
    peer.say(pdu.to_bhs(), b"");
}

fn discovery() -> Peer {
    let mut config = config();
    config.target_name = None;
    Peer::logged_in(config, Offer::default())
}

#[test]
fn each_kind_of_send_targets_is_asked_for() {
    let mut peer = discovery();
    peer.engine.send_targets(peer.now);
    peer.listen();
    assert_eq!(request(&peer).1, b"SendTargets=All\0");
    let mut peer = discovery();
    let one = "iqn.2024-01.example.peer:one".parse().unwrap();
    peer.engine.send_targets_of(peer.now, &one);
    peer.listen();
    assert_eq!(request(&peer).1, b"SendTargets=iqn.2024-01.example.peer:one\0");
    let mut peer = Peer::ready();
    peer.engine.send_targets(peer.now);
    peer.listen();
    assert_eq!(request(&peer).1, b"SendTargets=\0");
}

#[test]
fn an_answer_is_one_text_however_it_is_cut() {
    let mut peer = discovery();
    peer.engine.send_targets(peer.now);
    peer.listen();
    // Within a pair with the C bit, between pairs without.
    answer(
        &mut peer,
        TextFlags::CONTINUE,
        5,
        b"TargetName=iqn.2024-01.example.pe",
    );
    let (pdu, text) = request(&peer);
    assert_eq!((pdu.ttt.get(), pdu.lun, &text[..]), (5, Lun::flat(6), &b""[..]));
    answer(
        &mut peer,
        TextFlags::empty(),
        6,
        b"er:a\0TargetAddress=10.0.0.1:3260,1\0",
    );
    assert_eq!(request(&peer).0.ttt.get(), 6);
    answer(
        &mut peer,
        TextFlags::FINAL,
        RESERVED_TAG,
        b"TargetAddress=[fe80::1]:3260,2\0TargetName=iqn.2024-01.example.peer:b\0",
    );
    let events = peer.events();
    let [
        Event::Targets {
            result: Ok(listing), ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    let found: Vec<_> = listing
        .targets
        .iter()
        .map(|target| (target.name.as_str(), target.addresses.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("iqn.2024-01.example.peer:a", 2),
            ("iqn.2024-01.example.peer:b", 0)
        ]
    );
}

#[test]
fn names_that_a_target_lists_are_kept_byte_for_byte() {
    let mut peer = discovery();
    peer.engine.send_targets(peer.now);
    peer.listen();
    answer(
        &mut peer,
        TextFlags::FINAL,
        RESERVED_TAG,
        "TargetName=iqn.2024-01.Example:Disk_A\0TargetName=LUN/0\0TargetName=iqn.2024-01.example:größe\0"
            .as_bytes(),
    );
    let events = peer.events();
    let [
        Event::Targets {
            result: Ok(listing), ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    let found: Vec<_> = listing
        .targets
        .iter()
        .map(|target| target.name.as_str())
        .collect();
    assert_eq!(
        found,
        ["iqn.2024-01.Example:Disk_A", "LUN/0", "iqn.2024-01.example:größe"]
    );
}

#[test]
fn a_target_that_lists_nothing_says_so() {
    for value in ["Reject", "NotUnderstood", "Irrelevant"] {
        let mut peer = Peer::ready();
        peer.engine.send_targets(peer.now);
        peer.listen();
        answer(
            &mut peer,
            TextFlags::FINAL,
            RESERVED_TAG,
            format!("SendTargets={value}\0").as_bytes(),
        );
        assert!(matches!(
            peer.events()[..],
            [Event::Targets {
                result: Err(TextFailure::Refused),
                ..
            }]
        ));
        assert!(peer.engine.is_open());
    }
}

#[test]
fn contradictory_flags_end_the_connection() {
    for (flags, ttt) in [
        (TextFlags::FINAL | TextFlags::CONTINUE, 5),
        (TextFlags::empty(), RESERVED_TAG),
        (TextFlags::CONTINUE, RESERVED_TAG),
    ] {
        let mut peer = Peer::ready();
        peer.engine.send_targets(peer.now);
        peer.listen();
        answer(&mut peer, flags, ttt, b"");
        assert!(matches!(
            peer.events()[..],
            [Event::Targets { .. }, Event::Dropped(DropReason::Protocol(_))]
        ));
    }
}

#[test]
fn a_renegotiation_waits_for_a_running_exchange() {
    let mut peer = Peer::ready();
    peer.engine.send_targets(peer.now);
    peer.listen();
    renegotiate(&mut peer);
    assert_eq!(request(&peer).1, b"SendTargets=\0");
    answer(&mut peer, TextFlags::FINAL, RESERVED_TAG, b"");
    assert_eq!(request(&peer).1, b"MaxRecvDataSegmentLength=8192\0");
}

#[test]
fn what_the_login_settled_is_not_negotiated_again() {
    let mut peer = Peer::ready();
    renegotiate(&mut peer);
    answer(
        &mut peer,
        TextFlags::empty(),
        7,
        b"MaxBurstLength=512\0X-mine=1\0MaxRecvDataSegmentLength=1024\0TargetAlias=new\0",
    );
    let (pdu, text) = request(&peer);
    assert_eq!(text, b"MaxBurstLength=Reject\0X-mine=NotUnderstood\0");
    assert_eq!((pdu.ttt.get(), pdu.flags), (7, TextFlags::FINAL));
    let before = peer.engine.params().clone();
    answer(&mut peer, TextFlags::FINAL, RESERVED_TAG, b"");
    let mut want = before;
    want.max_xmit_data_segment = 1024;
    assert_eq!(*peer.engine.params(), want);
}

#[test]
fn a_broken_renegotiation_leaves_everything_as_it_was() {
    for text in [
        &b"MaxRecvDataSegmentLength=511\0"[..],
        b"MaxRecvDataSegmentLength=1024\0MaxRecvDataSegmentLength=2048\0",
        b"MaxRecvDataSegmentLength=1024\0MaxRecvDataSegmentLength",
        b"InitiatorName=iqn.2001-01.a:b\0MaxRecvDataSegmentLength=1024\0",
    ] {
        let mut peer = Peer::ready();
        let before = peer.engine.params().clone();
        renegotiate(&mut peer);
        answer(&mut peer, TextFlags::FINAL, RESERVED_TAG, text);
        assert_eq!(*peer.engine.params(), before);
        assert!(peer.engine.is_open() && peer.engine.counters().format_errors == 1);
    }
}

#[test]
fn a_renegotiation_declares_again_and_takes_the_new_length() {
    let mut peer = Peer::ready();
    let pdu = AsyncMessage {
        opcode: Opcode::ASYNC_MESSAGE.into(),
        event: AsyncEvent::RENEGOTIATE,
        itt: RESERVED_TAG.into(),
        parameter3: 9.into(),
        stat_sn: peer.status(),
        ..AsyncMessage::default()
    };
    peer.say(pdu.to_bhs(), b"");
    assert!(matches!(
        peer.events()[..],
        [Event::Async(AsyncReport::Renegotiate { seconds: 9 })]
    ));
    let [(InitiatorPdu::TextRequest(request), text)] = &peer.heard[..] else {
        panic!("{:?}", peer.heard)
    };
    assert_eq!(&text[..], b"MaxRecvDataSegmentLength=8192\0");
    let answer = TextResponse {
        opcode: Opcode::TEXT_RESPONSE.into(),
        flags: TextFlags::FINAL,
        itt: request.itt,
        ttt: RESERVED_TAG.into(),
        stat_sn: peer.status(),
        ..TextResponse::default()
    };
    peer.say(answer.to_bhs(), b"MaxRecvDataSegmentLength=1024\0");
    peer.heard.clear();
    peer.submit(Direction::Write, 5000);
    assert_eq!(command(&peer).1, 1024);
}
