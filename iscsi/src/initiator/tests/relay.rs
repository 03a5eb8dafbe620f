//! Sessions of an owner who logs in by himself: what goes out, what he gets, what ends the connection.

mod liveness;

use std::time::Duration;

use super::peer::Peer;
use crate::{
    digest::Digest,
    framer::FrameError,
    initiator::{
        Breach, Direction, DropReason, Event, Outcome, RelayError, Start, TaskTag, Timeouts, TmfOutcome,
    },
    negotiate::Params,
    pdu::*,
};

fn start(params: Params) -> Start {
    Start {
        params,
        exp_stat_sn: 101,
        timeouts: Timeouts {
            noop_interval: Some(Duration::from_secs(5)),
            noop_timeout: Duration::from_secs(7),
            ..Timeouts::default()
        },
        fast_abort: false,
    }
}

fn login_request(itt: u32) -> LoginRequest {
    LoginRequest {
        opcode: OpcodeByte::immediate(LoginRequest::OPCODE),
        flags: LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE),
        itt: itt.into(),
        cmd_sn: 999.into(),
        exp_stat_sn: 77.into(),
        ..LoginRequest::default()
    }
}

fn ask(peer: &mut Peer, bhs: Bhs, data: &[u8]) -> Result<(), RelayError> {
    let asked = peer.engine.submit_pdu(peer.now, &zerocopy::transmute!(bhs), data);
    peer.listen();
    asked
}

/// The last login response came.
fn logged_in() -> Peer {
    let mut peer = Peer::relayed();
    ask(&mut peer, login_request(0).to_bhs(), b"A=B\0").expect("sent");
    peer.answer_login(
        LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE),
        b"C=D\0",
    );
    peer
}

fn started(change: impl FnOnce(&mut Start)) -> Peer {
    let mut peer = logged_in();
    peer.events();
    peer.heard.clear();
    let mut how = start(Params::default());
    change(&mut how);
    peer.agree(&how.params);
    assert!(peer.engine.start(peer.now, how));
    peer
}

fn nop_out(itt: u32) -> Bhs {
    NopOut {
        opcode: OpcodeByte::immediate(NopOut::OPCODE),
        flags: 0x80,
        itt: itt.into(),
        ttt: RESERVED_TAG.into(),
        ..NopOut::default()
    }
    .to_bhs()
}

fn dropped(peer: &mut Peer) -> Option<DropReason> {
    let events = peer.events();
    events.iter().find_map(|event| match event {
        Event::Dropped(why) => Some(*why),
        _ => None,
    })
}

fn handed_up(events: &[Event]) -> Vec<(Opcode, &[u8])> {
    let mut all = Vec::new();
    for event in events {
        if let Event::Pdu { header, data } = event {
            all.push((OpcodeByte(header[0]).opcode(), data.as_slice()));
        }
    }
    all
}

#[test]
fn a_login_goes_out_and_comes_back_as_it_is_but_for_tag_and_number() {
    let mut peer = Peer::relayed();
    ask(&mut peer, login_request(0).to_bhs(), b"A=B\0").expect("sent");
    let (pdu, data) = peer.heard.last().expect("a request").clone();
    let InitiatorPdu::LoginRequest(pdu) = pdu else {
        panic!("{pdu:?}")
    };
    assert_eq!(data, b"A=B\0");
    assert_eq!(
        (pdu.cmd_sn.get(), pdu.exp_stat_sn.get()),
        (5, 77),
        "the owner's StatSN"
    );
    assert_eq!(pdu.flags, login_request(0).flags);
    assert_eq!(
        ask(&mut peer, login_request(0).to_bhs(), b""),
        Err(RelayError::Busy),
        "one at a time"
    );
    peer.answer_login(LoginFlags::stay(Stage::OPERATIONAL), b"C=D\0");
    let events = peer.events();
    assert_eq!(handed_up(&events), [(Opcode::LOGIN_RESPONSE, &b"C=D\0"[..])]);
    ask(&mut peer, login_request(0).to_bhs(), b"").expect("the next one");
    assert_eq!(peer.login_request().itt, pdu.itt, "one exchange, one tag");
    assert_eq!(peer.engine.cmd_sn(), 5, "login requests are immediate");
}

#[test]
fn what_the_target_says_before_the_start_is_read_with_the_digests_of_the_session() {
    for (size, reason) in [(0, None), (70_000, Some(Breach::Early))] {
        let mut peer = logged_in();
        peer.events();
        peer.heard.clear();
        let params = Params {
            header_digest: Digest::Crc32c,
            ..Params::default()
        };
        peer.agree(&params);
        peer.say(Peer::nop_in(RESERVED_TAG, 0x1234).to_bhs(), &[]);
        assert!(peer.heard.is_empty(), "nobody knows how to read it yet");
        peer.feed(&vec![0; size]);
        assert_eq!(peer.engine.start(peer.now, start(params)), reason.is_none());
        peer.listen();
        let ttt = peer.heard.iter().find_map(|(pdu, _)| match pdu {
            InitiatorPdu::NopOut(pdu) => Some(pdu.ttt.get()),
            _ => None,
        });
        assert_eq!(ttt, reason.is_none().then_some(0x1234));
        assert_eq!(dropped(&mut peer), reason.map(DropReason::Protocol));
    }
}

#[test]
fn a_session_that_was_started_is_not_started_twice() {
    let mut peer = started(|_| {});
    assert!(!peer.engine.start(peer.now, start(Params::default())));
    let mut own = Peer::ready();
    assert!(
        !own.engine.start(own.now, start(Params::default())),
        "not the owner's"
    );
    assert_eq!(ask(&mut own, nop_out(1), b""), Err(RelayError::Gone));
}

#[test]
fn the_owner_gets_the_answers_to_his_own_pdus_and_what_the_target_says_unasked() {
    let mut peer = started(|_| {});
    ask(&mut peer, nop_out(3), b"").expect("sent");
    let Some((InitiatorPdu::NopOut(nop), _)) = peer.heard.last().cloned() else {
        panic!("{:?}", peer.heard)
    };
    assert_eq!(nop.exp_stat_sn.get(), 101);
    peer.say(Peer::nop_in(nop.itt.get(), RESERVED_TAG).to_bhs(), &[]);
    let text = TextRequest {
        opcode: OpcodeByte::queued(TextRequest::OPCODE),
        flags: TextFlags::FINAL,
        ttt: RESERVED_TAG.into(),
        ..TextRequest::default()
    };
    ask(&mut peer, text.to_bhs(), b"SendTargets=All\0").expect("sent");
    assert_eq!(peer.engine.cmd_sn(), 6, "not immediate");
    let itt = match peer.heard.last() {
        Some((InitiatorPdu::TextRequest(pdu), _)) => pdu.itt,
        other => panic!("{other:?}"),
    };
    let answer = TextResponse {
        opcode: Opcode::TEXT_RESPONSE.into(),
        flags: TextFlags::FINAL,
        itt,
        ttt: RESERVED_TAG.into(),
        ..TextResponse::default()
    };
    peer.say(answer.to_bhs(), b"TargetName=x\0");
    let message = AsyncMessage {
        opcode: Opcode::ASYNC_MESSAGE.into(),
        itt: RESERVED_TAG.into(),
        event: AsyncEvent::DROP_SESSION,
        ..AsyncMessage::default()
    };
    peer.say(message.to_bhs(), b"");
    let events = peer.events();
    assert_eq!(
        handed_up(&events),
        [
            (Opcode::NOP_IN, &b""[..]),
            (Opcode::TEXT_RESPONSE, &b"TargetName=x\0"[..]),
            (Opcode::ASYNC_MESSAGE, &b""[..]),
        ]
    );
    assert!(
        peer.engine.is_open(),
        "what a message means is the owner's to say"
    );
}

#[test]
fn the_answer_to_a_function_of_the_owners_is_nobodys() {
    let mut peer = started(|_| {});
    let request = TmfRequest {
        opcode: OpcodeByte::immediate(TmfRequest::OPCODE),
        flags: TmfRequest::flags_of(TmfFunction::TARGET_WARM_RESET),
        ..TmfRequest::default()
    };
    ask(&mut peer, request.to_bhs(), b"").expect("sent");
    let Some((InitiatorPdu::TmfRequest(sent), _)) = peer.heard.last().cloned() else {
        panic!("{:?}", peer.heard)
    };
    let response = TmfResponse {
        opcode: Opcode::TMF_RESPONSE.into(),
        flags: 0x80,
        itt: sent.itt,
        ..TmfResponse::default()
    };
    peer.say(response.to_bhs(), b"");
    assert!(peer.events().is_empty() && peer.engine.is_open());
}

#[test]
fn after_the_owners_logout_no_command_goes_out() {
    let mut peer = started(|_| {});
    // The window lets one command through.
    peer.max_cmd_sn = 5;
    let running = peer.submit(Direction::None, 0);
    let logout = LogoutRequest {
        opcode: OpcodeByte::immediate(LogoutRequest::OPCODE),
        flags: LogoutRequest::flags_of(LogoutReason::CLOSE_SESSION),
        ..LogoutRequest::default()
    };
    ask(&mut peer, logout.to_bhs(), b"").expect("sent");
    let late = peer.submit(Direction::None, 0);
    assert_eq!(ask(&mut peer, nop_out(1), b""), Err(RelayError::Gone));
    let itt = match peer.heard.last() {
        Some((InitiatorPdu::LogoutRequest(pdu), _)) => pdu.itt,
        other => panic!("{other:?}"),
    };
    let answer = LogoutResponse {
        opcode: Opcode::LOGOUT_RESPONSE.into(),
        flags: 0x80,
        itt,
        ..LogoutResponse::default()
    };
    peer.say(answer.to_bhs(), b"");
    let events = peer.events();
    assert!(
        matches!(&events[..], [Event::TaskDone { tag, outcome: Outcome::NotSent, .. }, Event::Pdu { .. }] if *tag == late)
    );
    peer.engine.drop_connection(peer.now);
    assert!(matches!(
        &peer.events()[..],
        [Event::TaskDone { tag, outcome: Outcome::Lost, .. }, Event::Dropped(DropReason::Requested)] if *tag == running
    ));
}

#[test]
fn no_more_requests_wait_than_a_kernel_has_room_for() {
    let mut peer = started(|_| {});
    for itt in 0..15 {
        ask(&mut peer, nop_out(itt), b"").expect("sent");
    }
    assert_eq!(ask(&mut peer, nop_out(15), b""), Err(RelayError::Full));
    ask(&mut peer, nop_out(RESERVED_TAG), b"").expect_err("nor what needs no answer");
}

#[test]
fn every_breach_ends_the_connection() {
    let segment = Some(DropReason::Protocol(Breach::Segment));
    let tag = Some(DropReason::Protocol(Breach::Tag));
    let read = |change: fn(&mut DataIn)| {
        let mut pdu = Peer::data_in(TaskTag(0), 0, 0, 4);
        change(&mut pdu);
        pdu.to_bhs()
    };
    let cases: Vec<(Bhs, &[u8], Option<DropReason>)> = vec![
        (Peer::nop_in(RESERVED_TAG, 7).to_bhs(), b"data", segment),
        (Peer::nop_in(0x9999, RESERVED_TAG).to_bhs(), b"", tag),
        (Peer::r2t(TaskTag(0x9999), 0, 0, 8).to_bhs(), b"", tag),
        (read(|pdu| pdu.itt = 0x9999.into()), b"data", tag),
        (
            read(|pdu| (pdu.data_sn, pdu.itt) = (3.into(), 0.into())),
            b"data",
            Some(DropReason::Protocol(Breach::DataSn)),
        ),
        (
            read(|pdu| (pdu.buffer_offset, pdu.itt) = (4096.into(), 0.into())),
            b"data",
            Some(DropReason::Protocol(Breach::DataRange)),
        ),
        (
            {
                let opcode = Opcode::SCSI_RESPONSE.into();
                let pdu = ScsiResponse {
                    opcode,
                    ..ScsiResponse::default()
                };
                pdu.to_bhs()
            },
            &[0; 8196],
            Some(DropReason::Frame(FrameError::TooLong {
                len: 8196,
                limit: 8192,
            })),
        ),
        (
            {
                let mut pdu = Peer::nop_in(RESERVED_TAG, RESERVED_TAG);
                pdu.opcode = Opcode(0x3c).into();
                pdu.to_bhs()
            },
            b"",
            Some(DropReason::Protocol(Breach::Opcode)),
        ),
    ];
    for (mut bhs, data, why) in cases {
        let mut peer = started(|_| {});
        let reading = peer.submit(Direction::Read, 1000);
        if bhs.itt.get() == 0 {
            bhs.itt = reading.0.into();
        }
        peer.say(bhs, data);
        assert_eq!(dropped(&mut peer), why, "{bhs:?}");
    }
}

#[test]
fn a_data_digest_that_does_not_match_ends_the_connection() {
    let params = Params {
        data_digest: Digest::Crc32c,
        ..Params::default()
    };
    let mut peer = started(|how| how.params = params);
    let tag = peer.submit(Direction::Read, 1000);
    let mut wire = peer.bytes_of(Peer::data_in(tag, 0, 0, 4).to_bhs(), b"data");
    *wire.last_mut().expect("a digest") ^= 1;
    peer.feed(&wire);
    assert_eq!(dropped(&mut peer), Some(DropReason::DataDigest));
}

#[test]
fn data_is_not_sent_for_what_a_function_ends() {
    for (function, fast, sent) in [
        (TmfFunction::ABORT_TASK, false, false),
        (TmfFunction::LOGICAL_UNIT_RESET, false, true),
        (TmfFunction::LOGICAL_UNIT_RESET, true, false),
        (TmfFunction::TARGET_WARM_RESET, true, false),
    ] {
        let mut peer = started(|how| how.fast_abort = fast);
        let tag = peer.submit(Direction::Write, 20_000);
        let tmf = peer
            .engine
            .task_management(peer.now, function, Lun::flat(3), Some(tag));
        peer.listen();
        peer.heard.clear();
        peer.say(Peer::r2t(tag, 0, 8192, 4096).to_bhs(), &[]);
        assert_eq!(!peer.heard.is_empty(), sent, "{function:?} {fast}");
        let response = TmfResponse {
            opcode: Opcode::TMF_RESPONSE.into(),
            flags: 0x80,
            itt: tmf.0.into(),
            response: TmfResponseCode::NO_TASK,
            ..TmfResponse::default()
        };
        peer.say(response.to_bhs(), b"");
        let events = peer.events();
        assert!(
            matches!(
                events[..],
                [Event::TmfDone {
                    outcome: TmfOutcome::Response(TmfResponseCode::NO_TASK),
                    ..
                }]
            ),
            "the task stays: {events:?}"
        );
    }
}
