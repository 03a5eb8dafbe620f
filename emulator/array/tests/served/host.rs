//! An initiator on a blocking socket: one connection, bounded waits.

use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use emu_array::{LunSource, Served, TargetConfig};
use iscsi::initiator::{Command, Config, Direction, Event, Initiator, Outcome, TaskTag};
use iscsi::pdu::{Lun, TaskAttribute};
use iscsi::{Isid, LinkLoss};

pub(crate) const IQN: &str = "iqn.2026-11.org.example:disk";
/// No wait of these tests takes longer.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn target_config() -> TargetConfig {
    let mut config = TargetConfig::new(IQN, "127.0.0.1:0".parse().unwrap());
    config.luns = vec![LunSource::Size(16 << 20).into(), LunSource::Size(1 << 20).into()];
    config
}

pub(crate) fn serve(config: TargetConfig) -> Served {
    Served::start(config).unwrap()
}

pub(crate) fn config(port: u8) -> Config {
    Config::new(
        format!("iqn.2026-11.org.example:host{port}").parse().unwrap(),
        Some(IQN.parse().unwrap()),
        Isid([0, 2, 0x3d, 0, 0, port]),
        [port; 32],
    )
}

pub(crate) struct Host {
    stream: TcpStream,
    pub(crate) engine: Initiator,
    pub(crate) events: Vec<Event>,
    gone: bool,
}

impl Host {
    pub(crate) fn connect(portal: SocketAddr, config: Config) -> Self {
        let stream = TcpStream::connect(portal).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        Self {
            stream,
            engine: Initiator::new(config, Instant::now()),
            events: Vec::new(),
            gone: false,
        }
    }

    /// Connected and logged in.
    pub(crate) fn login(portal: SocketAddr, config: Config) -> Self {
        let mut host = Self::connect(portal, config);
        host.until("a login", |host| host.has(|e| matches!(e, Event::LoggedIn(_))));
        host
    }

    pub(crate) fn has(&self, is: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(is)
    }

    /// Sends what is ready, and reads nothing.
    pub(crate) fn push(&mut self) {
        let now = Instant::now();
        loop {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.engine.write_slices(&mut slices);
            if slices.is_empty() || self.gone {
                break;
            }
            match self.stream.write_vectored(&slices) {
                Ok(n) => self.engine.sent(now, n),
                Err(_) => self.lose(),
            }
        }
    }

    /// Waits until the target has sent something, and leaves it there.
    pub(crate) fn wait_for_bytes(&self) {
        let end = Instant::now() + LIMIT;
        while !matches!(self.stream.peek(&mut [0; 1]), Ok(1)) {
            assert!(Instant::now() < end, "the target says nothing");
        }
    }

    fn step(&mut self) {
        let now = Instant::now();
        if self.engine.poll_timeout().is_some_and(|at| at <= now) {
            self.engine.handle_timeout(now);
        }
        self.push();
        if !self.engine.wants_close() && !self.gone {
            match self.stream.read(self.engine.read_slot()) {
                Ok(0) => self.lose(),
                Ok(n) => self.engine.received(Instant::now(), n),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(_) => self.lose(),
            }
        }
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
    }

    fn lose(&mut self) {
        self.gone = true;
        self.engine.closed(Instant::now(), LinkLoss::PeerClosed);
    }

    /// Moves bytes until `done`.
    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LIMIT;
        while !done(self) {
            assert!(Instant::now() < end, "no {what}: {:?}", self.events);
            self.step();
        }
    }

    pub(crate) fn submit(&mut self, lun: u16, cdb: &[u8], direction: Direction, data: Vec<u8>) -> TaskTag {
        let command = Command {
            lun: Lun::flat(lun),
            cdb: cdb.to_vec(),
            direction,
            expected_length: u32::try_from(data.len()).unwrap(),
            attribute: TaskAttribute::SIMPLE,
            buffer: Box::new(data),
        };
        self.engine.submit(Instant::now(), command)
    }

    /// Waits for the end of a task.
    pub(crate) fn done(&mut self, tag: TaskTag) -> (Outcome, Vec<u8>) {
        let is = move |e: &Event| matches!(e, Event::TaskDone { tag: t, .. } if *t == tag);
        self.until("end of a task", |host| host.has(is));
        let at = self.events.iter().position(is).unwrap();
        match self.events.remove(at) {
            Event::TaskDone { outcome, buffer, .. } => (outcome, buffer.into_vec()),
            _ => unreachable!("found above"),
        }
    }

    pub(crate) fn run(
        &mut self,
        lun: u16,
        cdb: &[u8],
        direction: Direction,
        data: Vec<u8>,
    ) -> (Outcome, Vec<u8>) {
        let tag = self.submit(lun, cdb, direction, data);
        self.done(tag)
    }

    pub(crate) fn write(&mut self, lun: u16, lba: u32, data: &[u8]) -> u8 {
        let (outcome, _) = self.run(
            lun,
            &cdb10(0x2a, lba, data.len()),
            Direction::Write,
            data.to_vec(),
        );
        status(&outcome)
    }

    pub(crate) fn read(&mut self, lun: u16, lba: u32, len: usize) -> Vec<u8> {
        let (outcome, data) = self.run(lun, &cdb10(0x28, lba, len), Direction::Read, vec![0; len]);
        assert_eq!(status(&outcome), 0, "{outcome:?}");
        data
    }

    /// Takes every unit attention.
    pub(crate) fn ready(&mut self, lun: u16) {
        while self.attention(lun).is_some() {}
    }

    /// Additional sense code of the next unit attention; `None` if the unit is ready.
    pub(crate) fn attention(&mut self, lun: u16) -> Option<(u8, u8)> {
        match self.run(lun, &[0; 6], Direction::None, Vec::new()).0 {
            Outcome::Completed { status: 0, .. } => None,
            Outcome::Completed { sense, .. } => Some((sense[12], sense[13])),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn status(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Completed { status, .. } => *status,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn cdb10(opcode: u8, lba: u32, len: usize) -> Vec<u8> {
    let [a, b, c, d] = lba.to_be_bytes();
    let [x, y] = u16::try_from(len / 512).unwrap().to_be_bytes();
    vec![opcode, 0, a, b, c, d, 0, x, y, 0]
}

pub(crate) fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i.wrapping_mul(31) ^ (i >> 9) ^ seed) as u8)
        .collect()
}
