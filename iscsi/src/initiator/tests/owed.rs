//! Targets that ask for answers and read none: what is queued for them is bounded, whatever they ask with.

use zerocopy::IntoBytes;

use super::peer::{Peer, config};
use crate::{
    initiator::{Direction, DropReason, Event, TaskTag},
    negotiate::Offer,
    pdu::*,
};

/// No queue of these tests may come to more.
const BOUND: usize = 4 << 20;

/// Says it again and again, and reads nothing, until the connection is dropped; how much was queued at most.
fn flood(peer: &mut Peer, mut pdu: impl FnMut(&mut Peer, u32) -> (Bhs, Vec<u8>)) -> usize {
    let (mut number, mut most) = (0, 0);
    while !peer.engine.wants_close() {
        assert!(number < 200_000, "asked {number} times, and nothing happens");
        let (bhs, data) = pdu(peer, number);
        let wire = peer.bytes_of(bhs, &data);
        peer.feed(&wire);
        most = most.max(peer.engine.queued());
        assert!(most < BOUND, "{most} bytes queued");
        number += 1;
    }
    let events = peer.events();
    let last = events.last();
    assert!(
        matches!(last, Some(Event::Dropped(DropReason::NotRead))),
        "{last:?}"
    );
    most
}

fn header(peer: &mut Peer, opcode: Opcode) -> AsyncMessage {
    AsyncMessage {
        opcode: opcode.into(),
        flags: 0x80,
        itt: RESERVED_TAG.into(),
        stat_sn: peer.status(),
        exp_cmd_sn: peer.exp_cmd_sn.into(),
        max_cmd_sn: peer.max_cmd_sn.into(),
        ..AsyncMessage::default()
    }
}

fn terminated(peer: &mut Peer) -> Bhs {
    let mut pdu = header(peer, Opcode::ASYNC_MESSAGE);
    pdu.event = AsyncEvent::TASKS_TERMINATED;
    pdu.to_bhs()
}

#[test]
fn messages_that_want_an_acknowledgement() {
    let mut peer = Peer::ready();
    flood(&mut peer, |peer, _| (terminated(peer), Vec::new()));
}

#[test]
fn pings() {
    let mut peer = Peer::ready();
    flood(&mut peer, |_, number| {
        (Peer::nop_in(RESERVED_TAG, number & 0xffff).to_bhs(), Vec::new())
    });
    let mut peer = Peer::ready();
    flood(&mut peer, |_, number| {
        (
            Peer::nop_in(RESERVED_TAG, number & 0xffff).to_bhs(),
            vec![7; 8000],
        )
    });
}

#[test]
fn data_in_crumbs() {
    let mut offer = Offer::default();
    offer.params.max_outstanding_r2t = 1;
    let mut peer = Peer::logged_in(config(), offer);
    let tag = peer.submit(Direction::Write, 200_000);
    // The first 8192 bytes went with the command.
    flood(&mut peer, |_, number| {
        (Peer::r2t(tag, number, 8192 + number, 1).to_bhs(), Vec::new())
    });
}

#[test]
fn negotiation_again_and_again() {
    let mut peer = Peer::ready();
    // The tags of later exchanges follow the first one's, which the target was told.
    let first = peer.engine.send_targets(peer.now).0;
    peer.listen();
    flood(&mut peer, |peer, number| {
        if number % 2 == 0 {
            let mut pdu = header(peer, Opcode::ASYNC_MESSAGE);
            pdu.event = AsyncEvent::RENEGOTIATE;
            (pdu.to_bhs(), Vec::new())
        } else {
            let pdu = TextResponse {
                opcode: Opcode::TEXT_RESPONSE.into(),
                flags: TextFlags::FINAL,
                itt: first.wrapping_add(number / 2).into(),
                ttt: RESERVED_TAG.into(),
                stat_sn: peer.status(),
                ..TextResponse::default()
            };
            (pdu.to_bhs(), Vec::new())
        }
    });
}

#[test]
fn a_text_in_crumbs() {
    let mut peer = Peer::ready();
    let tag = peer.engine.send_targets(peer.now);
    peer.listen();
    flood(&mut peer, |peer, _| {
        let pdu = TextResponse {
            opcode: Opcode::TEXT_RESPONSE.into(),
            itt: tag.0.into(),
            ttt: 5.into(),
            stat_sn: peer.status(),
            ..TextResponse::default()
        };
        (pdu.to_bhs(), b"a".to_vec())
    });
}

/// The header of the last command that the peer heard.
fn command(peer: &Peer) -> Bhs {
    let heard = peer.heard.iter().rev().find_map(|(pdu, _)| match pdu {
        InitiatorPdu::ScsiCommand(pdu) => Some(pdu.to_bhs()),
        _ => None,
    });
    heard.expect("a command")
}

#[test]
fn a_damaged_command_is_aborted_once() {
    let mut peer = Peer::ready();
    peer.submit(Direction::Read, 512);
    let command = command(&peer);
    peer.heard.clear();
    for _ in 0..5000 {
        let pdu = Reject {
            opcode: Opcode::REJECT.into(),
            flags: 0x80,
            reason: RejectReason::DATA_DIGEST_ERROR,
            itt: RESERVED_TAG.into(),
            stat_sn: peer.status(),
            ..Reject::default()
        };
        let wire = peer.bytes_of(pdu.to_bhs(), command.as_bytes());
        peer.feed(&wire);
    }
    peer.listen();
    assert!(matches!(peer.heard[..], [(InitiatorPdu::TmfRequest(_), _)]));
    assert!(peer.engine.is_open());
}

#[test]
fn who_reads_may_ask_for_ever() {
    let mut peer = Peer::ready();
    for _ in 0..10_000 {
        let wire = terminated(&mut peer);
        let wire = peer.bytes_of(wire, &[]);
        peer.feed(&wire);
        peer.listen();
        peer.events();
    }
    assert!(peer.engine.is_open());
    assert_eq!(peer.heard.len(), 10_000);
}

#[test]
fn many_r2ts_at_once_are_no_flood() {
    let mut offer = Offer::default();
    offer.params.max_outstanding_r2t = 8;
    let mut config = config();
    config.offer.params.max_outstanding_r2t = 8;
    let mut peer = Peer::logged_in(config, offer);
    peer.max_cmd_sn = peer.exp_cmd_sn.wrapping_add(2000);
    let ping = Peer::nop_in(RESERVED_TAG, RESERVED_TAG).to_bhs();
    peer.say(ping, &[]);
    let tags: Vec<TaskTag> = (0..1000).map(|_| peer.submit(Direction::Write, 16_384)).collect();
    for tag in &tags {
        for number in 0..8 {
            let pdu = Peer::r2t(*tag, number, 8192 + number * 1024, 1024).to_bhs();
            let wire = peer.bytes_of(pdu, &[]);
            peer.feed(&wire);
        }
    }
    assert!(peer.engine.is_open(), "{:?}", peer.events());
}
