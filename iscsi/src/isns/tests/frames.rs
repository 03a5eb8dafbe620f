//! PDUs that are not what they should be.

use super::list;
use crate::isns::{Attributes, Flags, FrameError, Function, Malformed, Message, Receiver, Status, Tag};

fn pdu(function: u16, flags: Flags, xid: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let len = u16::try_from(payload.len()).unwrap();
    for field in [1, function, len, flags.bits(), xid, sequence] {
        wire.extend_from_slice(&field.to_be_bytes());
    }
    wire.extend_from_slice(payload);
    wire
}

const ONE: Flags = Flags::FIRST.union(Flags::LAST);
const QRY: u16 = 0x8002;

/// What a receiver of 1000 bytes makes of PDUs, up to the first message or error.
fn received(pdus: &[Vec<u8>]) -> Result<Option<Message>, FrameError> {
    let mut receiver = Receiver::new(1000);
    for pdu in pdus {
        receiver.feed(pdu);
        match receiver.poll() {
            Ok(None) => {}
            other => return other,
        }
    }
    Ok(None)
}

#[test]
fn pdus_against_the_rules_are_named() {
    let query = Function(QRY);
    let sequence = |sequence, expected| FrameError::Sequence {
        function: query,
        sequence,
        expected,
    };
    let mut other_version = pdu(QRY, ONE, 1, 0, &[0; 4]);
    other_version[1] = 2;
    let late = || pdu(QRY, Flags::FIRST, 1, 0, &[0; 4]);
    for (pdus, why) in [
        (vec![other_version], FrameError::Version(2)),
        (vec![b"HTTP/1.1 400 Bad".to_vec()], FrameError::Version(0x4854)),
        (vec![pdu(QRY, ONE, 1, 0, &[0; 6])], FrameError::Unaligned(6)),
        (vec![pdu(QRY, Flags::LAST, 1, 0, &[0; 4])], sequence(0, 0)),
        (vec![pdu(QRY, ONE, 1, 1, &[0; 4])], sequence(1, 0)),
        (vec![late(), pdu(QRY, Flags::LAST, 1, 2, &[])], sequence(2, 1)),
        (vec![late(), pdu(QRY, Flags::LAST, 2, 1, &[])], sequence(1, 0)),
        (vec![late(), late()], FrameError::Again(query)),
        (vec![pdu(QRY, ONE, 1, 0, &[])], FrameError::NoStatus(query)),
        (
            vec![pdu(QRY, ONE, 1, 0, &[0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 4])],
            FrameError::Attributes {
                function: query,
                why: Malformed::Beyond {
                    tag: Tag::ISCSI_NAME,
                    len: 4,
                    left: 0,
                },
            },
        ),
        (
            (0..5).map(|xid| pdu(QRY, Flags::FIRST, xid, 0, &[])).collect(),
            FrameError::AtOnce,
        ),
        (
            vec![
                pdu(QRY, ONE | Flags::AUTHENTICATED, 1, 0, &[0; 4]),
                vec![0; 7],
                vec![19],
            ],
            FrameError::Signature(19),
        ),
    ] {
        assert_eq!(received(&pdus), Err(why));
    }
}

#[test]
fn segments_without_end_are_ended() {
    let limit = FrameError::TooLong { limit: 1000 };
    let many = (0..300).map(|n| {
        pdu(
            QRY,
            if n == 0 { Flags::FIRST } else { Flags::empty() },
            1,
            n,
            &[0; 4],
        )
    });
    assert_eq!(received(&many.collect::<Vec<_>>()), Err(limit));
    // What is too long is refused by its header.
    let mut long = pdu(QRY, ONE, 1, 0, &[0; 1004]);
    long.truncate(12);
    assert_eq!(received(&[long]), Err(limit));
    // Empty ones end with the numbers.
    let mut receiver = Receiver::new(1000);
    for n in 0..=u16::MAX {
        let flags = if n == 0 { Flags::FIRST } else { Flags::empty() };
        receiver.feed(&pdu(QRY, flags, 1, n, &[]));
        assert_eq!(receiver.poll(), Ok(None));
    }
    receiver.feed(&pdu(QRY, Flags::LAST, 1, 0, &[]));
    assert!(matches!(
        receiver.poll(),
        Err(FrameError::Sequence { expected: 65536, .. })
    ));
    assert_eq!(receiver.held(), 0);
}

#[test]
fn after_an_error_nothing_more_is_read() {
    let mut receiver = Receiver::new(1000);
    receiver.feed(&pdu(QRY, ONE, 1, 1, &[0; 4]));
    let why = receiver.poll().unwrap_err();
    receiver.feed(&pdu(QRY, ONE, 1, 0, &[0; 4]));
    assert_eq!((receiver.poll(), receiver.held()), (Err(why), 0));
}

#[test]
fn a_notice_may_come_between_the_pdus_of_an_answer() {
    let mut receiver = Receiver::new(1000);
    receiver.feed(&pdu(QRY, Flags::FIRST, 1, 0, &[0; 4]));
    receiver.feed(&pdu(0x000e, ONE, 9, 0, &[7; 44]));
    receiver.feed(&pdu(QRY, Flags::LAST, 1, 1, &[0, 0, 0, 32, 0, 0, 0, 0]));
    let heartbeat = receiver.poll().unwrap().unwrap();
    assert_eq!(
        (heartbeat.function, heartbeat.body.is_empty()),
        (Function::HEARTBEAT, true)
    );
    let answer = receiver.poll().unwrap().unwrap();
    assert_eq!(answer.status, Some(Status::SUCCESS));
    assert_eq!(
        answer.body,
        list(|b| {
            b.ask(Tag::ISCSI_NAME);
        })
    );
    assert_eq!(receiver.poll(), Ok(None));
}

#[test]
fn signatures_are_passed_over() {
    let mut signature = vec![0, 0, 0, 2, 0, 0, 0, 24];
    signature.extend_from_slice(&[9; 16]);
    let mut wire = pdu(QRY, ONE | Flags::AUTHENTICATED, 1, 0, &[0; 4]);
    wire.extend_from_slice(&signature);
    wire.extend(pdu(QRY, ONE, 2, 0, &[0; 4]));
    let mut receiver = Receiver::new(1000);
    let mut got = Vec::new();
    for byte in wire {
        receiver.feed(&[byte]);
        got.extend(receiver.poll().unwrap().map(|message| message.xid));
    }
    assert_eq!(got, [1, 2]);
}

#[test]
fn a_message_of_too_many_pdus_is_not_made() {
    let body = list(|b| {
        b.push(Tag::PORTAL_CERTIFICATE, &vec![0; 4 * 65536]);
    });
    let mut wire = Vec::new();
    let message = Message::request(Function::DEV_ATTR_REG, 1, body);
    assert!(message.encode(4, &mut wire).is_err() && wire.is_empty());
    assert_eq!(
        Message::request(Function::SCN, 1, Attributes::new()).encode(0, &mut wire),
        Ok(())
    );
    assert_eq!(wire.len(), 12);
}
