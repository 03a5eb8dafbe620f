//! What one session of a load does: wait out attentions, ask the capacity, keep commands under way.

use std::time::Instant;

use anyhow::{Result, bail, ensure};
use emu_net::session::Owner;
use iscsi::buffer::Buffer;
use iscsi::initiator::{Command, Direction, Event, Initiator, Outcome};
use iscsi::pdu::{Lun, TaskAttribute};
use iscsi::pool::Pool;

use super::Args;

/// Unit attentions that a fresh session may have to be told before anything works.
const ATTENTIONS: u32 = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Starting,
    Ready,
    Busy,
    Drained,
    Over,
}

/// What one session does.
pub(super) struct Worker {
    pub(super) lun: Lun,
    pub(super) depth: u32,
    pub(super) size: u32,
    pub(super) write: bool,
    /// One command that moves no data, whatever else is asked.
    pub(super) visit: bool,
    pub(super) limit: u64,
    pub(super) end: Option<Instant>,
    pub(super) state: State,
    pub(super) attentions: u32,
    pub(super) block: u32,
    /// Commands that fit the unit, and the next one's place among them.
    pub(super) places: u64,
    pub(super) next: u64,
    pub(super) submitted: u64,
    pub(super) done: u64,
    pub(super) failed: Option<String>,
    pub(super) pool: Pool,
}

impl Worker {
    pub(super) fn new(args: &Args) -> Self {
        Self {
            lun: Lun::flat(args.lun),
            depth: args.depth,
            size: args.size,
            write: args.write,
            visit: false,
            limit: 0,
            end: None,
            state: State::Starting,
            attentions: 0,
            block: 512,
            places: 0,
            next: 0,
            submitted: 0,
            done: 0,
            failed: None,
            pool: Pool::default(),
        }
    }

    pub(super) fn fail(&mut self, why: String) {
        self.failed.get_or_insert(why);
    }

    fn command(&self, cdb: Vec<u8>, direction: Direction, buffer: Box<dyn Buffer>) -> Command {
        Command {
            lun: self.lun,
            cdb,
            direction,
            expected_length: u32::try_from(buffer.len()).unwrap_or(u32::MAX),
            attribute: TaskAttribute::SIMPLE,
            buffer,
        }
    }

    /// READ CAPACITY (16), as often as unit attentions come.
    fn capacity(&self, engine: &mut Initiator, now: Instant) {
        let mut cdb = vec![0; 16];
        cdb[..2].copy_from_slice(&[0x9e, 0x10]);
        cdb[13] = 32;
        engine.submit(now, self.command(cdb, Direction::Read, Box::new(vec![0u8; 32])));
    }

    pub(super) fn begin(&mut self, engine: &mut Initiator, now: Instant) {
        self.state = State::Busy;
        for _ in 0..u64::from(self.depth).min(self.limit) {
            let buffer: Box<dyn Buffer> = if self.visit {
                Box::new(Vec::new())
            } else {
                let mut memory = self.pool.take(self.size as usize);
                memory.bytes_mut().fill(0x5a);
                Box::new(memory)
            };
            self.transfer(engine, now, buffer);
        }
    }

    /// The next READ (16) or WRITE (16); places follow each other.
    fn transfer(&mut self, engine: &mut Initiator, now: Instant, buffer: Box<dyn Buffer>) {
        self.submitted += 1;
        if self.visit {
            // TEST UNIT READY.
            engine.submit(now, self.command(vec![0; 6], Direction::None, buffer));
            return;
        }
        let blocks = self.size / self.block;
        let lba = self.next * u64::from(blocks);
        self.next = (self.next + 1) % self.places;
        let mut cdb = vec![0; 16];
        cdb[0] = if self.write { 0x8a } else { 0x88 };
        cdb[2..10].copy_from_slice(&lba.to_be_bytes());
        cdb[10..14].copy_from_slice(&blocks.to_be_bytes());
        let direction = if self.write {
            Direction::Write
        } else {
            Direction::Read
        };
        engine.submit(now, self.command(cdb, direction, buffer));
    }

    fn starting(
        &mut self,
        engine: &mut Initiator,
        now: Instant,
        outcome: &Outcome,
        data: &[u8],
    ) -> Result<()> {
        if !good(outcome) {
            self.attentions += 1;
            ensure!(self.attentions <= ATTENTIONS, "READ CAPACITY: {outcome:?}");
            self.capacity(engine, now);
            return Ok(());
        }
        let (Some(last), Some(block)) = (data.first_chunk(), data.get(8..12)) else {
            bail!("READ CAPACITY: only {} bytes", data.len());
        };
        self.block = block.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        let bytes = u64::from_be_bytes(*last)
            .saturating_add(1)
            .saturating_mul(self.block.into());
        self.places = bytes / u64::from(self.size);
        let fits = self.block > 0 && self.size.is_multiple_of(self.block) && self.places > 0;
        ensure!(
            fits,
            "{} bytes a command do not fit blocks of {}",
            self.size,
            self.block
        );
        self.state = State::Ready;
        Ok(())
    }

    fn task_done(
        &mut self,
        engine: &mut Initiator,
        now: Instant,
        outcome: &Outcome,
        buffer: Box<dyn Buffer>,
    ) {
        match self.state {
            State::Starting => {
                let data = buffer.into_vec();
                if let Err(error) = self.starting(engine, now, outcome, &data) {
                    self.fail(error.to_string());
                }
            }
            State::Busy if !good(outcome) => self.fail(format!("a command failed: {outcome:?}")),
            State::Busy => {
                self.done += 1;
                if self.submitted < self.limit && self.end.is_some_and(|end| now < end) {
                    self.transfer(engine, now, buffer);
                } else if engine.outstanding() == 0 {
                    self.state = State::Drained;
                }
            }
            State::Ready | State::Drained | State::Over => {}
        }
    }
}

fn good(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Completed { status: 0, .. })
}

impl Owner for Worker {
    fn event(&mut self, engine: &mut Initiator, now: Instant, event: Event) {
        match event {
            // Nothing is asked before the one command that a visit consists of.
            Event::LoggedIn(_) if self.visit => self.state = State::Ready,
            Event::LoggedIn(_) => self.capacity(engine, now),
            Event::TaskDone { outcome, buffer, .. } => {
                if self.visit && self.state == State::Busy {
                    // A fresh session's first command may bring a unit attention: an answer all the same.
                    self.done += 1;
                    self.state = State::Drained;
                } else {
                    self.task_done(engine, now, &outcome, buffer);
                }
            }
            Event::LoggedOut { .. } => self.state = State::Over,
            Event::LoginFailed(why) => self.fail(format!("login failed: {why}")),
            Event::Dropped(why) => self.fail(format!("the session was lost: {why}")),
            Event::Redirected { address, .. } => self.fail(format!("the target is at {address}")),
            Event::Async(_)
            | Event::Targets { .. }
            | Event::TmfDone { .. }
            | Event::NopDone { .. }
            | Event::Pdu { .. } => {}
        }
    }
}
