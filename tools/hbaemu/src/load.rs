//! `hbaemu load`: I/O from our own initiator, for measurements.

mod worker;

use std::collections::HashMap;
use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use emu_net::reactor::{Interest, Reactor, Ready, Token};
use emu_net::run::{Actor, run as run_loop};
use emu_net::session::Session;
use iscsi::digest::Digest;
use iscsi::initiator::Config;
use iscsi::{IscsiName, Isid};
use nix::sys::resource::{UsageWho, getrusage};

use super::args::Load as Args;
use super::ready;
use worker::{State, Worker};

const INITIATOR: &str = "iqn.2026-11.org.example:load";
/// The only actor of its reactor.
const LOAD: u32 = 0;

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
