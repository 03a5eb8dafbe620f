//! `hbaemu load`: I/O from our own initiator, for measurements.

use std::collections::HashMap;
use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use emu_net::reactor::{Interest, Reactor, Ready, Token};
use emu_net::run::{Actor, run as run_loop};
use emu_net::session::{Owner, Session};
use iscsi::buffer::Buffer;
use iscsi::digest::Digest;
use iscsi::initiator::{Command, Config, Direction, Event, Initiator, Outcome};
use iscsi::pdu::{Lun, TaskAttribute};
use iscsi::pool::Pool;
use iscsi::{IscsiName, Isid};
use nix::sys::resource::{UsageWho, getrusage};

use super::args::Load as Args;
use super::ready;

const INITIATOR: &str = "iqn.2026-11.org.example:load";
/// Unit attentions that a fresh session may have to be told before anything works.
const ATTENTIONS: u32 = 8;

/// Runs the load and prints one line of JSON.
pub(super) fn run(args: &Args) -> Result<()> {
    let mut reactor = Reactor::new()?;
    if let Some(count) = args.logins {
        return logins(args, &mut reactor, count);
    }
    let mut load = Load::new(args, &mut reactor, args.sessions)?;
    run_loop(&mut reactor, &mut [&mut load])?;
    let (operations, seconds, cpu) = load.figures()?;
    print(operations, u64::from(args.size), seconds, cpu)
}

/// Whole sessions, one after the other; `operations` counts them.
fn logins(args: &Args, reactor: &mut Reactor, count: u32) -> Result<()> {
    let (start, before) = (Instant::now(), processor_time()?);
    for _ in 0..count {
        let mut load = Load::new(args, reactor, 1)?;
        load.limit = 1;
        load.workers.iter_mut().for_each(|worker| worker.visit = true);
        run_loop(reactor, &mut [&mut load])?;
        load.figures()?;
    }
    let cpu = processor_time()?.saturating_sub(before);
    print(u64::from(count), 0, start.elapsed(), cpu)
}

fn print(operations: u64, size: u64, seconds: Duration, cpu: Duration) -> Result<()> {
    let line = serde_json::json!({
        "operations": operations,
        "bytes": operations * size,
        "seconds": seconds.as_secs_f64(),
        "cpu_seconds": cpu.as_secs_f64(),
    });
    ready(&line.to_string())
}

/// User and system time of this process.
pub(super) fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let time = |value: nix::sys::time::TimeVal| {
        Duration::new(value.tv_sec().unsigned_abs(), (value.tv_usec() * 1000) as u32)
    };
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// All sessions: an actor that finishes when they have logged out.
struct Load {
    sessions: Vec<Session>,
    workers: Vec<Worker>,
    tokens: HashMap<Token, usize>,
    time: Duration,
    limit: u64,
    hold: bool,
    stdin: Option<Token>,
    begun: Option<(Instant, Duration)>,
    ended: Option<(Instant, Duration)>,
}

impl Load {
    fn new(args: &Args, reactor: &mut Reactor, count: u32) -> Result<Self> {
        let target: IscsiName = args.iqn.parse().context("bad target name")?;
        let mut load = Self {
            sessions: Vec::new(),
            workers: Vec::new(),
            tokens: HashMap::new(),
            time: Duration::try_from_secs_f64(args.seconds)?,
            limit: args.commands,
            hold: args.hold,
            stdin: None,
            begun: None,
            ended: None,
        };
        for number in 0..count {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).context("no random bytes")?;
            // A session of an earlier run must not be reinstated by accident.
            let isid = Isid::from_random(u32::from_be_bytes([0, seed[0], seed[1], seed[2]]), number as u16);
            let mut config = Config::new(INITIATOR.parse()?, Some(target.clone()), isid, seed);
            let params = &mut config.offer.params;
            params.initial_r2t = false;
            params.max_recv_data_segment = 256 << 10;
            params.max_burst = 1 << 20;
            params.first_burst = 256 << 10;
            let digests = vec![if args.digests {
                Digest::Crc32c
            } else {
                Digest::None
            }];
            config.offer.header_digests.clone_from(&digests);
            config.offer.data_digests = digests;
            let session = Session::connect(reactor, LOAD, args.portal, config)?;
            if let Some(token) = session.token() {
                load.tokens.insert(token, load.sessions.len());
            }
            load.sessions.push(session);
            load.workers.push(Worker::new(args));
        }
        Ok(load)
    }

    /// Operations, and wall and processor time that they took.
    fn figures(&self) -> Result<(u64, Duration, Duration)> {
        if let Some(failure) = self.workers.iter().find_map(|worker| worker.failed.as_ref()) {
            bail!("{failure}");
        }
        let ((begin, cpu_begin), (end, cpu_end)) =
            self.begun.zip(self.ended).context("nothing was measured")?;
        let operations = self.workers.iter().map(|worker| worker.done).sum();
        Ok((
            operations,
            end.saturating_duration_since(begin),
            cpu_end.saturating_sub(cpu_begin),
        ))
    }

    /// Starts when every session is ready, stops when time is up and the last command is back.
    fn direct(&mut self, reactor: &mut Reactor, now: Instant) -> Result<()> {
        let all = |state: State| self.workers.iter().all(|worker| worker.state == state);
        if self.begun.is_none() && all(State::Ready) {
            if self.hold {
                ready("ready")?;
                self.stdin = Some(reactor.watch(LOAD, std::io::stdin(), Interest::READ)?);
            }
            self.begun = Some((now, processor_time()?));
            let end = now + self.time;
            for (session, worker) in self.sessions.iter_mut().zip(&mut self.workers) {
                worker.limit = self.limit;
                worker.end = Some(end);
                if let (Some(engine), false) = (session.engine(), self.hold) {
                    worker.begin(engine, now);
                }
                session.settle(reactor, now, worker);
            }
        } else if self.begun.is_some() && self.ended.is_none() && all(State::Drained) {
            self.ended = Some((now, processor_time()?));
            for (session, worker) in self.sessions.iter_mut().zip(&mut self.workers) {
                if let Some(engine) = session.engine() {
                    engine.logout(now);
                }
                session.settle(reactor, now, worker);
            }
        }
        Ok(())
    }
}

impl Actor for Load {
    fn ready(&mut self, reactor: &mut Reactor, now: Instant, ready: Ready) {
        if self.stdin == Some(ready.token) {
            let mut byte = [0];
            if !matches!(std::io::stdin().read(&mut byte), Ok(1)) {
                reactor.forget(std::io::stdin());
                self.stdin = None;
                self.workers
                    .iter_mut()
                    .for_each(|worker| worker.state = State::Drained);
            }
            return;
        }
        let Some(&index) = self.tokens.get(&ready.token) else {
            return;
        };
        if let (Some(session), Some(worker)) = (self.sessions.get_mut(index), self.workers.get_mut(index))
            && let Err(error) = session.ready(reactor, now, ready, worker)
        {
            worker.fail(format!("cannot connect: {error}"));
        }
    }

    fn deadline(&self) -> Option<Instant> {
        // Timers of sessions that are busy are never near; while they idle their pings matter.
        self.sessions.iter().filter_map(Session::deadline).min()
    }

    fn tick(&mut self, reactor: &mut Reactor, now: Instant) {
        for (session, worker) in self.sessions.iter_mut().zip(&mut self.workers) {
            if session.deadline().is_some_and(|at| at <= now) {
                session.handle_timeout(reactor, now, worker);
            }
        }
        if let Err(error) = self.direct(reactor, now)
            && let Some(worker) = self.workers.first_mut()
        {
            worker.fail(error.to_string());
        }
    }

    fn finished(&self) -> bool {
        let failed = self.workers.iter().any(|worker| worker.failed.is_some());
        failed || self.workers.iter().all(|worker| worker.state == State::Over)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Starting,
    Ready,
    Busy,
    Drained,
    Over,
}

/// What one session does.
struct Worker {
    lun: Lun,
    depth: u32,
    size: u32,
    write: bool,
    /// One command that moves no data, whatever else is asked.
    visit: bool,
    limit: u64,
    end: Option<Instant>,
    state: State,
    attentions: u32,
    block: u32,
    /// Commands that fit the unit, and the next one's place among them.
    places: u64,
    next: u64,
    submitted: u64,
    done: u64,
    failed: Option<String>,
    pool: Pool,
}

impl Worker {
    fn new(args: &Args) -> Self {
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

    fn fail(&mut self, why: String) {
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

    fn begin(&mut self, engine: &mut Initiator, now: Instant) {
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
            Event::Async(_) | Event::Targets { .. } | Event::TmfDone { .. } | Event::NopDone { .. } => {}
        }
    }
}

const LOAD: u32 = 0;
