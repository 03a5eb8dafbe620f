//! Two engines, two byte pipes, one clock.

pub(crate) use crate::memory::{Scattered, pattern};
pub(crate) use crate::wire::Cuts;
use crate::wire::damage;
use std::{
    collections::{BTreeMap, VecDeque},
    io::IoSlice,
    sync::Arc,
    time::{Duration, Instant},
};

use iscsi::{
    Buffer, Isid, LinkLoss,
    chap::{ChapAccount, ChapAlgorithm, ChapSecret},
    initiator::{self, Command, Direction, Initiator, Outcome, TaskTag},
    pdu::{Lun, TaskAttribute, TmfResponseCode},
    target_node::{
        self, Admission, Authentication, Completion, Connection, Directory, LoginAttempt, TargetRecord,
        TaskId,
    },
};

pub(crate) const TARGET: &str = "iqn.2024-01.example.pair:disk";
pub(crate) const BLOCK: usize = 512;
pub(crate) const GOOD: u8 = 0x00;
pub(crate) const CHECK_CONDITION: u8 = 0x02;
/// Fixed format, ILLEGAL REQUEST, INVALID COMMAND OPERATION CODE.
pub(crate) const SENSE: [u8; 18] = [0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0];

pub(crate) fn account(name: &str, secret: &str) -> ChapAccount {
    ChapAccount {
        name: name.into(),
        secret: ChapSecret::new(secret.as_bytes().to_vec()).unwrap(),
    }
}

/// What the target's owner answers.
#[derive(Clone)]
pub(crate) struct Books {
    pub(crate) admission: Admission,
    pub(crate) user: Option<ChapAccount>,
    pub(crate) identity: Option<ChapAccount>,
    pub(crate) targets: Vec<TargetRecord>,
}

impl Books {
    pub(crate) fn open() -> Self {
        Self {
            admission: Admission::Accept(Authentication::None),
            user: None,
            identity: None,
            targets: Vec::new(),
        }
    }

    pub(crate) fn chap(
        algorithms: &[ChapAlgorithm],
        user: ChapAccount,
        identity: Option<ChapAccount>,
    ) -> Self {
        let admission = Admission::Accept(Authentication::Chap(algorithms.to_vec()));
        Self {
            admission,
            user: Some(user),
            identity,
            targets: Vec::new(),
        }
    }
}

impl Directory for Books {
    fn admit(&self, _: &LoginAttempt<'_>) -> Admission {
        self.admission.clone()
    }
    fn secret(&self, _: &LoginAttempt<'_>, name: &str) -> Option<ChapSecret> {
        self.user
            .as_ref()
            .filter(|user| user.name == name)
            .map(|user| user.secret.clone())
    }
    fn identity(&self, _: &LoginAttempt<'_>) -> Option<ChapAccount> {
        self.identity.clone()
    }
    fn targets(&self, _: &str) -> Vec<TargetRecord> {
        self.targets.clone()
    }
}

pub(crate) struct Pair {
    pub(crate) initiator: Initiator,
    pub(crate) target: Connection,
    pub(crate) now: Instant,
    pub(crate) to_target: VecDeque<u8>,
    pub(crate) to_initiator: VecDeque<u8>,
    cuts: Cuts,
    pub(crate) disks: BTreeMap<Lun, Vec<u8>>,
    /// Commands are kept instead of being carried out.
    pub(crate) hold: bool,
    pub(crate) held: Vec<TaskId>,
    pub(crate) events: Vec<initiator::Event>,
    pub(crate) seen: Vec<target_node::Event>,
    initiator_closed: bool,
    /// A bit of the byte that comes after so many more to the target, and to the initiator, is wrong.
    pub(crate) flip: [Option<usize>; 2],
}

pub(crate) fn initiator_config() -> initiator::Config {
    initiator::Config::new(
        "iqn.2024-01.example.pair:host".parse().unwrap(),
        Some(TARGET.parse().unwrap()),
        Isid([0, 2, 0x3d, 0, 0, 1]),
        [1; 32],
    )
}

impl Pair {
    pub(crate) fn new(
        initiator: initiator::Config,
        target: target_node::Config,
        books: Books,
        cuts: Cuts,
    ) -> Self {
        #[expect(clippy::disallowed_methods, reason = "an origin for virtual time")]
        let now = Instant::now();
        let mut disks = BTreeMap::new();
        disks.insert(Lun::flat(0), vec![0u8; 2048 * BLOCK]);
        disks.insert(Lun::flat(1), vec![0u8; 64 * BLOCK]);
        Self {
            initiator: Initiator::new(initiator, now),
            target: Connection::new(target, Arc::new(books), [2; 32], now),
            now,
            to_target: VecDeque::new(),
            to_initiator: VecDeque::new(),
            cuts,
            disks,
            hold: false,
            held: Vec::new(),
            events: Vec::new(),
            seen: Vec::new(),
            initiator_closed: false,
            flip: [None; 2],
        }
    }

    /// One round: what is ready goes over, what arrived is taken in. True if anything moved.
    pub(crate) fn round(&mut self) -> bool {
        let mut moved = false;
        let n = {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.initiator.write_slices(&mut slices);
            let cut = self.cuts.next();
            let mut bytes: Vec<u8> = slices
                .iter()
                .flat_map(|slice| slice.iter().copied())
                .take(cut)
                .collect();
            damage(&mut self.flip[0], &mut bytes);
            self.to_target.extend(&bytes);
            bytes.len()
        };
        if n > 0 {
            self.initiator.sent(self.now, n);
            moved = true;
        }
        let n = {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.target.write_slices(&mut slices);
            let cut = self.cuts.next();
            let mut bytes: Vec<u8> = slices
                .iter()
                .flat_map(|slice| slice.iter().copied())
                .take(cut)
                .collect();
            damage(&mut self.flip[1], &mut bytes);
            self.to_initiator.extend(&bytes);
            bytes.len()
        };
        if n > 0 {
            self.target.sent(self.now, n);
            moved = true;
        }
        while !self.to_target.is_empty() && !self.target.wants_close() {
            let slot = self.target.read_slot();
            let n = slot.len().min(self.to_target.len()).min(self.cuts.next());
            assert!(n > 0, "the target has no room while it wants bytes");
            slot.iter_mut()
                .zip(self.to_target.drain(..n))
                .for_each(|(to, byte)| *to = byte);
            self.target.received(self.now, n);
            self.serve();
            moved = true;
        }
        while !self.to_initiator.is_empty() && !self.initiator.wants_close() {
            let slot = self.initiator.read_slot();
            let n = slot.len().min(self.to_initiator.len()).min(self.cuts.next());
            assert!(n > 0, "the initiator has no room while it wants bytes");
            slot.iter_mut()
                .zip(self.to_initiator.drain(..n))
                .for_each(|(to, byte)| *to = byte);
            self.initiator.received(self.now, n);
            moved = true;
        }
        self.serve();
        while let Some(event) = self.initiator.poll_event() {
            self.events.push(event);
        }
        moved
    }

    /// Until nothing moves any more, closing links as the engines want.
    pub(crate) fn run(&mut self) {
        for _ in 0..2_000_000 {
            if self.round() {
                continue;
            }
            if self.initiator.wants_close() && !self.initiator_closed {
                self.initiator_closed = true;
                self.target.closed(self.now, LinkLoss::PeerClosed);
                continue;
            }
            if self.target.wants_close() && !self.initiator.wants_close() {
                self.initiator.closed(self.now, LinkLoss::PeerClosed);
                continue;
            }
            return;
        }
        panic!("the pair does not come to rest");
    }

    /// Lets time pass up to the engines' next deadlines, `limit` in all.
    pub(crate) fn pass(&mut self, limit: Duration) {
        let end = self.now + limit;
        self.run();
        loop {
            let next = [self.initiator.poll_timeout(), self.target.poll_timeout()]
                .into_iter()
                .flatten()
                .min();
            match next {
                Some(next) if next <= end => {
                    self.now = self.now.max(next);
                    self.initiator.handle_timeout(self.now);
                    self.target.handle_timeout(self.now);
                    self.run();
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// The target's owner at work.
    fn serve(&mut self) {
        while let Some(event) = self.target.poll_event() {
            match event {
                target_node::Event::Command(command) if self.hold => self.held.push(command.task),
                target_node::Event::Command(command) => {
                    let task = command.task;
                    let completion = carry_out(&mut self.disks, command);
                    self.target.complete(task, completion);
                }
                target_node::Event::TaskManagement(request) => {
                    self.target
                        .complete_task_management(self.now, request.id, TmfResponseCode::COMPLETE);
                }
                other => self.seen.push(other),
            }
        }
    }

    pub(crate) fn submit(
        &mut self,
        lun: u16,
        cdb: Vec<u8>,
        direction: Direction,
        expected: u32,
        buffer: Box<dyn Buffer>,
    ) -> TaskTag {
        let command = Command {
            lun: Lun::flat(lun),
            cdb,
            direction,
            expected_length: expected,
            attribute: TaskAttribute::SIMPLE,
            buffer,
        };
        self.initiator.submit(self.now, command)
    }

    pub(crate) fn write(&mut self, lba: u32, data: Vec<u8>) -> TaskTag {
        let len = u32::try_from(data.len()).unwrap();
        self.submit(
            0,
            cdb10(0x2a, lba, data.len() / BLOCK),
            Direction::Write,
            len,
            Box::new(data),
        )
    }

    pub(crate) fn read(&mut self, lba: u32, blocks: usize) -> TaskTag {
        let len = u32::try_from(blocks * BLOCK).unwrap();
        self.submit(
            0,
            cdb10(0x28, lba, blocks),
            Direction::Read,
            len,
            Box::new(Scattered::new(blocks * BLOCK)),
        )
    }

    pub(crate) fn test_unit_ready(&mut self, lun: u16) -> TaskTag {
        self.submit(lun, vec![0; 6], Direction::None, 0, Box::new(Vec::new()))
    }

    /// How the task ended, and its bytes; it must have ended exactly once.
    pub(crate) fn done(&mut self, wanted: TaskTag) -> (Outcome, Vec<u8>) {
        let is = |event: &initiator::Event| matches!(event, initiator::Event::TaskDone { tag, .. } if *tag == wanted);
        assert_eq!(
            self.events.iter().filter(|event| is(event)).count(),
            1,
            "{wanted:?} in {:?}",
            self.events
        );
        let at = self.events.iter().position(is).unwrap();
        match self.events.remove(at) {
            initiator::Event::TaskDone { outcome, buffer, .. } => (outcome, buffer.into_vec()),
            _ => unreachable!("found above"),
        }
    }

    pub(crate) fn logged_in(&self) -> Option<&initiator::LoggedIn> {
        self.events.iter().find_map(|event| match event {
            initiator::Event::LoggedIn(logged_in) => Some(&**logged_in),
            _ => None,
        })
    }
}

pub(crate) fn cdb10(opcode: u8, lba: u32, blocks: usize) -> Vec<u8> {
    let [a, b, c, d] = lba.to_be_bytes();
    let [x, y] = u16::try_from(blocks).unwrap().to_be_bytes();
    vec![opcode, 0, a, b, c, d, 0, x, y, 0]
}

/// A disk that knows TEST UNIT READY, READ(10) and WRITE(10).
fn carry_out(disks: &mut BTreeMap<Lun, Vec<u8>>, command: target_node::Command) -> Completion {
    let refuse = || Completion {
        sense: SENSE.to_vec(),
        ..Completion::status(CHECK_CONDITION)
    };
    let Some(disk) = disks.get_mut(&command.lun) else {
        return refuse();
    };
    let cdb = command.cdb().into_owned();
    if cdb[0] == 0 {
        return Completion::status(GOOD);
    }
    if !matches!(cdb[0], 0x28 | 0x2a) {
        return refuse();
    }
    let start = u32::from_be_bytes(cdb[2..6].try_into().unwrap()) as usize * BLOCK;
    let len = usize::from(u16::from_be_bytes([cdb[7], cdb[8]])) * BLOCK;
    let Some(range) = disk.get_mut(start..start + len) else {
        return refuse();
    };
    let transfer = len as u64;
    if cdb[0] == 0x28 {
        return Completion {
            data: Some(Box::new(range.to_vec())),
            transfer,
            ..Completion::status(GOOD)
        };
    }
    let data = command.data_out.map(Buffer::into_vec).unwrap_or_default();
    let n = data.len().min(len);
    range[..n].copy_from_slice(&data[..n]);
    Completion {
        transfer,
        ..Completion::status(GOOD)
    }
}

/// The outcome of a command that moved `bytes` without a residual.
pub(crate) fn good(bytes: usize) -> Outcome {
    Outcome::Completed {
        status: GOOD,
        sense: Vec::new(),
        residual: initiator::Residual::None,
        transferred: u32::try_from(bytes).unwrap(),
    }
}
