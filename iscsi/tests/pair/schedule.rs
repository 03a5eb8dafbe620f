//! Commands, task management, pings, texts, held and late responses, time, and the loss of the link in any order: everything that was
//! asked for ends exactly once.

use std::{collections::BTreeMap, time::Duration};

use iscsi::{
    LinkLoss,
    digest::Digest,
    initiator::{Direction, Event, Outcome, TaskTag, TmfOutcome},
    negotiate::Params,
    pdu::{Lun, TmfFunction},
    target_node,
};
use proptest::prelude::*;

use crate::harness::*;

const FUNCTIONS: [TmfFunction; 8] = [
    TmfFunction::ABORT_TASK,
    TmfFunction::ABORT_TASK_SET,
    TmfFunction::CLEAR_ACA,
    TmfFunction::CLEAR_TASK_SET,
    TmfFunction::LOGICAL_UNIT_RESET,
    TmfFunction::TARGET_WARM_RESET,
    TmfFunction::TARGET_COLD_RESET,
    TmfFunction::TASK_REASSIGN,
];

/// One step of a schedule.
#[derive(Clone, Debug)]
enum Act {
    Write(u16),
    Read(u16),
    Ready(u16),
    Manage(TmfFunction, u16, prop::sample::Index),
    Ping,
    Targets,
    /// Bytes move for some rounds.
    Rounds(u8),
    /// The target keeps commands back from here on, or no longer.
    Hold(bool),
    /// The target completes what it kept.
    Release,
    Seconds(u8),
    Logout,
    Lose,
    Drop,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0u16..40).prop_map(Act::Write),
        4 => (0u16..40).prop_map(Act::Read),
        2 => (0u16..3).prop_map(Act::Ready),
        4 => (prop::sample::select(FUNCTIONS.to_vec()), 0u16..2, any::<prop::sample::Index>())
            .prop_map(|(function, lun, task)| Act::Manage(function, lun, task)),
        1 => Just(Act::Ping),
        1 => Just(Act::Targets),
        8 => (1u8..12).prop_map(Act::Rounds),
        2 => any::<bool>().prop_map(Act::Hold),
        1 => Just(Act::Release),
        1 => (1u8..30).prop_map(Act::Seconds),
        1 => prop::sample::select(vec![Act::Logout, Act::Lose, Act::Drop, Act::Rounds(1)]),
    ]
}

fn pair(digests: bool, initial_r2t: bool, window: u32, first_cmd_sn: u32, cuts: Vec<usize>) -> Pair {
    let mut config = initiator_config();
    config.first_cmd_sn = Some(first_cmd_sn);
    if digests {
        config.offer.header_digests = vec![Digest::Crc32c];
        config.offer.data_digests = vec![Digest::Crc32c];
    }
    config.offer.params = Params {
        initial_r2t,
        max_recv_data_segment: 1024,
        first_burst: 2048,
        max_burst: 4096,
        max_outstanding_r2t: 3,
        ..Params::default()
    };
    let mut target = target_node::Config {
        window,
        ..target_node::Config::default()
    };
    target.offer.params.max_recv_data_segment = 1024;
    let mut pair = Pair::new(config, target, Books::open(), Cuts::new(cuts));
    pair.run();
    assert!(pair.logged_in().is_some());
    pair.events.clear();
    pair
}

/// Everything that was asked for, and how often it ended.
#[derive(Default)]
struct Ledger {
    asked: BTreeMap<TaskTag, &'static str>,
    commands: Vec<TaskTag>,
}

impl Ledger {
    fn ask(&mut self, tag: TaskTag, what: &'static str) {
        assert!(self.asked.insert(tag, what).is_none(), "{tag:?} is in use");
    }

    /// Strikes out what ended; it must have been open, and of that kind.
    fn settle(&mut self, events: &mut Vec<Event>, lost: &mut u32) {
        for event in events.drain(..) {
            let (tag, what) = match &event {
                Event::TaskDone { tag, outcome, .. } => {
                    assert_ne!(*outcome, Outcome::NotSent, "it was open when asked");
                    self.commands.retain(|other| other != tag);
                    (*tag, "command")
                }
                Event::TmfDone { tag, outcome } => {
                    assert_ne!(*outcome, TmfOutcome::NotSent);
                    (*tag, "function")
                }
                Event::NopDone { tag, .. } => (*tag, "ping"),
                Event::Targets { tag, .. } => (*tag, "text"),
                Event::Dropped(_) | Event::LoggedOut { .. } => {
                    *lost += 1;
                    continue;
                }
                _ => continue,
            };
            assert_eq!(self.asked.remove(&tag), Some(what), "{event:?} ended twice");
            assert_eq!(*lost, 0, "{event:?} after the last event");
        }
    }
}

fn perform(pair: &mut Pair, ledger: &mut Ledger, act: &Act) {
    let open = pair.initiator.is_open();
    match act {
        Act::Rounds(rounds) => {
            for _ in 0..*rounds {
                pair.round();
            }
        }
        Act::Hold(hold) => pair.hold = *hold,
        Act::Release => {
            for task in std::mem::take(&mut pair.held) {
                pair.target.complete(task, target_node::Completion::status(GOOD));
            }
        }
        Act::Seconds(seconds) => pair.pass(Duration::from_secs(u64::from(*seconds))),
        Act::Logout => pair.initiator.logout(pair.now),
        Act::Lose => {
            pair.initiator.closed(pair.now, LinkLoss::Reset);
            pair.target.closed(pair.now, LinkLoss::Reset);
        }
        Act::Drop => pair.initiator.drop_connection(pair.now),
        _ if !open => {}
        Act::Write(blocks) => {
            let tag = pair.write(u32::from(*blocks), pattern(usize::from(*blocks) * BLOCK, 3));
            ledger.ask(tag, "command");
            ledger.commands.push(tag);
        }
        Act::Read(blocks) => {
            let tag = pair.read(u32::from(*blocks), usize::from(*blocks));
            ledger.ask(tag, "command");
            ledger.commands.push(tag);
        }
        Act::Ready(lun) => {
            let tag = pair.submit(*lun, vec![0; 6], Direction::None, 0, Box::new(Vec::new()));
            ledger.ask(tag, "command");
            ledger.commands.push(tag);
        }
        Act::Manage(function, lun, task) => {
            let task = (!ledger.commands.is_empty()).then(|| *task.get(&ledger.commands));
            let tag = pair
                .initiator
                .task_management(pair.now, *function, Lun::flat(*lun), task);
            ledger.ask(tag, "function");
        }
        Act::Ping => {
            let tag = pair.initiator.nop(pair.now);
            ledger.ask(tag, "ping");
        }
        Act::Targets => {
            // A second exchange is refused at once, which is an end too.
            let tag = pair.initiator.send_targets(pair.now);
            ledger.ask(tag, "text");
        }
    }
    while let Some(event) = pair.initiator.poll_event() {
        pair.events.push(event);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_everything_ends_once(
        digests: bool, initial_r2t: bool, window in 1u32..12, first_cmd_sn in prop_oneof![Just(0xffff_fff0u32), any::<u32>()],
        cuts in proptest::collection::vec(1usize..900, 1..6), acts in proptest::collection::vec(act(), 1..60),
    ) {
        let mut pair = pair(digests, initial_r2t, window, first_cmd_sn, cuts);
        let (mut ledger, mut lost) = (Ledger::default(), 0);
        for act in &acts {
            perform(&mut pair, &mut ledger, act);
            ledger.settle(&mut pair.events, &mut lost);
        }
        // Without a loss, everything that the target need not hold back comes to its end by itself.
        pair.hold = false;
        perform(&mut pair, &mut ledger, &Act::Release);
        pair.run();
        ledger.settle(&mut pair.events, &mut lost);
        prop_assert!(lost > 0 || ledger.asked.is_empty(), "open: {:?}", ledger.asked);
        prop_assert_eq!(pair.initiator.outstanding(), 0);
        perform(&mut pair, &mut ledger, &Act::Lose);
        ledger.settle(&mut pair.events, &mut lost);
        prop_assert!(ledger.asked.is_empty(), "never ended: {:?}", ledger.asked);
        prop_assert_eq!(lost, 1, "one last event");
    }
}
