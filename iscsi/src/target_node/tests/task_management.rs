//! Task management as the UNH target's description has it: the pairs of states, their order, and who is answered what.

use super::*;
use crate::chap::encode_hex;
use crate::pdu::{LoginStatus, TmfFunction, TmfRequest, TmfResponseCode};

const ITT: u32 = 0x21;
const TMF: u32 = 0x99;

fn traced(strict_unh: bool) -> Peer {
    let config = Config {
        trace: TraceLevel::Requests,
        strict_unh,
        ..Config::default()
    };
    Peer::ready(config, &[("ImmediateData", "Yes"), ("InitialR2T", "Yes")])
}

fn steps(peer: &mut Peer) -> Vec<String> {
    std::iter::from_fn(|| peer.target.poll_trace())
        .map(|step| step.to_string())
        .collect()
}

fn request(peer: &Peer, function: TmfFunction, immediate: bool, ref_cmd_sn: u32, lun: u16) -> TmfRequest {
    TmfRequest {
        opcode: if immediate {
            OpcodeByte::immediate(Opcode::TMF_REQUEST)
        } else {
            Opcode::TMF_REQUEST.into()
        },
        flags: TmfRequest::flags_of(function),
        lun: Lun::flat(lun),
        itt: TMF.into(),
        referenced_task_tag: ITT.into(),
        cmd_sn: peer.cmd_sn.into(),
        ref_cmd_sn: ref_cmd_sn.into(),
        ..TmfRequest::default()
    }
}

/// Sends the function and plays the owner, who finds the unit.
fn manage(peer: &mut Peer, request: &TmfRequest) -> Vec<TmfResponseCode> {
    let mut answers = peer.send(request.to_bhs(), &[]);
    if !request.opcode.is_immediate() {
        peer.cmd_sn = peer.cmd_sn.wrapping_add(1);
    }
    let waiting: Vec<TmfId> = peer
        .events
        .iter()
        .filter_map(|event| match event {
            Event::TaskManagement(request) => Some(request.id),
            _ => None,
        })
        .collect();
    peer.events
        .retain(|event| !matches!(event, Event::TaskManagement(_)));
    for id in waiting {
        peer.target
            .complete_task_management(peer.now, id, TmfResponseCode::COMPLETE);
    }
    answers.extend(peer.answers());
    answers
        .iter()
        .filter_map(|(pdu, _)| match pdu {
            TargetPdu::TmfResponse(response) => Some(response.response),
            _ => None,
        })
        .collect()
}

#[test]
fn the_life_of_a_read_is_traced_pair_by_pair() {
    let mut peer = traced(false);
    peer.command(ITT, FINAL | READ, 512, &[]);
    let task = peer.commands()[0].task;
    let completion = Completion {
        data: Some(Box::new(vec![1u8; 512])),
        transfer: 512,
        ..Completion::status(0)
    };
    peer.target.complete(task, completion);
    peer.answers();
    let seen = steps(&mut peer);
    assert_eq!(
        seen,
        [
            "0x00000021 [CMND_RECEIVED, null]",
            "0x00000021 [NEW_CMND, ST_NEW]",
            "0x00000021 [NEW_CMND, ST_PROCESSING]",
            "0x00000021 [NEW_CMND, ST_DONE]",
            "0x00000021 [DONE, ST_HANDED]",
            "0x00000021 [SENT, ST_HANDED]",
        ]
    );
    // Any request acknowledges with its ExpStatSN.
    let nop = crate::pdu::NopOut {
        opcode: OpcodeByte::immediate(Opcode::NOP_OUT),
        flags: FINAL,
        itt: RESERVED_TAG.into(),
        ttt: RESERVED_TAG.into(),
        cmd_sn: peer.cmd_sn.into(),
        exp_stat_sn: peer.target.stat_sn.into(),
        ..crate::pdu::NopOut::default()
    };
    peer.send(nop.to_bhs(), &[]);
    assert_eq!(steps(&mut peer)[..1], ["0x00000021 [DEQUEUE, ST_DEQUEUE]"]);
}

#[test]
fn a_write_passes_through_its_data_states() {
    let mut peer = traced(false);
    let answers = peer.command(ITT, FINAL | WRITE, 1024, &[7; 512]);
    let (ttt, offset, len) = r2ts(&answers)[0];
    assert_eq!((offset, len), (512, 512));
    peer.data_out(ITT, ttt, 0, 512, &[7; 512], true);
    assert_eq!(
        steps(&mut peer)[2..],
        [
            "0x00000021 [IMMEDIATE_DATA_IN, ST_NEW]",
            "0x00000021 [ALL_R2TS_SENT, ST_NEW]",
            "0x00000021 [BUFFER_RDY, ST_NEW]",
            "0x00000021 [BUFFER_RDY, ST_PROCESSING]",
        ]
    );
}

#[test]
fn an_abort_takes_effect_then_answers_then_forgets() {
    let mut peer = traced(false);
    let sn = peer.cmd_sn;
    peer.command(ITT, FINAL | READ, 512, &[]);
    let task = peer.commands()[0].task;
    steps(&mut peer);
    let abort = request(&peer, TmfFunction::ABORT_TASK, true, sn, 1);
    // Only taken in: the effect is there before any byte of the answer goes out.
    peer.tx.push(abort.to_bhs(), &[], Data::None, &NoBuffers);
    let mut slices = Vec::new();
    peer.tx.write_slices(&NoBuffers, &mut slices);
    let bytes: Vec<u8> = slices.iter().flat_map(|s| s.iter().copied()).collect();
    peer.tx.sent(bytes.len());
    let slot = peer.target.read_slot();
    slot[..bytes.len()].copy_from_slice(&bytes);
    peer.target.received(peer.now, bytes.len());
    assert!(matches!(peer.target.poll_event(), Some(Event::Aborted(id)) if id == task));
    assert_eq!(
        steps(&mut peer),
        [
            "0x00000099 [NEW_CMND, ABORT_TASK]",
            "0x00000099 [MGT_FN_DONE, ABORT_TASK]",
        ]
    );
    let answers = peer.answers();
    assert!(matches!(answers[0].0, TargetPdu::TmfResponse(r) if r.response == TmfResponseCode::COMPLETE));
    assert_eq!(
        steps(&mut peer),
        [
            "0x00000099 [DEQUEUE, ABORT_TASK]",
            "0x00000021 [DEQUEUE, ST_DEQUEUE]",
            "0x00000099 [null, null]",
        ]
    );
}

/// What the task is doing when the function comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Never,
    Collecting,
    WithOwner,
    Answered,
    Early,
}

fn bring(peer: &mut Peer, there: There) -> u32 {
    let sn = peer.cmd_sn;
    match there {
        There::Never => {}
        There::Collecting => drop(peer.command(ITT, FINAL | WRITE, 4096, &[])),
        There::WithOwner => drop(peer.command(ITT, FINAL | READ, 512, &[])),
        There::Answered => {
            peer.command(ITT, FINAL | READ, 0, &[]);
            let task = peer.commands()[0].task;
            peer.target.complete(task, Completion::status(0));
            peer.answers();
        }
        There::Early => {
            // Its predecessor is missing.
            peer.command_sn(sn.wrapping_add(1), ITT, FINAL | READ, 512, &[]);
            peer.cmd_sn = sn.wrapping_add(2);
            return sn.wrapping_add(1);
        }
    }
    sn
}

#[test]
fn every_function_in_every_state_is_answered_once() {
    use There::{Answered, Collecting, Early, Never, WithOwner};
    let functions = [
        (TmfFunction::ABORT_TASK, None),
        (TmfFunction::ABORT_TASK_SET, Some(TmfResponseCode::COMPLETE)),
        (TmfFunction::CLEAR_ACA, Some(TmfResponseCode::NOT_SUPPORTED)),
        (TmfFunction::CLEAR_TASK_SET, Some(TmfResponseCode::COMPLETE)),
        (TmfFunction::LOGICAL_UNIT_RESET, Some(TmfResponseCode::COMPLETE)),
        (TmfFunction::TARGET_WARM_RESET, Some(TmfResponseCode::COMPLETE)),
        (TmfFunction::TARGET_COLD_RESET, Some(TmfResponseCode::COMPLETE)),
        (TmfFunction::TASK_REASSIGN, Some(TmfResponseCode::NO_REASSIGN)),
    ];
    for (function, fixed) in functions {
        for there in [Never, Collecting, WithOwner, Answered, Early] {
            // A queued function waits for its turn behind a gap; only an immediate one overtakes.
            for immediate in [true, false] {
                if there == Early && !immediate {
                    continue;
                }
                let mut peer = traced(false);
                let sn = bring(&mut peer, there);
                let task = peer.commands().first().map(|command| command.task);
                let wanted = fixed.unwrap_or(match there {
                    Never | Answered => TmfResponseCode::NO_TASK,
                    Collecting | WithOwner | Early => TmfResponseCode::COMPLETE,
                });
                let request = request(&peer, function, immediate, sn, 1);
                let codes = manage(&mut peer, &request);
                assert_eq!(codes, [wanted], "{function:?} {there:?} immediate {immediate}");
                let ends = !matches!(function, TmfFunction::CLEAR_ACA | TmfFunction::TASK_REASSIGN);
                if let (WithOwner, Some(task)) = (there, task) {
                    peer.target.complete(task, Completion::status(0));
                    let late = ended(&peer.answers()).is_some();
                    assert_eq!(
                        late, !ends,
                        "{function:?}: a late end is answered only if the task lives"
                    );
                }
            }
        }
    }
}

#[test]
fn the_strict_target_aborts_tasks_and_nothing_else() {
    for (function, there, wanted) in [
        (
            TmfFunction::ABORT_TASK,
            There::WithOwner,
            TmfResponseCode::COMPLETE,
        ),
        (TmfFunction::ABORT_TASK, There::Never, TmfResponseCode::NO_TASK),
        (
            TmfFunction::ABORT_TASK_SET,
            There::WithOwner,
            TmfResponseCode::NOT_SUPPORTED,
        ),
        (
            TmfFunction::LOGICAL_UNIT_RESET,
            There::WithOwner,
            TmfResponseCode::NOT_SUPPORTED,
        ),
        (
            TmfFunction::TARGET_COLD_RESET,
            There::Never,
            TmfResponseCode::NOT_SUPPORTED,
        ),
        (
            TmfFunction::TASK_REASSIGN,
            There::Never,
            TmfResponseCode::NOT_SUPPORTED,
        ),
    ] {
        let mut peer = traced(true);
        let sn = bring(&mut peer, there);
        let request = request(&peer, function, true, sn, 1);
        assert_eq!(manage(&mut peer, &request), [wanted], "{function:?} {there:?}");
        assert_eq!(peer.closed(), None);
    }
}

#[test]
fn an_abort_of_a_lost_command_marks_that_number_and_the_strict_target_only_counts() {
    // Numbers n and n+1 were lost; n+1 is aborted. CmdSN wraps between them.
    for (strict, expected) in [(false, 0xffff_fffe), (true, 0xffff_ffff)] {
        let mut peer = traced(strict);
        let lost = peer.cmd_sn;
        assert_eq!(lost, 0xffff_fffe);
        peer.cmd_sn = lost.wrapping_add(2);
        let request = request(&peer, TmfFunction::ABORT_TASK, true, lost.wrapping_add(1), 1);
        assert_eq!(manage(&mut peer, &request), [TmfResponseCode::COMPLETE]);
        assert_eq!(peer.target.exp_cmd_sn, expected, "strict {strict}");
        if !strict {
            peer.command_sn(lost, 1, FINAL | READ, 0, &[]);
            assert_eq!(peer.target.exp_cmd_sn, 0, "the aborted number counts as received");
        }
    }
}

#[test]
fn a_task_is_matched_by_tag_and_unit() {
    let mut peer = traced(false);
    let sn = bring(&mut peer, There::WithOwner);
    let request = request(&peer, TmfFunction::ABORT_TASK, true, sn, 2);
    assert_eq!(manage(&mut peer, &request), [TmfResponseCode::NO_TASK]);
}

#[test]
fn an_abort_that_fails_is_rejected_and_the_task_lives() {
    let mut peer = traced(false);
    let sn = bring(&mut peer, There::WithOwner);
    let task = peer.commands()[0].task;
    peer.target.keep_next_task();
    let request = request(&peer, TmfFunction::ABORT_TASK, true, sn, 1);
    assert_eq!(manage(&mut peer, &request), [TmfResponseCode::REJECTED]);
    peer.target.complete(task, Completion::status(0));
    assert!(ended(&peer.answers()).is_some());
}

#[test]
fn a_wrong_proof_is_answered_late() {
    let config = Config {
        chap_delay: Duration::from_secs(2),
        ..Config::default()
    };
    let chap = Authentication::Chap(vec![crate::chap::ChapAlgorithm::Md5]);
    let mut peer = Peer::new(config, Admission::Accept(chap));
    let security = LoginFlags::stay(Stage::SECURITY);
    let first = [
        ("InitiatorName", "iqn.2026-01.example:host"),
        ("TargetName", IQN),
        ("AuthMethod", "CHAP"),
    ];
    peer.login(security, &first);
    peer.login(security, &[("CHAP_A", "5")]);
    let wrong = format!("CHAP_N=alice\0CHAP_R={}\0", encode_hex(&[0; 16]));
    let request = peer.login_request(LoginFlags::transit(Stage::SECURITY, Stage::OPERATIONAL));
    assert_eq!(peer.send(request.to_bhs(), wrong.as_bytes()), []);
    // Whatever else comes meanwhile changes nothing.
    assert_eq!(peer.send(request.to_bhs(), wrong.as_bytes()), []);
    assert_eq!(peer.after(Duration::from_millis(1900)), []);
    let answers = peer.after(Duration::from_millis(100));
    assert!(
        matches!(answers[..], [(TargetPdu::LoginResponse(r), _)] if r.status == LoginStatus::AUTHENTICATION_FAILURE),
        "{answers:?}"
    );
    assert!(matches!(
        peer.closed(),
        Some(CloseReason::LoginFailed(LoginFailure::Chap(_)))
    ));
}
