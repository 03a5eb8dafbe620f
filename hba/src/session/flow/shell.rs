//! The netlink socket of all flows, and the sockets that are handed to the kernel.
//!
//! Owns the descriptors and the waiting. What is said over them is the [`Courier`]'s. Source: netlink(7); `iscsi_tcp.c`,
//! `iscsi_sw_tcp_conn_bind` (the kernel takes a reference to the socket: this end of it is closed then).

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::GROUP_ISCSID;
use driver_sys::netlink::{Event, Port, Request};
use driver_sys::port::{PortError, Until};
use driver_sys::sysfs::Reader;
use iscsi::LinkLoss;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use zeroize::Zeroizing;

use super::attempt::{Attempt, AttemptId};
use super::courier::{Courier, Effect, Question};
use super::event::FlowEvent;
use crate::initiator::{Source, dial, outcome};

/// Messages that are taken before anybody else has a turn.
const TURN: usize = 256;
/// Longest wait when there is nothing to wait for.
const IDLE: Duration = Duration::from_secs(3600);

/// What is told to the owner.
#[derive(Debug)]
pub enum Told {
    /// Of a flow.
    Flow(AttemptId, FlowEvent),
    /// Of hosts, and of sessions of others.
    Other(Event),
}

/// The flows of one kernel.
pub struct Shell {
    endpoint: Endpoint,
    port: Box<dyn Port>,
    courier: Courier,
    sources: BTreeMap<AttemptId, Source>,
    sockets: BTreeMap<AttemptId, Socket>,
    told: Vec<Told>,
}

/// A socket until it is handed over.
struct Socket {
    fd: OwnedFd,
    connected: bool,
}

impl Shell {
    /// Opens the netlink socket.
    ///
    /// # Errors
    /// [`PortError`]: no module, no capability, nobody serves the directory.
    pub fn open(endpoint: &Endpoint) -> Result<Self, PortError> {
        Ok(Self {
            port: endpoint.open_netlink(GROUP_ISCSID)?,
            endpoint: endpoint.clone(),
            courier: Courier::new(),
            sources: BTreeMap::new(),
            sockets: BTreeMap::new(),
            told: Vec::new(),
        })
    }

    /// The flows, to look at.
    #[must_use]
    pub const fn courier(&self) -> &Courier {
        &self.courier
    }

    /// Begins an attempt.
    pub fn begin(&mut self, attempt: Attempt) {
        if !attempt.link.source.is_any() {
            self.sources.insert(attempt.id, attempt.link.source.clone());
        }
        self.courier.begin(Instant::now(), attempt);
    }

    /// Takes a session over that is up.
    pub fn adopt(&mut self, attempt: Attempt) {
        self.courier.adopt(attempt);
    }

    /// Breaks an attempt off.
    pub fn abort(&mut self, id: AttemptId) {
        self.courier.abort(Instant::now(), id);
    }

    /// Ends the session of a flow.
    pub fn finish(&mut self, id: AttemptId) {
        self.courier.finish(Instant::now(), id);
    }

    /// Works until something is told, or until then; what was told.
    ///
    /// # Errors
    /// The netlink socket fails for good.
    pub fn run(&mut self, until: Instant) -> Result<Vec<Told>, PortError> {
        loop {
            let told = self.turn(until)?;
            if !told.is_empty() || Instant::now() >= until {
                return Ok(told);
            }
        }
    }

    /// Does what the flows want, and waits for one thing to happen, at the longest until then; what was told.
    ///
    /// # Errors
    /// As [`Shell::run`].
    pub fn turn(&mut self, until: Instant) -> Result<Vec<Told>, PortError> {
        self.work()?;
        if self.told.is_empty() {
            self.wait(until)?;
            self.take()?;
            self.dialed();
            self.courier.handle_timeout(Instant::now());
            self.work()?;
        }
        Ok(std::mem::take(&mut self.told))
    }

    /// Does what the flows want done.
    fn work(&mut self) -> Result<(), PortError> {
        while let Some(effect) = self.courier.poll(Instant::now()) {
            match effect {
                Effect::Ask(question) => self.ask(question)?,
                Effect::Dial { flow, to } => {
                    let source = self.sources.get(&flow).cloned().unwrap_or_default();
                    match dial(to, &source) {
                        Ok(fd) => drop(self.sockets.insert(flow, Socket { fd, connected: false })),
                        Err(why) => self.courier.connected(Instant::now(), flow, Err(loss(&why))),
                    }
                }
                Effect::HangUp(flow) => drop(self.sockets.remove(&flow)),
                Effect::Tell(flow, event) => {
                    if matches!(event, FlowEvent::Failed(_) | FlowEvent::Ended { .. }) {
                        self.sources.remove(&flow);
                    }
                    self.told.push(Told::Flow(flow, event));
                }
                Effect::Other(event) => self.told.push(Told::Other(event)),
                Effect::Resync => self.resync(),
            }
        }
        Ok(())
    }

    fn ask(&mut self, mut question: Question) -> Result<(), PortError> {
        let socket = self.sockets.get(&question.flow).filter(|_| question.socket);
        if let (Request::BindConn { endpoint, .. }, Some(socket)) = (&mut question.request, socket) {
            *endpoint = socket.fd.as_raw_fd().unsigned_abs().into();
        }
        let packet = Zeroizing::new(question.request.encode(question.handle, self.port.pid()));
        let until = Until::after(driver_sys::port::LIMIT);
        match socket {
            Some(socket) => self.port.send_beside(&packet, socket.fd.as_fd(), until),
            None => self.port.send_until(&packet, until),
        }
    }

    /// Takes messages that are there.
    fn take(&mut self) -> Result<(), PortError> {
        for _ in 0..TURN {
            let now = Instant::now();
            match self.port.recv_until(Until::from(now), "a message of the kernel") {
                Ok(packet) => self.courier.message(now, &packet),
                Err(PortError::Timeout { .. }) => return Ok(()),
                Err(PortError::Overrun | PortError::Oversized { .. }) => self.courier.overrun(now),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes what became of connections.
    fn dialed(&mut self) {
        let mut ready = Vec::new();
        for (flow, socket) in self.sockets.iter_mut().filter(|(_, socket)| !socket.connected) {
            let mut one = [PollFd::new(socket.fd.as_fd(), PollFlags::POLLOUT)];
            if matches!(poll(&mut one, PollTimeout::ZERO), Ok(n) if n > 0) {
                socket.connected = true;
                ready.push((*flow, outcome(&socket.fd).map_err(|why| loss(&why))));
            }
        }
        for (flow, result) in ready {
            self.courier.connected(Instant::now(), flow, result);
        }
    }

    fn wait(&self, until: Instant) -> Result<(), PortError> {
        let now = Instant::now();
        let next = self.courier.poll_timeout().map_or(until, |at| at.min(until));
        let left = next.saturating_duration_since(now).min(IDLE);
        // One millisecond more, so that the last round does not spin.
        let left = left.saturating_add(Duration::from_millis(u64::from(!left.is_zero())));
        let mut fds = vec![PollFd::new(self.port.as_fd(), PollFlags::POLLIN)];
        let dialing = self.sockets.values().filter(|socket| !socket.connected);
        fds.extend(dialing.map(|socket| PollFd::new(socket.fd.as_fd(), PollFlags::POLLOUT)));
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(source) => Err(PortError::System {
                what: "waiting for the kernel".into(),
                source,
            }),
        }
    }

    /// Looks at the flows' sessions in sysfs.
    fn resync(&mut self) {
        let Ok(root) = self.endpoint.open_sysfs() else {
            return;
        };
        let mut reader = Reader::new();
        let sids: Vec<u32> = self.courier.sids().collect();
        for sid in sids {
            let path = format!("class/iscsi_session/session{sid}");
            let at = root.at(&path);
            let logged_in = reader.text(at, "state").is_ok_and(|state| state == "LOGGED_IN");
            let there = logged_in || at.exists();
            self.courier.seen(Instant::now(), sid, there, logged_in);
        }
    }
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shell")
            .field("courier", &self.courier)
            .finish_non_exhaustive()
    }
}

fn loss(why: &io::Error) -> LinkLoss {
    match why.kind() {
        io::ErrorKind::ConnectionReset => LinkLoss::Reset,
        io::ErrorKind::TimedOut => LinkLoss::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => LinkLoss::Unreachable,
        _ => LinkLoss::Os(why.raw_os_error().unwrap_or_default()),
    }
}
