//! What may be negotiated in full feature phase (RFC 7143 §13: the use of each key), and SendTargets.

use super::*;
use crate::negotiate::Key;
use crate::pdu::{RejectReason, TextFlags, TextRequest};

/// Asks; the answer's text with `;` for NUL, or the reason of the Reject.
fn ask(peer: &mut Peer, text: &str) -> Result<String, RejectReason> {
    let request = TextRequest {
        opcode: OpcodeByte::immediate(Opcode::TEXT_REQUEST),
        flags: TextFlags::FINAL,
        itt: 70.into(),
        ttt: RESERVED_TAG.into(),
        cmd_sn: peer.cmd_sn.into(),
        ..TextRequest::default()
    };
    let answers = peer.send(request.to_bhs(), text.as_bytes());
    match &answers[..] {
        [(TargetPdu::TextResponse(_), text)] => Ok(String::from_utf8_lossy(text).replace('\0', ";")),
        [(TargetPdu::Reject(reject), _)] => Err(reject.reason),
        other => panic!("{other:?}"),
    }
}

fn ready() -> Peer {
    Peer::ready(Config::default(), &[])
}

#[test]
fn only_what_is_declared_may_change_in_full_feature_phase() {
    let mut peer = ready();
    let before = peer.params();
    for key in Key::ALL {
        let value = match key {
            Key::SendTargets => continue,
            Key::MaxRecvDataSegmentLength => "4096",
            Key::InitialR2T | Key::ImmediateData | Key::DataPDUInOrder | Key::DataSequenceInOrder => "No",
            Key::HeaderDigest | Key::DataDigest => "CRC32C",
            _ => "1",
        };
        let want = match key {
            // Declared for all time; nothing is to be said about it.
            Key::MaxRecvDataSegmentLength | Key::InitiatorAlias => String::new(),
            _ => format!("{}=Reject;", key.name()),
        };
        let answer = ask(&mut peer, &format!("{}={value}\0", key.name())).unwrap();
        assert_eq!(answer, want, "{}", key.name());
    }
    let mut after = peer.params();
    assert_eq!(after.max_xmit_data_segment, 4096);
    after.max_xmit_data_segment = before.max_xmit_data_segment;
    assert_eq!(after, before, "nothing else has changed");
}

#[test]
fn a_declared_segment_length_holds_from_the_next_data_on() {
    let mut peer = ready();
    ask(&mut peer, "MaxRecvDataSegmentLength=512\0").unwrap();
    peer.command(1, FINAL | READ, 2048, &[]);
    let task = peer.commands()[0].task;
    peer.target.complete(
        task,
        Completion {
            data: Some(Box::new(vec![1u8; 2048])),
            transfer: 2048,
            ..Completion::status(0)
        },
    );
    let lengths: Vec<usize> = peer.answers().iter().map(|(_, data)| data.len()).collect();
    assert_eq!(lengths, [512; 4]);
}

#[test]
fn lengths_and_keys_that_cannot_be_are_refused_one_by_one() {
    let mut peer = ready();
    for value in ["0", "511", "16777216", "-1", "x", ""] {
        let answer = ask(&mut peer, &format!("MaxRecvDataSegmentLength={value}\0")).unwrap();
        assert_eq!(answer, "MaxRecvDataSegmentLength=Reject;", "{value}");
    }
    let answer = ask(&mut peer, "X-org.example.color=blue\0MaxBurstLength=512\0").unwrap();
    assert_eq!(answer, "X-org.example.color=NotUnderstood;MaxBurstLength=Reject;");
    assert_eq!(ask(&mut peer, "X-org.example.color=NotUnderstood\0").unwrap(), "");
    for text in ["no pair\0", "=\0", "\u{7f}=1\0"] {
        assert_eq!(
            ask(&mut peer, text),
            Err(RejectReason::PROTOCOL_ERROR),
            "{text:?}"
        );
    }
}

#[test]
fn a_normal_session_is_not_shown_all_targets() {
    let mut peer = ready();
    assert_eq!(
        ask(&mut peer, "SendTargets=All\0").unwrap(),
        "SendTargets=Reject;"
    );
}
