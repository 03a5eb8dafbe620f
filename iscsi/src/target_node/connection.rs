//! A connection and the face it shows to the shell: bytes in, bytes out, time, events.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::config::Config;
use super::directory::Directory;
use super::event::{CloseReason, Command, Event, SessionInfo, TaskId};
use super::login::{LOGIN_SEGMENT, Login, Refusal};
use super::receive::{Disposition, Parked};
use super::task::{Failure, Stage, Tasks};
use super::text::PendingText;
use super::trace::{TargetState, TraceStep, Tracer};
use crate::LinkLoss;
use crate::chap::Nonces;
use crate::framer::{Cost, Data, Owed, Receiver, Step, Transmitter};
use crate::pdu::{Bhs, LoginRequest, TmfFunction};
use crate::serial;

/// How long the last bytes may take before the shell may close without them.
const LINGER: Duration = Duration::from_secs(5);

/// The engine of one connection. See the [module](super) for how to drive it.
pub struct Connection {
    pub(super) config: Config,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) nonces: Nonces,
    pub(super) rx: Receiver,
    pub(super) tx: Transmitter,
    pub(super) phase: Phase,
    pub(super) tasks: Tasks,
    /// What was decided about the PDU whose data segment is coming in.
    pub(super) current: Option<Disposition>,
    /// Requests that came before their turn, by CmdSN.
    pub(super) parked: HashMap<u32, Parked>,
    /// Bytes of data in them.
    pub(super) parked_bytes: usize,
    pub(super) stat_sn: u32,
    pub(super) exp_cmd_sn: u32,
    max_cmd_sn: u32,
    pub(super) next_ttt: u32,
    pub(super) text: Option<PendingText>,
    pub(super) tmfs: HashMap<u32, (u32, TmfFunction)>,
    pub(super) events: VecDeque<Event>,
    /// Commands that wait for the owner.
    pub(super) ready: VecDeque<TaskId>,
    /// Write data that commands have announced, in bytes.
    pub(super) buffered: usize,
    /// Memory that tasks count for, in bytes.
    pub(super) held: usize,
    /// When to look for writes whose data does not come.
    pub(super) data_check: Option<Instant>,
    /// Answers to requests that are not commands, and to commands that the owner never saw.
    owed: Owed,
    /// The initiator has read nothing of what waits since then: the time, and the octets that were out.
    pub(super) unread: Option<(Instant, u64)>,
    /// The shell keeps the output back.
    pub(super) kept_back: bool,
    /// Answered tasks whose data is on its way: the octet count at which it is out.
    pub(super) sending: VecDeque<(u64, TaskId)>,
    pub(super) logout_deadline: Option<Instant>,
    /// When the initiator was last heard, and the tag of a NOP-In without an answer.
    pub(super) heard: Instant,
    pub(super) ping: Option<u32>,
    pub(super) closing: Option<Instant>,
    /// The next Data-In carries a digest that does not fit.
    pub(super) corrupt: bool,
    /// The next ABORT TASK that finds its task is rejected.
    pub(super) keep_next: bool,
    pub(super) trace: Tracer,
    /// A refusal that waits for its time.
    pub(super) late: Option<Late>,
}

/// A refused login whose answer waits.
#[derive(Debug)]
pub(super) struct Late {
    pub(super) at: Instant,
    pub(super) request: LoginRequest,
    pub(super) refusal: Refusal,
}

/// Which phase the connection is in.
#[derive(Debug)]
pub(super) enum Phase {
    Login(Box<Login>),
    Full(Box<SessionInfo>),
}

impl Connection {
    /// A connection that was just accepted. `seed` must be unpredictable: challenges come from it.
    #[must_use]
    pub fn new(config: Config, directory: Arc<dyn Directory>, seed: [u8; 32], now: Instant) -> Self {
        let mut nonces = Nonces::new(seed);
        let stat_sn = nonces.number();
        let mut rx = Receiver::new(LOGIN_SEGMENT);
        rx.set_max_data(LOGIN_SEGMENT);
        Self {
            trace: Tracer::new(config.trace),
            phase: Phase::Login(Box::new(Login::new(&config, now))),
            config,
            directory,
            nonces,
            rx,
            tx: Transmitter::new(),
            tasks: Tasks::default(),
            current: None,
            parked: HashMap::new(),
            parked_bytes: 0,
            stat_sn,
            exp_cmd_sn: 0,
            max_cmd_sn: 0,
            next_ttt: 0,
            text: None,
            tmfs: HashMap::new(),
            events: VecDeque::new(),
            ready: VecDeque::new(),
            buffered: 0,
            held: 0,
            data_check: None,
            owed: Owed::default(),
            unread: None,
            kept_back: false,
            sending: VecDeque::new(),
            logout_deadline: None,
            heard: now,
            ping: None,
            closing: None,
            corrupt: false,
            keep_next: false,
            late: None,
        }
    }

    /// Where the next incoming bytes go. Empty only once [`Connection::wants_close`].
    pub fn read_slot(&mut self) -> &mut [u8] {
        if self.closing.is_some() {
            return &mut [];
        }
        if let Some((token, at, left)) = self.rx.next_place() {
            self.make_room(TaskId(token), at, left);
        }
        self.rx.slot(&mut self.tasks)
    }

    /// `n` bytes of the slot have been filled.
    pub fn received(&mut self, now: Instant, n: usize) {
        if self.closing.is_some() {
            return;
        }
        self.heard = now;
        self.rx.received(n, &self.tasks);
        while self.closing.is_none() {
            match self.rx.poll() {
                Ok(None) => break,
                Ok(Some(Step::Header)) => {
                    let bhs = *self.rx.bhs();
                    let (disposition, place) = self.begin(&bhs);
                    self.current = Some(disposition);
                    self.rx.place(place);
                }
                Ok(Some(Step::Pdu)) => {
                    let before = self.tx.made();
                    self.pdu(now);
                    self.owed.add(self.tx.end(), self.tx.made().since(before));
                    self.rx.next();
                    if self.owed.exceeds(MAX_OWED) || self.tx.queued() > self.queue_limit() {
                        self.close(now, CloseReason::Stuck);
                    }
                }
                Err(error) => self.close(now, CloseReason::Frame(error)),
            }
        }
        self.watch_reader(now);
    }

    /// The peer closed, or the socket failed.
    pub fn closed(&mut self, now: Instant, why: LinkLoss) {
        self.close(now, CloseReason::Link(why));
        self.tx.clear();
    }

    /// Everything that is ready to be sent, in order.
    pub fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        if !self.tx.is_empty() {
            self.tx.write_slices(&self.tasks, out);
        }
    }

    /// `n` bytes of those slices were taken by the socket.
    pub fn sent(&mut self, now: Instant, n: usize) {
        self.tx.sent(n);
        let out = self.tx.octets();
        self.owed.sent(out);
        self.watch_reader(now);
        while let Some((mark, id)) = self.sending.front().copied() {
            if mark > out {
                break;
            }
            self.sending.pop_front();
            self.tasks.remove(id);
        }
        self.trace.sent(out);
    }

    /// Nothing more is taken in: close after the last byte went out.
    #[must_use]
    pub const fn wants_close(&self) -> bool {
        self.closing.is_some()
    }

    /// More than this waits only for an initiator that sends and does not read: a reply begins while no more than `max_queued`
    /// waits, and may be as long as a transfer.
    const fn queue_limit(&self) -> usize {
        let replies = self.config.max_queued.saturating_add(self.config.max_transfer);
        replies.saturating_add(MAX_OWED.bytes)
    }

    /// The output is kept back on purpose (a fault for tests): that nothing is read is not the initiator's doing.
    pub const fn keep_back(&mut self, kept: bool) {
        self.kept_back = kept;
    }

    /// What happened since; poll until `None` before sending.
    pub fn poll_event(&mut self) -> Option<Event> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        if self.tx.queued() > self.config.max_queued {
            return None;
        }
        while let Some(id) = self.ready.pop_front() {
            if !self.may_read(id) {
                self.fail(id, Failure::Busy);
                continue;
            }
            if let Some(task) = self.tasks.get_mut(id) {
                self.trace.step(task.itt, task.taken(), TargetState::Processing);
                return Some(Event::Command(Command {
                    task: id,
                    lun: task.lun,
                    cdb: task.cdb,
                    cdb_rest: std::mem::take(&mut task.cdb_rest),
                    attribute: task.flags.attribute(),
                    data_out: task.buffer.take(),
                    data_in_max: if task.reads() { task.expected } else { 0 },
                }));
            }
        }
        None
    }

    /// The session, once the login is complete.
    #[must_use]
    pub fn session(&self) -> Option<&SessionInfo> {
        match &self.phase {
            Phase::Full(session) => Some(session),
            Phase::Login(_) => None,
        }
    }

    /// The next step of a request, oldest first; nothing unless [`Config::trace`] is set.
    pub fn poll_trace(&mut self) -> Option<TraceStep> {
        self.trace.take()
    }

    /// The next ABORT TASK that finds its task fails, as if the SCSI side would not let go of it (a fault for tests).
    pub const fn keep_next_task(&mut self) {
        self.keep_next = true;
    }

    /// Octets received and sent so far.
    #[must_use]
    pub const fn octets(&self) -> (u64, u64) {
        (self.rx.octets(), self.tx.octets())
    }

    /// Bytes that wait to be sent.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.tx.queued()
    }

    /// Closes from the target's side, without a word; what is queued still goes out.
    pub fn drop_now(&mut self, now: Instant) {
        self.close(now, CloseReason::Dropped);
    }

    pub(super) fn close(&mut self, now: Instant, reason: CloseReason) {
        if self.closing.is_some() {
            return;
        }
        self.closing = Some(now + LINGER);
        self.parked.clear();
        self.ready.clear();
        for id in self.tasks.active(None) {
            self.tasks.remove(id);
        }
        self.buffered = 0;
        self.held = 0;
        self.events.push_back(Event::Closed(reason));
    }

    /// ExpCmdSN and MaxCmdSN for the next PDU. MaxCmdSN never goes back.
    pub(super) fn window(&mut self) -> (u32, u32) {
        let waiting = self
            .tasks
            .queued()
            .saturating_add(u32::try_from(self.parked.len()).unwrap_or(u32::MAX));
        let free = self.config.window.saturating_sub(waiting);
        let max = self.exp_cmd_sn.wrapping_add(free).wrapping_sub(1);
        if serial::before(self.max_cmd_sn, max) {
            self.max_cmd_sn = max;
        }
        (self.exp_cmd_sn, self.max_cmd_sn)
    }

    /// The highest CmdSN that the initiator was told.
    pub(super) const fn max_cmd_sn(&self) -> u32 {
        self.max_cmd_sn
    }

    /// The first CmdSN of the session.
    pub(super) const fn start_window(&mut self, cmd_sn: u32) {
        self.exp_cmd_sn = cmd_sn;
        self.max_cmd_sn = cmd_sn.wrapping_sub(1);
    }

    /// StatSN of an answer that carries status.
    pub(super) const fn take_stat_sn(&mut self) -> u32 {
        let stat_sn = self.stat_sn;
        self.stat_sn = stat_sn.wrapping_add(1);
        stat_sn
    }

    pub(super) const fn take_ttt(&mut self) -> u32 {
        self.next_ttt = self.next_ttt.wrapping_add(1);
        if self.next_ttt == crate::pdu::RESERVED_TAG {
            self.next_ttt = 0;
        }
        self.next_ttt
    }

    pub(super) fn push(&mut self, bhs: Bhs, data: Data<'_>) {
        self.tx.push(bhs, &[], data, &self.tasks);
    }

    /// Ends a task without an answer; the owner hears of it if it has the task.
    pub(super) fn abort(&mut self, id: TaskId) {
        self.let_go(id);
        let Some(task) = self.tasks.remove(id) else { return };
        self.trace.aborted(task.itt);
        if task.stage == Stage::Delivered {
            match self.ready.iter().position(|ready| *ready == id) {
                Some(at) => drop(self.ready.remove(at)),
                None => self.events.push_back(Event::Aborted(id)),
            }
        }
    }
}

/// Answers that the initiator asked for (pings, management, text, rejects, R2Ts) may wait so far, beside the payload of reads.
const MAX_OWED: Cost = Cost {
    pdus: 8192,
    bytes: 1 << 20,
};

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("phase", &self.phase)
            .field("closing", &self.closing.is_some())
            .finish_non_exhaustive()
    }
}
