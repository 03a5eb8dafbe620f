//! Targets that break the protocol or send garbage: one typed end, every task back exactly once, bounded memory.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::peer::{Peer, config};
use crate::{
    LinkLoss,
    digest::Digest,
    framer::FrameError,
    initiator::{Breach, Direction, DropReason, Event, Outcome, TaskTag},
    negotiate::Offer,
    pdu::*,
};

/// How the connection ends after one PDU for an open read (1000 bytes) or write (20000 bytes, 8192 of them immediate).
fn verdict(direction: Direction, pdu: impl FnOnce(TaskTag) -> Bhs, data: &[u8]) -> DropReason {
    let mut peer = Peer::ready();
    let len = if direction == Direction::Write {
        20_000
    } else {
        1000
    };
    let tag = peer.submit(direction, len);
    peer.say(pdu(tag), data);
    let events = peer.events();
    let [
        Event::TaskDone {
            tag: lost,
            outcome: Outcome::Lost,
            buffer,
        },
        Event::Dropped(why),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((*lost, buffer.len()), (tag, len));
    assert!(peer.engine.wants_close() && !peer.engine.read_slot().is_empty());
    assert_eq!(peer.engine.counters().format_errors, 1);
    *why
}

#[test]
fn violations_are_named() {
    use Direction::{Read, Write};
    use DropReason::Protocol;
    let data_in = |sn, offset| move |tag| Peer::data_in(tag, sn, offset, 4).to_bhs();
    assert_eq!(verdict(Read, data_in(1, 0), b"data"), Protocol(Breach::DataSn));
    assert_eq!(
        verdict(Read, data_in(0, 997), b"data"),
        Protocol(Breach::DataRange)
    );
    assert_eq!(
        verdict(Read, data_in(0, u32::MAX), b"data"),
        Protocol(Breach::DataRange)
    );
    assert_eq!(
        verdict(Write, data_in(0, 0), b"data"),
        Protocol(Breach::DataDirection)
    );
    let r2t = |sn, offset, len| move |tag| Peer::r2t(tag, sn, offset, len).to_bhs();
    assert_eq!(verdict(Read, r2t(0, 0, 10), b""), Protocol(Breach::R2tDirection));
    assert_eq!(verdict(Write, r2t(1, 8192, 10), b""), Protocol(Breach::R2tSn));
    assert_eq!(verdict(Write, r2t(0, 8192, 0), b""), Protocol(Breach::R2tLength));
    assert_eq!(
        verdict(Write, r2t(0, 8192, 300_000), b""),
        Protocol(Breach::R2tLength)
    );
    assert_eq!(
        verdict(Write, r2t(0, 8192, 11_809), b""),
        Protocol(Breach::R2tRange)
    );
    assert_eq!(verdict(Write, r2t(0, 0, 10), b""), Protocol(Breach::R2tRange));
    assert_eq!(
        verdict(Write, r2t(0, u32::MAX, 10), b""),
        Protocol(Breach::R2tRange)
    );
    let opcode = |opcode: Opcode| {
        move |_| Bhs {
            opcode: opcode.into(),
            ..Bhs::from_array([0; BHS_LEN])
        }
    };
    assert_eq!(verdict(Read, opcode(Opcode(0x3e)), b""), Protocol(Breach::Opcode));
    assert_eq!(
        verdict(Read, opcode(Opcode::SCSI_COMMAND), b""),
        Protocol(Breach::Opcode)
    );
    assert_eq!(
        verdict(Read, opcode(Opcode::LOGIN_RESPONSE), b""),
        Protocol(Breach::Login)
    );
    assert_eq!(
        verdict(Read, opcode(Opcode::LOGOUT_RESPONSE), b""),
        Protocol(Breach::UnaskedLogout)
    );
    assert_eq!(
        verdict(Read, opcode(Opcode::REJECT), b"short"),
        Protocol(Breach::RejectHeader)
    );
    let long = vec![0; 8193];
    let too_long = DropReason::Frame(FrameError::TooLong {
        len: 8193,
        limit: 8192,
    });
    assert_eq!(verdict(Read, opcode(Opcode::NOP_IN), &long), too_long);
}

#[test]
fn nothing_is_asked_for_twice() {
    let mut peer = Peer::ready();
    let tag = peer.submit(Direction::Read, 8);
    peer.say(Peer::data_in(tag, 0, 0, 8).to_bhs(), &[0; 8]);
    peer.say(Peer::data_in(tag, 1, 0, 8).to_bhs(), &[0; 8]);
    assert!(matches!(
        peer.events()[..],
        [_, Event::Dropped(DropReason::Protocol(Breach::DataRange))]
    ));
}

#[test]
fn what_belongs_to_no_task_is_read_over() {
    let mut peer = Peer::ready();
    let nobody = TaskTag(0x1234_5678);
    peer.say(Peer::data_in(nobody, 0, 0, 900).to_bhs(), &[0; 900]);
    peer.say(Peer::r2t(nobody, 0, 0, 900).to_bhs(), b"");
    let response = peer.scsi_response(nobody);
    peer.say(response.to_bhs(), b"");
    assert!(peer.events().is_empty() && peer.heard.is_empty() && peer.engine.is_open());
    assert_eq!(peer.engine.counters().format_errors, 3);
}

/// A peer with both digests, and the bytes of a NOP-In with data.
fn with_digests() -> (Peer, Vec<u8>) {
    let mut config = config();
    config.offer.header_digests = vec![Digest::Crc32c];
    config.offer.data_digests = vec![Digest::Crc32c];
    let mut peer = Peer::logged_in(config, Offer::default());
    let wire = peer.bytes_of(Peer::nop_in(RESERVED_TAG, 0x99).to_bhs(), b"data of a ping");
    (peer, wire)
}

#[test]
fn header_digest_errors_drop_the_connection_and_are_counted() {
    for at in [20, 49] {
        let (mut peer, mut wire) = with_digests();
        wire[at] ^= 0x10;
        peer.feed(&wire);
        let why = DropReason::Frame(FrameError::HeaderDigest);
        assert!(
            matches!(peer.events()[..], [Event::Dropped(got)] if got == why),
            "{at}"
        );
        assert_eq!(peer.engine.counters().digest_errors, 1);
    }
    let (mut peer, wire) = with_digests();
    peer.feed(&wire);
    assert!(peer.events().is_empty() && peer.engine.counters().digest_errors == 0);
}

#[test]
fn a_flood_of_pings_that_reads_no_answers_is_dropped() {
    let mut peer = Peer::ready();
    let wire = peer.bytes_of(Peer::nop_in(RESERVED_TAG, 1).to_bhs(), &[0; 8000]);
    for _ in 0..200 {
        peer.feed(&wire);
    }
    assert!(matches!(peer.events()[..], [Event::Dropped(DropReason::NotRead)]));
}

#[test]
fn an_endless_text_is_given_up() {
    let mut peer = Peer::ready();
    let tag = peer.engine.send_targets(peer.now);
    peer.listen();
    let mut events = Vec::new();
    while events.is_empty() {
        assert!(peer.engine.counters().rx.text < 600, "four megabytes are enough");
        let pdu = TextResponse {
            opcode: Opcode::TEXT_RESPONSE.into(),
            itt: tag.0.into(),
            ttt: 5.into(),
            stat_sn: peer.status(),
            ..TextResponse::default()
        };
        peer.say(pdu.to_bhs(), &[b'a'; 8000]);
        events = peer.events();
    }
    assert!(
        matches!(&events[..], [Event::Targets { result: Err(_), .. }]),
        "{events:?}"
    );
}

/// Every task that was submitted ended once, and there is one last event at most.
fn account_for(peer: &mut Peer, submitted: &[TaskTag]) -> Result<(), TestCaseError> {
    peer.engine.closed(peer.now, LinkLoss::PeerClosed);
    let mut ended = BTreeMap::new();
    let mut last = 0;
    for event in peer.events() {
        match event {
            Event::TaskDone { tag, .. } => *ended.entry(tag).or_insert(0) += 1,
            Event::Dropped(_)
            | Event::LoginFailed(_)
            | Event::LoggedOut { .. }
            | Event::Redirected { .. } => last += 1,
            _ => {}
        }
    }
    prop_assert_eq!(
        ended,
        submitted.iter().map(|tag| (*tag, 1)).collect::<BTreeMap<_, _>>()
    );
    prop_assert_eq!(last, 1);
    prop_assert!(peer.engine.wants_close() && peer.engine.poll_timeout().is_none());
    Ok(())
}

/// A header with a plausible opcode, tag and numbers, and everything else arbitrary.
fn header() -> impl Strategy<Value = ([u8; 48], usize, usize)> {
    let opcode = prop::sample::select(vec![
        0x20u8, 0x21, 0x22, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f, 0x23, 0x15,
    ]);
    (
        any::<[u8; 48]>(),
        opcode,
        any::<[bool; 4]>(),
        0usize..6,
        0usize..600,
    )
        .prop_map(|(mut bytes, opcode, plain, task, len)| {
            bytes[0] = opcode;
            bytes[4] = 0;
            if plain[0] {
                bytes[1..4].copy_from_slice(&[0x80, 0, 0]);
            }
            if plain[1] {
                // Data or R2T number 0, offset 0, 256 bytes.
                bytes[36..48].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
            }
            if plain[2] {
                bytes[20..24].copy_from_slice(&[0xff; 4]);
            }
            (bytes, task, if plain[3] { 0 } else { len })
        })
}

proptest! {
    #[test]
    fn arbitrary_bytes_during_login_end_it_once(wire in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut peer = Peer::new(config());
        peer.feed(&wire);
        account_for(&mut peer, &[])?;
    }

    #[test]
    fn arbitrary_login_text_ends_once(
        flags: u8, status in 0u8..4, text in proptest::collection::vec("[A-Za-z_]{1,12}=[0-9A-Za-z,]{0,12}\0", 0..6),
    ) {
        let mut peer = Peer::new(config());
        let pdu = peer.login_response(LoginFlags(flags));
        peer.say(LoginResponse { status: LoginStatus::new(status, 1), ..pdu }.to_bhs(), text.concat().as_bytes());
        account_for(&mut peer, &[])?;
    }

    #[test]
    fn arbitrary_bytes_after_login_return_every_task_once(wire in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut peer = Peer::ready();
        let tags = [peer.submit(Direction::Read, 5000), peer.submit(Direction::Write, 50_000)];
        peer.feed(&wire);
        account_for(&mut peer, &tags)?;
    }

    #[test]
    fn arbitrary_pdus_return_every_task_once(
        pdus in proptest::collection::vec(header(), 0..30), digests: bool, timeout_at in 0usize..30,
    ) {
        let mut config = config();
        if digests {
            config.offer.data_digests = vec![Digest::Crc32c];
        }
        let mut peer = Peer::logged_in(config, Offer::default());
        let tags = [
            peer.submit(Direction::Read, 5000),
            peer.submit(Direction::Write, 50_000),
            peer.submit(Direction::None, 0),
        ];
        let tmf = peer.engine.task_management(peer.now, TmfFunction::LOGICAL_UNIT_RESET, Lun::flat(3), None);
        let text = peer.engine.send_targets(peer.now);
        let known = [tags[0].0, tags[1].0, tags[2].0, tmf.0, text.0, RESERVED_TAG];
        let mut submitted = tags.to_vec();
        for (number, (mut bytes, task, len)) in pdus.into_iter().enumerate() {
            bytes[16..20].copy_from_slice(&known[task].to_be_bytes());
            let wire = peer.bytes_of(Bhs::from_array(bytes), &vec![0x55; len]);
            peer.feed(&wire);
            if number == timeout_at && peer.engine.poll_timeout().is_some() {
                peer.wait();
                submitted.push(peer.submit(Direction::Write, 100));
            }
            prop_assert!(peer.engine.outstanding() <= submitted.len());
        }
        account_for(&mut peer, &submitted)?;
    }
}
