//! Our own initiator on a plain TCP socket, without the adapter around it.
//!
//! Owns the moving of bytes and bounded waits. It must not know what a test wants to prove.

use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use iscsi::LinkLoss;
use iscsi::initiator::{Command, Config, Direction, Event, Initiator, LoggedIn, Outcome, TaskTag};
use iscsi::pdu::{Lun, TaskAttribute};

/// No wait takes longer.
const LIMIT: Duration = Duration::from_secs(60);
/// Redirects that [`Host::login`] follows.
const MAX_HOPS: usize = 4;

/// One connection.
pub struct Host {
    stream: TcpStream,
    /// The engine, to be asked directly.
    pub engine: Initiator,
    /// What it told and nobody took yet.
    pub events: Vec<Event>,
    portal: SocketAddr,
    gone: bool,
}

impl Host {
    /// Connects and starts the login.
    ///
    /// # Errors
    /// What the socket says.
    pub fn connect(portal: SocketAddr, config: Config) -> Result<Self> {
        let stream = TcpStream::connect(portal).with_context(|| format!("connect to {portal}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        Ok(Self {
            stream,
            engine: Initiator::new(config, Instant::now()),
            events: Vec::new(),
            portal,
            gone: false,
        })
    }

    /// Connects, logs in and follows redirects; gives what the login brought.
    ///
    /// # Errors
    /// No login, with its reason, or a redirect too many.
    pub fn login(mut portal: SocketAddr, config: &Config) -> Result<(Self, Box<LoggedIn>)> {
        for _ in 0..=MAX_HOPS {
            let mut host = Self::connect(portal, config.clone())?;
            match host.take("the end of the login", |_| true)? {
                Event::LoggedIn(logged_in) => return Ok((host, logged_in)),
                Event::Redirected { address, .. } => {
                    portal = address.socket_addr().context("redirected to a name")?;
                }
                other => bail!("no login at {portal}: {other:?}"),
            }
        }
        bail!("more than {MAX_HOPS} redirects")
    }

    /// Where it is connected to.
    #[must_use]
    pub const fn portal(&self) -> SocketAddr {
        self.portal
    }

    /// Waits for an event and takes it out.
    ///
    /// # Errors
    /// It does not come within twenty seconds.
    pub fn take(&mut self, what: &str, is: impl Fn(&Event) -> bool) -> Result<Event> {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.events.iter().position(&is) {
                return Ok(self.events.remove(at));
            }
            if Instant::now() >= end {
                bail!("{what} did not come: {:?}", self.events);
            }
            self.step();
        }
    }

    /// Submits a command with a CDB; a read's buffer is as long as what is to be read.
    pub fn submit(&mut self, lun: u16, cdb: &[u8], direction: Direction, data: Vec<u8>) -> TaskTag {
        let command = Command {
            lun: Lun::flat(lun),
            cdb: cdb.to_vec(),
            direction,
            expected_length: u32::try_from(data.len()).unwrap_or(u32::MAX),
            attribute: TaskAttribute::SIMPLE,
            buffer: Box::new(data),
        };
        self.engine.submit(Instant::now(), command)
    }

    /// Waits for the end of a command; gives its outcome and its bytes.
    ///
    /// # Errors
    /// It does not come within twenty seconds.
    pub fn done(&mut self, wanted: TaskTag) -> Result<(Outcome, Vec<u8>)> {
        let is = move |event: &Event| matches!(event, Event::TaskDone { tag, .. } if *tag == wanted);
        match self.take("the end of a command", is)? {
            Event::TaskDone { outcome, buffer, .. } => Ok((outcome, buffer.into_vec())),
            other => bail!("{other:?}"),
        }
    }

    /// Logs out in order.
    ///
    /// # Errors
    /// The target does not answer.
    pub fn logout(mut self) -> Result<()> {
        self.engine.logout(Instant::now());
        self.take("the logout", |event| matches!(event, Event::LoggedOut { .. }))?;
        Ok(())
    }

    /// Moves what can be moved, waits for bytes for some milliseconds.
    pub fn step(&mut self) {
        let now = Instant::now();
        if self.engine.poll_timeout().is_some_and(|at| at <= now) {
            self.engine.handle_timeout(now);
        }
        while !self.gone {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.engine.write_slices(&mut slices);
            if slices.is_empty() {
                break;
            }
            match self.stream.write_vectored(&slices) {
                Ok(n) => self.engine.sent(now, n),
                Err(_) => self.lose(LinkLoss::Reset),
            }
        }
        let told = self.drain();
        if !told && !self.engine.wants_close() && !self.gone {
            match self.stream.read(self.engine.read_slot()) {
                Ok(0) => self.lose(LinkLoss::PeerClosed),
                Ok(n) => self.engine.received(Instant::now(), n),
                Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(_) => self.lose(LinkLoss::Reset),
            }
            self.drain();
        }
    }

    fn drain(&mut self) -> bool {
        let before = self.events.len();
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
        self.events.len() > before
    }

    fn lose(&mut self, why: LinkLoss) {
        self.gone = true;
        self.engine.closed(Instant::now(), why);
    }
}

/// READ(10) or WRITE(10) of so many bytes, in blocks of 512.
///
/// # Panics
/// More than 65535 blocks.
#[must_use]
pub fn cdb10(opcode: u8, lba: u32, len: usize) -> Vec<u8> {
    let [a, b, c, d] = lba.to_be_bytes();
    let [x, y] = u16::try_from(len / 512)
        .expect("at most 65535 blocks")
        .to_be_bytes();
    vec![opcode, 0, a, b, c, d, 0, x, y, 0]
}
