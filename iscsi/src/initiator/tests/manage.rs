//! Task management, pings, asynchronous messages and Reject, PDU by PDU.

use std::time::Duration;

use super::peer::{Peer, config};
use crate::{
    initiator::{AsyncReport, Direction, Event, Outcome, TaskTag, TextFailure, TmfOutcome},
    negotiate::Offer,
    pdu::*,
};

fn tmf_response(tag: TaskTag, response: TmfResponseCode) -> TmfResponse {
    TmfResponse {
        opcode: Opcode::TMF_RESPONSE.into(),
        flags: 0x80,
        response,
        itt: tag.0.into(),
        ..TmfResponse::default()
    }
}

#[test]
fn rejects_end_what_they_reject() {
    let mut peer = Peer::ready();
    let command = peer.submit(Direction::None, 0);
    let tmf = peer
        .engine
        .task_management(peer.now, TmfFunction::CLEAR_ACA, Lun::default(), None);
    let text = peer.engine.send_targets(peer.now);
    let nop = peer.engine.nop(peer.now);
    peer.listen();
    let headers: Vec<Bhs> = peer.heard.iter().map(|(pdu, _)| pdu.encode()).collect();
    let reason = RejectReason::NOT_SUPPORTED;
    for header in headers {
        let stat_sn = peer.status();
        let pdu = Reject {
            opcode: Opcode::REJECT.into(),
            flags: 0x80,
            reason,
            itt: RESERVED_TAG.into(),
            stat_sn,
            ..Reject::default()
        };
        peer.say(pdu.to_bhs(), zerocopy::IntoBytes::as_bytes(&header));
    }
    let events = peer.events();
    let [
        Event::TaskDone {
            tag: a,
            outcome: Outcome::Rejected(r),
            ..
        },
        Event::TmfDone {
            tag: b,
            outcome: TmfOutcome::Rejected(_),
        },
        Event::Targets {
            tag: c,
            result: Err(TextFailure::Rejected(_)),
        },
        Event::NopDone {
            tag: d,
            answered: false,
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((*a, *b, *c, *d, *r), (command, tmf, text, nop, reason));
}

#[test]
fn functions_pings_and_texts_without_answer_time_out_alone() {
    let mut config = config();
    config.timeouts.noop_interval = None;
    config.timeouts.text = Duration::from_secs(1);
    config.timeouts.noop_timeout = Duration::from_secs(2);
    config.timeouts.task_management = Duration::from_secs(3);
    let mut peer = Peer::logged_in(config, Offer::default());
    peer.engine
        .task_management(peer.now, TmfFunction::CLEAR_ACA, Lun::default(), None);
    peer.engine.send_targets(peer.now);
    peer.engine.nop(peer.now);
    peer.listen();
    for _ in 0..3 {
        assert_eq!(peer.wait(), Duration::from_secs(1));
    }
    assert!(matches!(
        peer.events()[..],
        [
            Event::Targets {
                result: Err(TextFailure::TimedOut),
                ..
            },
            Event::NopDone { answered: false, .. },
            Event::TmfDone {
                outcome: TmfOutcome::TimedOut,
                ..
            },
        ]
    ));
    assert_eq!(
        (peer.engine.poll_timeout(), peer.engine.counters().timeout_errors),
        (None, 3)
    );
    assert!(peer.engine.is_open());
}

#[test]
fn a_ping_of_the_target_is_echoed() {
    let mut peer = Peer::ready();
    let pdu = NopIn {
        lun: Lun::flat(5),
        ..Peer::nop_in(RESERVED_TAG, 0x99)
    };
    peer.say(pdu.to_bhs(), b"echo");
    let [(InitiatorPdu::NopOut(pdu), data)] = &peer.heard[..] else {
        panic!("{:?}", peer.heard)
    };
    assert_eq!(
        (pdu.itt.get(), pdu.ttt.get(), pdu.lun, &data[..]),
        (RESERVED_TAG, 0x99, Lun::flat(5), &b"echo"[..])
    );
    assert!(pdu.opcode.is_immediate());
    assert_eq!(
        peer.engine.exp_stat_sn(),
        peer.stat_sn,
        "StatSN of an unsolicited NOP-In does not count"
    );
}

#[test]
fn a_reset_spares_what_was_sent_after_it_and_other_luns() {
    let mut peer = Peer::ready();
    let before = peer.submit(Direction::None, 0);
    let tmf = peer
        .engine
        .task_management(peer.now, TmfFunction::LOGICAL_UNIT_RESET, Lun::flat(3), None);
    let other = peer
        .engine
        .task_management(peer.now, TmfFunction::LOGICAL_UNIT_RESET, Lun::flat(4), None);
    let after = peer.submit(Direction::None, 0);
    for tag in [other, tmf] {
        let pdu = TmfResponse {
            opcode: Opcode::TMF_RESPONSE.into(),
            flags: 0x80,
            itt: tag.0.into(),
            stat_sn: peer.status(),
            ..TmfResponse::default()
        };
        peer.say(pdu.to_bhs(), b"");
    }
    let done = peer.scsi_response(after);
    peer.say(done.to_bhs(), b"");
    let events = peer.events();
    let [
        Event::TmfDone { tag: a, .. },
        Event::TaskDone {
            tag: b,
            outcome: Outcome::Aborted,
            ..
        },
        Event::TmfDone { tag: c, .. },
        Event::TaskDone {
            tag: d,
            outcome: Outcome::Completed { .. },
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((*a, *b, *c, *d), (other, before, tmf, after));
}

#[test]
fn only_a_done_function_ends_tasks() {
    let codes = [
        (TmfResponseCode::COMPLETE, true, true),
        // A task that the target does not know never gets a response.
        (TmfResponseCode::NO_TASK, true, false),
        (TmfResponseCode::NO_LUN, false, false),
        (TmfResponseCode::STILL_ALLEGIANT, false, false),
        (TmfResponseCode::NO_REASSIGN, false, false),
        (TmfResponseCode::NOT_SUPPORTED, false, false),
        (TmfResponseCode::NOT_AUTHORIZED, false, false),
        (TmfResponseCode::REJECTED, false, false),
        (TmfResponseCode(77), false, false),
    ];
    for (code, abort_ends, reset_ends) in codes {
        for (function, ends) in [
            (TmfFunction::ABORT_TASK, abort_ends),
            (TmfFunction::LOGICAL_UNIT_RESET, reset_ends),
            (TmfFunction::CLEAR_ACA, false),
        ] {
            let mut peer = Peer::ready();
            let task = peer.submit(Direction::Read, 512);
            let tmf = peer
                .engine
                .task_management(peer.now, function, Lun::flat(3), Some(task));
            peer.listen();
            peer.say(tmf_response(tmf, code).to_bhs(), b"");
            let mut events = peer.events();
            assert!(
                matches!(events.pop(), Some(Event::TmfDone { outcome: TmfOutcome::Response(got), .. }) if got == code),
                "{function:?} {code:?}"
            );
            let aborted = matches!(
                events[..],
                [Event::TaskDone {
                    outcome: Outcome::Aborted,
                    ..
                }]
            );
            assert_eq!(aborted, ends, "{function:?} {code:?} {events:?}");
            assert_eq!(peer.engine.outstanding(), usize::from(!ends));
            // Whatever comes after the end is read over.
            let late = Peer::data_in(task, 0, 0, 512);
            peer.say(late.to_bhs(), &[7; 512]);
            let late = peer.scsi_response(task);
            peer.say(late.to_bhs(), b"");
            assert_eq!(peer.events().len(), usize::from(!ends));
            assert!(peer.engine.is_open());
        }
    }
}

#[test]
fn abort_task_refers_to_the_number_of_its_task() {
    let mut config = config();
    config.first_cmd_sn = Some(0xffff_ffff);
    let mut peer = Peer::logged_in(config, Offer::default());
    let _first = peer.submit(Direction::None, 0);
    let second = peer.submit(Direction::None, 0);
    peer.engine
        .task_management(peer.now, TmfFunction::ABORT_TASK, Lun::flat(9), Some(second));
    peer.listen();
    let Some((InitiatorPdu::TmfRequest(pdu), _)) = peer.heard.last() else {
        panic!("{:?}", peer.heard)
    };
    assert_eq!(pdu.referenced_task_tag.get(), second.0);
    assert_eq!((pdu.ref_cmd_sn.get(), pdu.cmd_sn.get()), (0, 1));
    assert_eq!(pdu.lun, Lun::flat(3), "an abort goes to the LUN of its task");
    assert!(pdu.opcode.is_immediate());
}

#[test]
fn reassignment_is_refused_without_asking_and_resets_name_no_lun() {
    let mut peer = Peer::ready();
    let task = peer.submit(Direction::None, 0);
    peer.heard.clear();
    peer.engine
        .task_management(peer.now, TmfFunction::TASK_REASSIGN, Lun::flat(3), Some(task));
    peer.listen();
    assert!(peer.heard.is_empty());
    assert!(matches!(
        peer.events()[..],
        [Event::TmfDone {
            outcome: TmfOutcome::Response(TmfResponseCode::NO_REASSIGN),
            ..
        }]
    ));
    peer.engine
        .task_management(peer.now, TmfFunction::TARGET_COLD_RESET, Lun::flat(3), None);
    peer.listen();
    let [(InitiatorPdu::TmfRequest(pdu), _)] = &peer.heard[..] else {
        panic!("{:?}", peer.heard)
    };
    assert_eq!(
        (pdu.lun, pdu.referenced_task_tag.get()),
        (Lun::default(), RESERVED_TAG)
    );
}

fn reject(peer: &mut Peer, reason: RejectReason, header: &Bhs) {
    let pdu = Reject {
        opcode: Opcode::REJECT.into(),
        flags: 0x80,
        reason,
        itt: RESERVED_TAG.into(),
        ..Reject::default()
    };
    peer.say(pdu.to_bhs(), zerocopy::IntoBytes::as_bytes(header));
}

#[test]
fn a_reject_is_taken_by_its_reason() {
    let command = |peer: &mut Peer| {
        peer.submit(Direction::Write, 512);
        peer.heard.last().unwrap().0.encode()
    };
    // The original goes on.
    let mut peer = Peer::ready();
    let header = command(&mut peer);
    reject(&mut peer, RejectReason::TASK_IN_PROGRESS, &header);
    assert!(peer.events().is_empty() && peer.engine.outstanding() == 1);
    // A damaged command leaves a gap in CmdSN, which its abort fills.
    let mut peer = Peer::ready();
    let header = command(&mut peer);
    reject(&mut peer, RejectReason::DATA_DIGEST_ERROR, &header);
    assert!(peer.events().is_empty() && peer.engine.outstanding() == 1);
    let Some((InitiatorPdu::TmfRequest(abort), _)) = peer.heard.last() else {
        panic!("{:?}", peer.heard.last());
    };
    assert_eq!(abort.ref_cmd_sn, ScsiCommand::from_bhs(&header).cmd_sn);
    assert_eq!(abort.referenced_task_tag, header.itt);
    let tag = TaskTag(abort.itt.get());
    peer.exp_cmd_sn = peer.exp_cmd_sn.wrapping_add(1);
    peer.say(tmf_response(tag, TmfResponseCode::COMPLETE).to_bhs(), b"");
    assert!(matches!(
        peer.events()[..],
        [Event::TaskDone {
            outcome: Outcome::Rejected(RejectReason::DATA_DIGEST_ERROR),
            ..
        }]
    ));
    assert!(peer.engine.is_open());
    // It was taken nevertheless: the task alone ends.
    let mut peer = Peer::ready();
    let header = command(&mut peer);
    peer.exp_cmd_sn = peer.exp_cmd_sn.wrapping_add(1);
    reject(&mut peer, RejectReason::DATA_DIGEST_ERROR, &header);
    assert!(matches!(
        peer.events()[..],
        [Event::TaskDone {
            outcome: Outcome::Rejected(RejectReason::DATA_DIGEST_ERROR),
            ..
        }]
    ));
    // A target that waits for a logout gets one.
    let mut peer = Peer::ready();
    let header = command(&mut peer);
    reject(&mut peer, RejectReason::WAITING_FOR_LOGOUT, &header);
    assert!(matches!(
        peer.heard.last(),
        Some((InitiatorPdu::LogoutRequest(_), _))
    ));
    // Rejected data ends with a SCSI Response of its own.
    let mut peer = Peer::ready();
    let task = peer.submit(Direction::Write, 20_000);
    peer.say(Peer::r2t(task, 0, 8192, 11_808).to_bhs(), b"");
    let data = peer.heard.last().unwrap().0.encode();
    reject(&mut peer, RejectReason::DATA_DIGEST_ERROR, &data);
    assert!(peer.events().is_empty() && peer.engine.outstanding() == 1);
}

#[test]
fn terminated_tasks_end_where_the_target_had_received_them() {
    let mut peer = Peer::ready();
    let ended = peer.submit(Direction::None, 0);
    peer.submit(Direction::None, 0);
    peer.heard.clear();
    peer.exp_cmd_sn = peer.exp_cmd_sn.wrapping_add(1);
    let pdu = AsyncMessage {
        opcode: Opcode::ASYNC_MESSAGE.into(),
        event: AsyncEvent::TASKS_TERMINATED,
        lun: Lun::flat(3),
        itt: RESERVED_TAG.into(),
        ..AsyncMessage::default()
    };
    peer.say(pdu.to_bhs(), b"");
    let events = peer.events();
    let [
        Event::TaskDone {
            tag,
            outcome: Outcome::Aborted,
            ..
        },
        Event::Async(AsyncReport::TasksTerminated { lun }),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((*tag, *lun), (ended, Lun::flat(3)));
    let [(InitiatorPdu::NopOut(nop), _)] = &peer.heard[..] else {
        panic!("{:?}", peer.heard)
    };
    assert_eq!(nop.exp_stat_sn.get(), peer.stat_sn, "the message is acknowledged");
    assert_eq!((nop.itt.get(), nop.ttt.get()), (RESERVED_TAG, RESERVED_TAG));
}
