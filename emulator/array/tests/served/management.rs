//! Task management over TCP: what is traced, in which order it reaches other sessions, and what guards the login.

use std::io::Read;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use emu_array::Fault;
use iscsi::initiator::{Direction, Event, Outcome, TaskTag, TmfOutcome};
use iscsi::pdu::{Lun, TmfFunction, TmfResponseCode};
use iscsi::target_node::{TraceLevel, TraceStep};

use super::host::{Host, config, serve, target_config};

static STEPS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn keep(_connection: u64, step: &TraceStep) {
    STEPS.lock().unwrap().push(step.to_string());
}

fn manage(host: &mut Host, function: TmfFunction, task: Option<TaskTag>) -> TmfResponseCode {
    let tag = host
        .engine
        .task_management(Instant::now(), function, Lun::flat(0), task);
    let answer = |event: &Event| match event {
        Event::TmfDone {
            tag: done,
            outcome: TmfOutcome::Response(code),
        } if *done == tag => Some(*code),
        _ => None,
    };
    host.until("management response", |host| {
        host.events.iter().any(|event| answer(event).is_some())
    });
    host.events.iter().find_map(answer).unwrap()
}

#[test]
fn an_abort_leaves_the_documented_trace() {
    let mut settings = target_config();
    settings.trace = Some((TraceLevel::Functions, keep));
    let target = serve(settings);
    let mut host = Host::login(target.portal(), config(1));
    host.attention(0);
    target.fault(&Fault::LoseReply).unwrap();
    let lost = host.submit(0, &[0; 6], Direction::None, Vec::new());
    assert_eq!(host.attention(1), Some((0x29, 0x00)), "the other unit answers");
    target.fault(&Fault::RejectAbort).unwrap();
    assert_eq!(
        manage(&mut host, TmfFunction::ABORT_TASK, Some(lost)),
        TmfResponseCode::REJECTED
    );
    assert_eq!(
        manage(&mut host, TmfFunction::ABORT_TASK, Some(lost)),
        TmfResponseCode::COMPLETE
    );
    // The answer may be here before the target has counted its bytes.
    let _ = host.engine.nop(Instant::now());
    host.until("trace", |_| STEPS.lock().unwrap().len() >= 9);
    let steps = STEPS.lock().unwrap().clone();
    let aborted = format!("0x{:08x} [DEQUEUE, ST_DEQUEUE]", lost.0);
    let pairs: Vec<&str> = steps
        .iter()
        .map(|step| {
            if *step == aborted {
                "the task"
            } else {
                step.split_once(' ').unwrap().1
            }
        })
        .collect();
    let rejected = [
        "[NEW_CMND, ABORT_TASK]",
        "[MGT_FN_DONE, ABORT_TASK]",
        "[DEQUEUE, ABORT_TASK]",
        "[null, null]",
    ];
    let complete = [
        "[NEW_CMND, ABORT_TASK]",
        "[MGT_FN_DONE, ABORT_TASK]",
        "[DEQUEUE, ABORT_TASK]",
        "the task",
        "[null, null]",
    ];
    assert_eq!(pairs, [&rejected[..], &complete[..]].concat());
}

#[test]
fn a_reset_reaches_every_session_before_it_is_answered() {
    let target = serve(target_config());
    let mut one = Host::login(target.portal(), config(1));
    let mut two = Host::login(target.portal(), config(2));
    one.attention(0);
    two.attention(0);
    target
        .fault(&Fault::DelayReplies(Duration::from_secs(30)))
        .unwrap();
    two.submit(0, &[0; 6], Direction::None, Vec::new());
    // The second session's command is with the target once it answers a ping that came after it.
    let ping = two.engine.nop(Instant::now());
    two.until("ping", |host| {
        host.has(|e| matches!(e, Event::NopDone { tag, .. } if *tag == ping))
    });
    assert_eq!(
        manage(&mut one, TmfFunction::LOGICAL_UNIT_RESET, None),
        TmfResponseCode::COMPLETE
    );
    target.fault(&Fault::Clear).unwrap();
    // Its command is gone without an answer; the next one tells why.
    assert_eq!(two.attention(0), Some((0x29, 0x03)));
    assert!(!two.has(|e| matches!(
        e,
        Event::TaskDone {
            outcome: Outcome::Completed { status: 0, .. },
            ..
        }
    )));
}

#[test]
fn the_strict_target_resets_nothing() {
    let mut settings = target_config();
    settings.strict_unh = true;
    let target = serve(settings);
    let mut host = Host::login(target.portal(), config(1));
    host.attention(0);
    assert_eq!(
        manage(&mut host, TmfFunction::LOGICAL_UNIT_RESET, None),
        TmfResponseCode::NOT_SUPPORTED
    );
    assert_eq!(host.attention(0), None);
}

#[test]
fn the_oldest_that_do_not_log_in_make_way_and_sessions_do_not() {
    let mut settings = target_config();
    settings.max_half_open = 3;
    let target = serve(settings);
    let mut session = Host::login(target.portal(), config(1));
    let mut waiting: Vec<TcpStream> = (0..4)
        .map(|_| TcpStream::connect(target.portal()).unwrap())
        .collect();
    let first = &mut waiting[0];
    first.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let end = first.read(&mut [0; 1]);
    assert!(
        matches!(&end, Ok(0)) || matches!(&end, Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset),
        "{end:?}"
    );
    session.attention(0);
    Host::login(target.portal(), config(2));
    drop(waiting);
}
