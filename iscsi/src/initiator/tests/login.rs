//! Login requests as they go out, and everything that a target can answer wrongly.

use super::peer::{Peer, config};
use crate::{
    digest::Digest,
    framer::FrameError,
    initiator::{Event, LoginFailure},
    negotiate::{Key, NegotiationError},
    pdu::*,
    text::{TextError, pairs},
};

pub(super) const TO_OPERATIONAL: LoginFlags = LoginFlags::transit(Stage::SECURITY, Stage::OPERATIONAL);
const TO_FULL: LoginFlags = LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE);

pub(super) fn texts(bytes: &[u8]) -> Vec<String> {
    pairs(bytes)
        .map(|pair| pair.unwrap())
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

#[test]
fn the_first_request_says_who_wants_what() {
    let mut config = config();
    config.initiator_alias = Some("a host".into());
    let peer = Peer::new(config.clone());
    let pdu = peer.login_request();
    assert_eq!(pdu.opcode, OpcodeByte::immediate(Opcode::LOGIN_REQUEST));
    assert_eq!(
        (pdu.flags, pdu.isid, pdu.tsih.get()),
        (TO_OPERATIONAL, config.isid, 0)
    );
    assert_eq!((pdu.version_min, pdu.version_max), (0, 0));
    assert_eq!(
        texts(&peer.heard[0].1),
        [
            "InitiatorName=iqn.2024-01.example.peer:host",
            "InitiatorAlias=a host",
            "SessionType=Normal",
            "TargetName=iqn.2024-01.example.peer:disk",
            "AuthMethod=None",
        ]
    );
}

#[test]
fn names_go_out_byte_for_byte() {
    for name in ["IQN.2024-01.Example:Disk_1", "iqn.2024-01.example:größe", "disk"] {
        let mut config = config();
        config.initiator_name = name.parse().unwrap();
        config.target_name = Some(name.parse().unwrap());
        let peer = Peer::new(config);
        let said = texts(&peer.heard[0].1);
        for key in ["InitiatorName", "TargetName"] {
            assert!(said.contains(&format!("{key}={name}")), "{said:?}");
        }
    }
}

#[test]
fn the_operational_request_offers_every_key_and_cmd_sn_stands_still() {
    let mut config = config();
    config.offer.header_digests = vec![Digest::Crc32c, Digest::None];
    let mut peer = Peer::new(config);
    let first = peer.login_request();
    peer.answer_login(TO_OPERATIONAL, b"AuthMethod=None\0");
    let second = peer.login_request();
    assert_eq!(
        (second.cmd_sn, second.itt, second.flags),
        (first.cmd_sn, first.itt, TO_FULL)
    );
    assert_eq!(
        second.exp_stat_sn.get(),
        101,
        "one behind the StatSN of the response"
    );
    assert_eq!(
        texts(&peer.heard[1].1),
        [
            "HeaderDigest=CRC32C,None",
            "DataDigest=None,CRC32C",
            "MaxRecvDataSegmentLength=8192",
            "DefaultTime2Wait=2",
            "DefaultTime2Retain=20",
            "ErrorRecoveryLevel=0",
            "InitialR2T=Yes",
            "ImmediateData=Yes",
            "MaxBurstLength=262144",
            "FirstBurstLength=65536",
            "MaxOutstandingR2T=1",
            "MaxConnections=1",
            "DataPDUInOrder=Yes",
            "DataSequenceInOrder=Yes",
        ]
    );
}

/// What the initiator makes of one answer to its first request.
fn verdict(change: impl FnOnce(&mut LoginResponse), text: &[u8]) -> LoginFailure {
    let mut peer = Peer::new(config());
    let mut pdu = peer.login_response(TO_OPERATIONAL);
    change(&mut pdu);
    peer.say(pdu.to_bhs(), text);
    match &peer.events()[..] {
        [Event::LoginFailed(why)] => *why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_field_in_a_response_is_named() {
    use LoginFailure::BadField;
    assert_eq!(verdict(|pdu| pdu.isid.0[0] ^= 1, b""), BadField("ISID"));
    assert_eq!(verdict(|pdu| pdu.itt = 77.into(), b""), BadField("task tag"));
    assert_eq!(verdict(|pdu| pdu.version_active = 1, b""), BadField("version"));
    assert_eq!(verdict(|pdu| pdu.flags = TO_FULL, b""), BadField("current stage"));
    let far = LoginFlags::transit(Stage::SECURITY, Stage::FULL_FEATURE);
    assert_eq!(verdict(|pdu| pdu.flags = far, b""), BadField("next stage"));
    assert_eq!(
        verdict(|pdu| pdu.flags |= LoginFlags::CONTINUE, b""),
        BadField("C bit together with T")
    );
    assert_eq!(
        verdict(|_| {}, b"TargetPortalGroupTag=x\0"),
        BadField("TargetPortalGroupTag")
    );
    assert_eq!(
        verdict(|_| {}, b"AuthMethod=None"),
        LoginFailure::Text(TextError::Unterminated)
    );
    assert_eq!(
        verdict(|_| {}, b"AuthMethod\0"),
        LoginFailure::Text(TextError::NoEquals)
    );
    assert_eq!(verdict(|_| {}, b"AuthMethod=KRB5\0"), LoginFailure::NoAuthMethod);
    let twice = NegotiationError::Twice(Key::AuthMethod);
    assert_eq!(
        verdict(|_| {}, b"AuthMethod=None\0AuthMethod=None\0"),
        LoginFailure::Negotiation(twice)
    );
    let sender = NegotiationError::WrongSender(Key::InitiatorName);
    assert_eq!(
        verdict(|_| {}, b"InitiatorName=iqn.2001-01.a\0"),
        LoginFailure::Negotiation(sender)
    );
    assert_eq!(
        verdict(|pdu| pdu.status = LoginStatus::new(7, 7), b""),
        LoginFailure::Refused(LoginStatus::new(7, 7))
    );
    assert_eq!(
        verdict(|pdu| pdu.status = LoginStatus::MOVED_PERMANENTLY, b"X=1\0"),
        LoginFailure::BadRedirect
    );
    assert_eq!(
        verdict(|pdu| pdu.opcode = Opcode::NOP_IN.into(), b""),
        LoginFailure::Unexpected(Opcode::NOP_IN)
    );
    assert_eq!(
        verdict(|pdu| pdu.opcode = Opcode(0x15).into(), b""),
        LoginFailure::Unexpected(Opcode(0x15))
    );
    assert_eq!(
        verdict(|_| {}, &[b'a'; 8193]),
        LoginFailure::Frame(FrameError::TooLong {
            len: 8193,
            limit: 8192
        })
    );
}

#[test]
fn an_offer_that_nobody_answers_fails_the_login() {
    let mut peer = Peer::new(config());
    peer.answer_login(TO_OPERATIONAL, b"AuthMethod=None\0");
    peer.answer_login(TO_FULL, b"HeaderDigest=None\0");
    let events = peer.events();
    let [Event::LoginFailed(LoginFailure::Negotiation(NegotiationError::Unanswered(_)))] = &events[..] else {
        panic!("{events:?}")
    };
}

#[test]
fn keys_from_the_target_are_answered_and_the_login_goes_on() {
    let mut peer = Peer::new(config());
    peer.answer_login(TO_OPERATIONAL, b"AuthMethod=None\0");
    peer.answer_login(
        LoginFlags::stay(Stage::OPERATIONAL),
        b"X-vendor=1\0IFMarker=Yes\0MaxRecvDataSegmentLength=4096\0",
    );
    let (_, text) = peer.heard.last().unwrap();
    assert_eq!(texts(text), ["X-vendor=NotUnderstood", "IFMarker=No"]);
    assert_eq!(peer.login_request().flags, TO_FULL);
    assert!(peer.events().is_empty());
}

#[test]
fn long_text_goes_both_ways_in_pieces() {
    let mut config = config();
    config.initiator_alias = Some("x".repeat(20_000));
    let mut peer = Peer::new(config);
    let first = peer.login_request();
    assert_eq!(
        first.flags,
        LoginFlags::stay(Stage::SECURITY) | LoginFlags::CONTINUE
    );
    let mut text = peer.heard.last().unwrap().1.clone();
    assert_eq!(text.len(), 8192);
    while peer.login_request().flags.contains(LoginFlags::CONTINUE) {
        peer.answer_login(LoginFlags::stay(Stage::SECURITY), b"");
        text.extend(&peer.heard.last().unwrap().1);
    }
    assert_eq!(peer.login_request().flags, TO_OPERATIONAL);
    assert!(texts(&text).contains(&"AuthMethod=None".to_owned()));
    peer.answer_login(
        LoginFlags::stay(Stage::SECURITY) | LoginFlags::CONTINUE,
        b"AuthMeth",
    );
    assert_eq!(
        (peer.login_request().flags, peer.heard.last().unwrap().1.len()),
        (LoginFlags::stay(Stage::SECURITY), 0)
    );
    peer.answer_login(LoginFlags::stay(Stage::SECURITY), b"od=None\0");
    assert_eq!(peer.login_request().flags, TO_OPERATIONAL);
    peer.answer_login(TO_OPERATIONAL, b"");
    assert_eq!(peer.login_request().flags, TO_FULL);
}

#[test]
fn a_login_without_end_is_given_up() {
    let mut peer = Peer::new(config());
    peer.answer_login(TO_OPERATIONAL, b"AuthMethod=None\0");
    for _ in 0..100 {
        if peer.engine.wants_close() {
            break;
        }
        peer.answer_login(LoginFlags::stay(Stage::OPERATIONAL), b"");
    }
    assert!(matches!(
        peer.events()[..],
        [Event::LoginFailed(LoginFailure::Endless)]
    ));
}

#[test]
fn a_session_without_a_handle_is_none() {
    let mut peer = Peer::new(config());
    peer.answer_login(TO_OPERATIONAL, b"AuthMethod=None\0");
    let pdu = LoginResponse {
        tsih: 0.into(),
        ..peer.login_response(TO_FULL)
    };
    peer.say(pdu.to_bhs(), b"");
    assert!(matches!(
        peer.events()[..],
        [Event::LoginFailed(LoginFailure::BadField("TSIH"))]
    ));
}

#[test]
fn keys_have_their_stages() {
    for key in [
        Key::HeaderDigest,
        Key::MaxBurstLength,
        Key::MaxRecvDataSegmentLength,
        Key::TaskReporting,
    ] {
        let wrong = LoginFailure::Negotiation(NegotiationError::WrongStage(key));
        let text = format!("{key}=None\0");
        assert_eq!(verdict(|_| {}, text.as_bytes()), wrong, "{key}");
    }
    for key in [Key::AuthMethod, Key::ChapA, Key::ChapR] {
        let mut peer = Peer::new(config());
        peer.answer_login(
            TO_OPERATIONAL,
            b"AuthMethod=None\0TargetAlias=a\0TargetPortalGroupTag=1\0",
        );
        peer.answer_login(TO_FULL, format!("{key}=None\0").as_bytes());
        let wrong = LoginFailure::Negotiation(NegotiationError::WrongStage(key));
        assert!(
            matches!(peer.events()[..], [Event::LoginFailed(why)] if why == wrong),
            "{key}"
        );
    }
}

#[test]
fn what_is_declared_twice_is_refused() {
    for (key, value) in [(Key::TargetAlias, "a"), (Key::TargetPortalGroupTag, "1")] {
        let twice = LoginFailure::Negotiation(NegotiationError::Twice(key));
        let text = format!("AuthMethod=None\0{key}={value}\0{key}={value}\0");
        assert_eq!(verdict(|_| {}, text.as_bytes()), twice);
    }
}
