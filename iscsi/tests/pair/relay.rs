//! An owner logs in to the target engine by himself; commands, digests and his own PDUs over the same connection.

use std::time::Duration;

use iscsi::{
    LinkLoss,
    digest::Digest,
    initiator::{Direction, DropReason, Event, Initiator, Outcome, RelayConfig, Start, Timeouts},
    negotiate::{Negotiation, Offer, Params, SessionType, Side},
    pdu::{
        BHS_LEN, LoginFlags, LoginRequest, LoginResponse, LogoutReason, LogoutRequest, Opcode, OpcodeByte,
        RESERVED_TAG, Stage, TextFlags, TextRequest, TmfFunction,
    },
    target_node::{self, TargetRecord},
    text::{TextWriter, pairs},
};

use crate::harness::*;

/// A pair in which nothing was said.
fn pair(books: Books, cuts: Cuts) -> Pair {
    let mut pair = Pair::new(initiator_config(), target_node::Config::default(), books, cuts);
    let relay = RelayConfig {
        cmd_sn: 0xffff_fffe,
        max_recv_data_segment: 8192,
        seed: [4; 32],
    };
    pair.initiator = Initiator::relay(relay, pair.now);
    pair
}

/// The header and the text of the only PDU that was handed up.
fn handed_up(pair: &mut Pair) -> ([u8; BHS_LEN], Vec<u8>) {
    let at = pair
        .events
        .iter()
        .position(|event| matches!(event, Event::Pdu { .. }))
        .unwrap_or_else(|| panic!("{:?}", pair.events));
    match pair.events.remove(at) {
        Event::Pdu { header, data } => (header, data),
        _ => unreachable!("found above"),
    }
}

/// A login without security, as an owner does it; what came of it.
fn log_in(pair: &mut Pair, digest: Digest) -> Params {
    let offer = Offer {
        header_digests: vec![digest],
        data_digests: vec![digest],
        ..Offer::default()
    };
    let mut negotiation = Negotiation::new(Side::Initiator, SessionType::Normal, offer);
    let mut text = TextWriter::new();
    let config = initiator_config();
    text.push("InitiatorName", config.initiator_name.as_str());
    text.push("TargetName", TARGET);
    text.push("SessionType", "Normal");
    negotiation.offers(&mut text);
    let mut exp_stat_sn = 0;
    loop {
        let request = LoginRequest {
            opcode: OpcodeByte::immediate(LoginRequest::OPCODE),
            flags: LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE),
            isid: config.isid,
            exp_stat_sn: exp_stat_sn.into(),
            ..LoginRequest::default()
        };
        let header = zerocopy::transmute!(request.to_bhs());
        pair.initiator
            .submit_pdu(pair.now, &header, text.as_bytes())
            .unwrap();
        pair.run();
        let (header, data) = handed_up(pair);
        let response: LoginResponse = zerocopy::transmute!(header);
        assert!(response.status.is_success(), "{response:?}");
        exp_stat_sn = response.stat_sn.get().wrapping_add(1);
        text = TextWriter::new();
        for pair in pairs(&data) {
            let (key, value) = pair.unwrap();
            negotiation.take(key, value, &mut text).unwrap();
        }
        if response.flags.contains(LoginFlags::TRANSIT) {
            break;
        }
    }
    let params = negotiation.finish().unwrap();
    let start = Start {
        params: params.clone(),
        exp_stat_sn,
        timeouts: Timeouts::default(),
        fast_abort: true,
    };
    assert!(pair.initiator.start(pair.now, start));
    params
}

#[test]
fn commands_flow_after_somebody_elses_login_with_and_without_digests() {
    for digest in [Digest::None, Digest::Crc32c] {
        let mut pair = pair(Books::open(), Cuts::new([7, 4096, 100]));
        let params = log_in(&mut pair, digest);
        assert_eq!((params.header_digest, params.data_digest), (digest, digest));
        let data = pattern(600 * BLOCK, 3);
        let written = pair.write(3, data.clone());
        pair.run();
        assert_eq!(pair.done(written).0, good(data.len()));
        let read = pair.read(3, 600);
        pair.run();
        let (outcome, back) = pair.done(read);
        assert_eq!((outcome, back == data), (good(data.len()), true));
        // 0xfffffffe, 0xffffffff: the numbers went on from the owner's.
        assert_eq!(pair.initiator.cmd_sn(), 0);
    }
}

#[test]
fn an_owner_asks_for_targets_and_logs_out() {
    let books = Books {
        targets: vec![TargetRecord {
            name: TARGET.parse().unwrap(),
            addresses: Vec::new(),
        }],
        ..Books::open()
    };
    let mut pair = pair(books, Cuts::new([50]));
    log_in(&mut pair, Digest::Crc32c);
    let text = TextRequest {
        opcode: OpcodeByte::immediate(TextRequest::OPCODE),
        flags: TextFlags::FINAL,
        ttt: RESERVED_TAG.into(),
        exp_stat_sn: pair.initiator.exp_stat_sn().into(),
        ..TextRequest::default()
    };
    let header = zerocopy::transmute!(text.to_bhs());
    pair.initiator
        .submit_pdu(pair.now, &header, b"SendTargets=\0")
        .unwrap();
    pair.run();
    let (_, data) = handed_up(&mut pair);
    assert!(data.starts_with(format!("TargetName={TARGET}\0").as_bytes()));
    let logout = LogoutRequest {
        opcode: OpcodeByte::immediate(LogoutRequest::OPCODE),
        flags: LogoutRequest::flags_of(LogoutReason::CLOSE_SESSION),
        ..LogoutRequest::default()
    };
    let header = zerocopy::transmute!(logout.to_bhs());
    pair.initiator.submit_pdu(pair.now, &header, b"").unwrap();
    pair.run();
    let (header, _) = handed_up(&mut pair);
    assert_eq!(OpcodeByte(header[0]).opcode(), Opcode::LOGOUT_RESPONSE);
    assert!(!pair.initiator.is_open());
}

#[test]
fn functions_of_the_engine_end_tasks_and_the_connection_ends_the_rest() {
    let mut pair = pair(Books::open(), Cuts::new([900]));
    log_in(&mut pair, Digest::None);
    pair.hold = true;
    let tasks = [pair.test_unit_ready(0), pair.test_unit_ready(1)];
    pair.run();
    pair.initiator.task_management(
        pair.now,
        TmfFunction::LOGICAL_UNIT_RESET,
        iscsi::pdu::Lun::flat(0),
        None,
    );
    pair.run();
    assert_eq!(pair.done(tasks[0]).0, Outcome::Aborted);
    let late = pair.submit(1, vec![0; 6], Direction::None, 0, Box::new(Vec::new()));
    pair.initiator.closed(pair.now, LinkLoss::Reset);
    pair.run();
    assert_eq!(pair.done(tasks[1]).0, Outcome::Lost);
    assert_eq!(pair.done(late).0, Outcome::Lost);
    assert!(matches!(
        pair.events.last(),
        Some(Event::Dropped(DropReason::Link(LinkLoss::Reset)))
    ));
}

#[test]
fn pings_keep_a_quiet_session_alive() {
    let mut pair = pair(Books::open(), Cuts::new([900]));
    log_in(&mut pair, Digest::None);
    pair.pass(Duration::from_secs(60));
    assert!(pair.initiator.is_open() && !pair.initiator.is_pinging());
    assert_eq!(pair.initiator.counters().tx.nop_out, 12);
}
