//! Sequence numbers, rejects, liveness and ends in the full feature phase.

use proptest::prelude::*;

use super::*;
use crate::pdu::{NopIn, NopOut, RejectReason, Snack, TmfFunction, TmfRequest, TmfResponseCode};

fn peer() -> Peer {
    Peer::ready(Config::default(), &[])
}

fn cdb_order(peer: &mut Peer) -> Vec<u32> {
    peer.commands()
        .iter()
        .map(|command| peer.target.tasks.get(command.task).unwrap().itt)
        .collect()
}

#[test]
fn commands_are_given_in_order_across_the_wrap() {
    let mut peer = peer();
    assert_eq!(peer.cmd_sn, 0xffff_fffe);
    peer.command_sn(0, 3, FINAL | READ, 0, &[]);
    peer.command_sn(0xffff_ffff, 2, FINAL | READ, 0, &[]);
    assert_eq!(cdb_order(&mut peer), []);
    peer.command_sn(0xffff_fffe, 1, FINAL | READ, 0, &[]);
    assert_eq!(cdb_order(&mut peer), [1, 2, 3]);
    peer.command_sn(0xffff_fffe, 4, FINAL | READ, 0, &[]);
    peer.command_sn(200, 5, FINAL | READ, 0, &[]);
    assert_eq!(cdb_order(&mut peer), [], "outside the window: ignored");
    peer.command_sn(1, 6, FINAL | READ, 0, &[]);
    assert_eq!(cdb_order(&mut peer), [6]);
}

#[test]
fn a_write_that_came_early_keeps_its_immediate_data() {
    let mut peer = peer();
    peer.command_sn(0xffff_ffff, 2, FINAL | WRITE, 512, &[7; 512]);
    peer.command_sn(0xffff_fffe, 1, FINAL | READ, 0, &[]);
    let commands = peer.commands();
    assert_eq!(commands.len(), 2);
    let write = commands.into_iter().nth(1).unwrap();
    assert_eq!(write.data_out.unwrap().into_vec(), [7; 512]);
}

#[test]
fn data_out_of_order_is_bounded() {
    let mut peer = peer();
    let data = vec![0; 200 << 10];
    for sn in 1..=20 {
        peer.command_sn(sn, sn, FINAL | WRITE, 200 << 10, &data);
        peer.command_sn(sn, sn, FINAL | WRITE, 200 << 10, &data);
    }
    assert!(
        matches!(peer.closed(), Some(CloseReason::Protocol(_))),
        "repeated numbers count too"
    );
}

#[test]
fn the_window_closes_with_open_commands_and_opens_with_answers() {
    let config = Config {
        window: 2,
        ..Config::default()
    };
    let mut peer = Peer::ready(config, &[]);
    for itt in 1..=3 {
        peer.command(itt, FINAL | READ, 0, &[]);
    }
    let commands = peer.commands();
    assert_eq!(commands.len(), 2, "the third lies outside");
    peer.target.complete(commands[0].task, Completion::status(0));
    let answers = peer.answers();
    let (response, _) = ended(&answers).unwrap();
    assert_eq!(
        response.max_cmd_sn.get(),
        response.exp_cmd_sn.get(),
        "room for one"
    );
}

fn tmf(peer: &mut Peer, function: TmfFunction, tag: u32, ref_sn: u32) -> TmfResponseCode {
    let request = TmfRequest {
        opcode: OpcodeByte::immediate(Opcode::TMF_REQUEST),
        flags: TmfRequest::flags_of(function),
        lun: Lun::flat(1),
        itt: 0x77.into(),
        referenced_task_tag: tag.into(),
        cmd_sn: peer.cmd_sn.into(),
        ref_cmd_sn: ref_sn.into(),
        ..TmfRequest::default()
    };
    match &peer.send(request.to_bhs(), &[])[..] {
        [(TargetPdu::TmfResponse(response), _)] => response.response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_abort_before_its_command_takes_the_number() {
    let mut peer = peer();
    // The command 0xfffffffe was lost; the initiator goes on at 0xffffffff and aborts it.
    peer.cmd_sn = 0xffff_ffff;
    peer.command(2, FINAL | READ, 0, &[]);
    assert_eq!(cdb_order(&mut peer), []);
    assert_eq!(
        tmf(&mut peer, TmfFunction::ABORT_TASK, 1, 0xffff_fffe),
        TmfResponseCode::COMPLETE
    );
    assert_eq!(cdb_order(&mut peer), [2], "the gap is closed");
    assert_eq!(
        tmf(&mut peer, TmfFunction::ABORT_TASK, 1, 0xffff_fffe),
        TmfResponseCode::NO_TASK,
        "behind the window"
    );
    let next = peer.cmd_sn;
    assert_eq!(
        tmf(&mut peer, TmfFunction::ABORT_TASK, 1, next),
        TmfResponseCode::NO_TASK,
        "not before the request"
    );
    assert_eq!(
        tmf(&mut peer, TmfFunction::CLEAR_ACA, 0, 0),
        TmfResponseCode::NOT_SUPPORTED
    );
    assert_eq!(
        tmf(&mut peer, TmfFunction::TASK_REASSIGN, 0, 0),
        TmfResponseCode::NO_REASSIGN
    );
    assert_eq!(
        tmf(&mut peer, TmfFunction(0x55), 0, 0),
        TmfResponseCode::NOT_SUPPORTED
    );
}

#[test]
fn an_aborted_command_is_reported_and_its_late_end_ignored() {
    let mut peer = peer();
    peer.command(1, FINAL | READ, 512, &[]);
    let task = peer.commands()[0].task;
    assert_eq!(
        tmf(&mut peer, TmfFunction::ABORT_TASK, 1, 0),
        TmfResponseCode::COMPLETE
    );
    assert!(
        peer.events
            .iter()
            .any(|e| matches!(e, Event::Aborted(id) if *id == task))
    );
    peer.target.complete(task, Completion::status(0));
    assert_eq!(peer.answers(), []);
}

#[test]
fn what_cannot_be_is_rejected_with_its_reason() {
    let mut peer = peer();
    let mut strange = Bhs::from_array([0; 48]);
    for (opcode, reason) in [
        (0x1f, RejectReason::NOT_SUPPORTED),
        (0x2f, RejectReason::NOT_SUPPORTED),
        (0x43, RejectReason::PROTOCOL_ERROR),
    ] {
        strange.opcode = OpcodeByte(opcode);
        assert_eq!(rejects(&peer.send(strange, &[1, 2, 3])), [reason], "{opcode:#x}");
    }
    let snack = Snack {
        opcode: Opcode::SNACK.into(),
        ..Snack::default()
    };
    assert_eq!(
        rejects(&peer.send(snack.to_bhs(), &[])),
        [RejectReason::SNACK_REJECT]
    );
    peer.command(1, FINAL | READ, 0, &[]);
    assert_eq!(
        rejects(&peer.command(1, FINAL | READ, 0, &[])),
        [RejectReason::TASK_IN_PROGRESS]
    );
    assert_eq!(
        rejects(&peer.command(RESERVED_TAG, FINAL | READ, 0, &[])),
        [RejectReason::INVALID_FIELD]
    );
    peer.command(2, FINAL | READ, 0, &[]);
    assert_eq!(peer.commands().len(), 2, "rejected ones used up their numbers");
    assert!(peer.closed().is_none());
}

#[test]
fn a_silent_initiator_is_asked_and_then_left() {
    let config = Config {
        nop_interval: Some(Duration::from_secs(5)),
        ..Config::default()
    };
    let mut peer = Peer::ready(config, &[]);
    let ping = |answers: Vec<(TargetPdu, Vec<u8>)>| match &answers[..] {
        [(TargetPdu::NopIn(nop), _)] => *nop,
        other => panic!("{other:?}"),
    };
    let nop: NopIn = ping(peer.after(Duration::from_secs(5)));
    assert_eq!(
        (nop.itt.get(), nop.ttt.get() != RESERVED_TAG),
        (RESERVED_TAG, true)
    );
    let pong = NopOut {
        opcode: OpcodeByte::immediate(Opcode::NOP_OUT),
        itt: RESERVED_TAG.into(),
        ttt: nop.ttt,
        cmd_sn: peer.cmd_sn.into(),
        ..NopOut::default()
    };
    assert_eq!(peer.send(pong.to_bhs(), &[]), []);
    ping(peer.after(Duration::from_secs(5)));
    assert_eq!(peer.after(Duration::from_secs(4)), []);
    assert!(peer.closed().is_none());
    peer.after(Duration::from_secs(1));
    assert_eq!(peer.closed(), Some(&CloseReason::Silent));
}

#[test]
fn an_initiator_that_does_not_read_is_dropped_with_its_bytes() {
    let config = Config {
        max_queued: 64 << 10,
        ..Config::default()
    };
    let mut peer = Peer::ready(config, &[("MaxRecvDataSegmentLength", "262144")]);
    let nop = NopOut {
        opcode: OpcodeByte::immediate(Opcode::NOP_OUT),
        itt: 5.into(),
        ttt: RESERVED_TAG.into(),
        ..NopOut::default()
    };
    let mut wire = zerocopy::IntoBytes::as_bytes(&nop.to_bhs()).to_vec();
    wire[5..8].copy_from_slice(&[4, 0, 0]);
    wire.resize(48 + (256 << 10), 0x55);
    let mut rounds = 0;
    while !peer.target.wants_close() {
        rounds += 1;
        assert!(rounds < 1000, "the queue grows without bound");
        let mut rest = &wire[..];
        while !rest.is_empty() && !peer.target.wants_close() {
            let slot = peer.target.read_slot();
            let n = slot.len().min(rest.len());
            slot[..n].copy_from_slice(&rest[..n]);
            rest = &rest[n..];
            peer.target.received(peer.now, n);
        }
    }
    let closed = std::iter::from_fn(|| peer.target.poll_event())
        .any(|e| matches!(e, Event::Closed(CloseReason::Stuck)));
    assert!(closed && peer.target.queued() > 0);
    let at = peer
        .target
        .poll_timeout()
        .expect("what cannot be sent is given up in time");
    peer.target.handle_timeout(at);
    assert_eq!(peer.target.queued(), 0);
}

#[test]
fn a_requested_logout_that_does_not_come_ends_the_session() {
    let mut peer = peer();
    assert!(peer.target.request_logout(peer.now, 3));
    assert!(matches!(&peer.answers()[..], [(TargetPdu::AsyncMessage(m), _)] if m.parameter3.get() == 3));
    peer.after(Duration::from_secs(3));
    assert_eq!(peer.closed(), Some(&CloseReason::LogoutTimeout));
}

proptest! {
    #[test]
    fn arbitrary_pdus_never_panic(
        pdus in proptest::collection::vec(
            (any::<[u8; 32]>(), 0u8..0x48, proptest::collection::vec(any::<u8>(), 0..64), 0u32..6), 1..20),
    ) {
        let mut peer = Peer::ready(Config { max_transfer: 4096, ..Config::default() }, &[("InitialR2T", "No")]);
        for (bytes, opcode, data, sn) in pdus {
            let mut header = [0u8; 48];
            header[16..].copy_from_slice(&bytes);
            header[0] = opcode;
            header[1] = bytes[0];
            // Numbers and tags that mean something now and then.
            header[16..20].copy_from_slice(&(sn % 3).to_be_bytes());
            header[24..28].copy_from_slice(&peer.cmd_sn.wrapping_add(sn / 2).to_be_bytes());
            if peer.target.wants_close() { break }
            peer.send(Bhs::from_array(header), &data);
            for command in peer.commands() {
                let data = Box::new(vec![0; 100]);
                peer.target.complete(command.task, Completion { data: Some(data), transfer: 200, ..Completion::status(0) });
            }
            peer.answers();
        }
    }
}
