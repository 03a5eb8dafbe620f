//! One login, step by step, and the way back from every step.
//!
//! Owns where a login stands, what of it exists in the kernel, and the one request that is under way. Must not know sockets, clocks, nor other
//! logins: answers, events and the time come as arguments. `forward` has the steps, `back` their undoing, `heard` what comes unasked.
//! Source: open-iscsi `usr/initiator.c`, `usr/initiator_common.c`; `scsi_transport_iscsi.c`, `iscsi_if_recv_msg`.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driver_sys::netlink::code::Uevent;
use driver_sys::netlink::{Request, Return};
use iscsi::LinkLoss;
use iscsi::initiator::LoggedIn;
use nix::errno::Errno;

use super::attempt::Attempt;
use super::carrier::Carrier;
use super::event::{Failure, FlowEvent, Redirected, Step, Unreached};
use crate::params::IscsiParam;

/// The connection of each session.
pub(super) const CID: u32 = 0;
/// How long an answer of the kernel may take once nobody waits for what it is about.
const LAST_ANSWER: Duration = Duration::from_secs(60);

/// What a flow wants done.
#[derive(Debug)]
pub enum Action {
    /// The kernel is to be asked. Its answer goes to [`Flow::replied`] with this number.
    Ask {
        /// The question's number.
        number: u32,
        /// What.
        request: Request,
        /// Whether the flow's socket belongs to it: its number is to stand in for the endpoint.
        socket: bool,
    },
    /// A socket is to be connected; see [`Flow::connected`].
    Dial(SocketAddr),
    /// The flow's socket is to be closed.
    HangUp,
    /// Something is to be told.
    Tell(FlowEvent),
}

/// What exists.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Made {
    pub(super) socket: bool,
    pub(super) endpoint: Option<u64>,
    pub(super) sid: Option<u32>,
    pub(super) host: u32,
    pub(super) conn: bool,
    /// The connection has a transport.
    pub(super) bound: bool,
    /// It had one once.
    pub(super) was_bound: bool,
}

/// Where a flow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The connection of before is stopped.
    Halt,
    Prepare,
    /// A socket connects, or an endpoint.
    Dial,
    EpPoll,
    Session,
    Conn,
    Bind,
    Login,
    Params,
    Start,
    /// The adapter logs in.
    Adapter,
    Up,
    LogOut,
    Undo,
    /// The kernel keeps the session without a connection.
    Lost,
    Done,
}

/// How a flow ends.
#[derive(Debug)]
pub(super) enum End {
    /// It failed. A session that was there before stays.
    Fail(Failure),
    /// It was asked to.
    Finish,
}

/// One login and its session.
#[derive(Debug)]
pub struct Flow {
    pub(super) attempt: Attempt,
    pub(super) stage: Stage,
    pub(super) made: Made,
    /// The request whose answer is waited for.
    pub(super) pending: Option<Uevent>,
    pub(super) number: u32,
    pub(super) out: VecDeque<Action>,
    /// Requests of a stage that has several.
    pub(super) queue: VecDeque<Request>,
    pub(super) carrier: Option<Carrier>,
    pub(super) agreed: Option<Box<LoggedIn>>,
    pub(super) portal: SocketAddr,
    pub(super) redirected: Option<Redirected>,
    /// The host was told what it has to know.
    pub(super) prepared: bool,
    /// The target refused the list of CHAP algorithms: it gets the one that everybody has.
    pub(super) md5_alone: bool,
    /// The adapter said that it is in before the start was answered.
    pub(super) let_in: bool,
    /// The parameter that is being set.
    pub(super) setting: Option<IscsiParam>,
    pub(super) unset: Vec<IscsiParam>,
    pub(super) left: Vec<(Uevent, Errno)>,
    pub(super) deadline: Option<Instant>,
    /// When an endpoint is looked at again.
    pub(super) look: Option<Instant>,
    pub(super) end: Option<End>,
    /// Number of the question whose answer only the way back waits for, and until when.
    pub(super) last: Option<(u32, Instant)>,
}

impl Flow {
    /// Begins an attempt.
    #[must_use]
    pub fn new(attempt: Attempt, now: Instant) -> Self {
        let mut flow = Self::idle(attempt);
        match flow.attempt.rebind {
            Some(_) => flow.halt(),
            None => flow.prepare(),
        }
        flow.go(now);
        flow
    }

    /// A session that somebody made and that is up: nothing is done until something is heard or wanted.
    #[must_use]
    pub fn adopted(attempt: Attempt) -> Self {
        let mut flow = Self::idle(attempt);
        flow.stage = Stage::Up;
        flow
    }

    fn idle(attempt: Attempt) -> Self {
        let made = attempt.rebind.map_or_else(Made::default, |there| Made {
            endpoint: there.endpoint,
            sid: Some(there.sid),
            host: there.host,
            conn: true,
            bound: true,
            was_bound: true,
            socket: false,
        });
        Self {
            stage: Stage::Halt,
            made,
            pending: None,
            number: 0,
            out: VecDeque::new(),
            queue: VecDeque::new(),
            carrier: None,
            agreed: None,
            portal: attempt.portal,
            redirected: None,
            prepared: false,
            md5_alone: false,
            let_in: false,
            setting: None,
            unset: Vec::new(),
            left: Vec::new(),
            deadline: None,
            look: None,
            end: None,
            last: None,
            attempt,
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Action> {
        self.out.pop_front()
    }

    /// The number that its requests name the transport by.
    #[must_use]
    pub const fn handle(&self) -> u64 {
        self.attempt.link.handle
    }

    /// The kernel's session, while there is one.
    #[must_use]
    pub const fn sid(&self) -> Option<u32> {
        self.made.sid
    }

    /// Its endpoint, while there is one.
    #[must_use]
    pub const fn endpoint(&self) -> Option<u64> {
        self.made.endpoint
    }

    /// Whether nothing is left to do or to wait for, for ever.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Whether the session is up.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up)
    }

    /// What the flow is about now.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self.stage {
            Stage::Halt | Stage::Prepare => Step::Prepare,
            Stage::Dial | Stage::EpPoll => Step::Connect,
            Stage::Session => Step::Session,
            Stage::Conn => Step::Connection,
            Stage::Bind => Step::Bind,
            Stage::Login | Stage::Adapter => Step::Login,
            Stage::Params => Step::Parameters,
            Stage::Start => Step::Start,
            Stage::Up | Stage::Lost => Step::Up,
            Stage::LogOut | Stage::Undo | Stage::Done => Step::Logout,
        }
    }

    /// The kernel answered.
    pub fn replied(&mut self, now: Instant, number: u32, result: Result<Return, Errno>) {
        let awaited = self.pending.filter(|_| number == self.number);
        let Some(kind) = awaited else {
            return;
        };
        self.pending = None;
        self.note(kind, result);
        match self.stage {
            Stage::Halt | Stage::Undo => self.undone(kind, result),
            _ if self.end.is_some() => {}
            _ => self.done(now, kind, result),
        }
        self.go(now);
    }

    /// The kernel's answer was lost, with other messages of its.
    pub fn answer_lost(&mut self, now: Instant, number: u32) {
        if self.pending.is_none() || number != self.number {
            return;
        }
        self.pending = None;
        match self.stage {
            Stage::Halt | Stage::Undo => {}
            _ => self.fail(Failure::AnswerLost(self.step())),
        }
        self.go(now);
    }

    /// The socket is connected, or not.
    pub fn connected(&mut self, now: Instant, result: Result<(), LinkLoss>) {
        if self.stage != Stage::Dial || self.made.socket {
            return;
        }
        match result {
            Ok(()) => {
                self.made.socket = true;
                self.reached();
            }
            Err(why) => {
                self.fail(Failure::Transport {
                    step: Step::Connect,
                    why: Unreached::Link(why),
                });
            }
        }
        self.go(now);
    }

    /// Breaks off. What was made goes again; a session that was there before stays. A session that is up is ended.
    pub fn abort(&mut self, now: Instant) {
        match self.stage {
            Stage::Up | Stage::LogOut => self.finish(now),
            Stage::Undo | Stage::Lost | Stage::Done => {}
            _ => {
                self.fail(Failure::Aborted);
                self.go(now);
            }
        }
    }

    /// Logs out, as far as somebody can, and removes connection and session.
    pub fn finish(&mut self, now: Instant) {
        match self.stage {
            Stage::Done | Stage::Undo | Stage::LogOut => return,
            Stage::Up => self.log_out(now),
            _ => self.end = Some(End::Finish),
        }
        self.go(now);
    }

    pub(super) fn ask(&mut self, request: Request) {
        self.ask_with(request, false);
    }

    pub(super) fn ask_with(&mut self, request: Request, socket: bool) {
        self.number = self.number.wrapping_add(1);
        self.pending = Some(request.kind());
        self.setting = match &request {
            Request::SetParam { attr, .. } => Some(attr.param),
            _ => None,
        };
        self.out.push_back(Action::Ask {
            number: self.number,
            request,
            socket,
        });
    }

    pub(super) fn tell(&mut self, event: FlowEvent) {
        self.out.push_back(Action::Tell(event));
    }

    /// The first reason counts.
    pub(super) fn fail(&mut self, why: Failure) {
        if self.end.is_none() && self.stage != Stage::Undo {
            self.end = Some(End::Fail(why));
        }
    }

    /// Goes on until something is waited for.
    pub(super) fn go(&mut self, now: Instant) {
        loop {
            if self.pending.is_some() {
                self.bound_answer(now);
                return;
            }
            if self.end.is_some() && !matches!(self.stage, Stage::Undo | Stage::Done) {
                self.undo();
            }
            if let Some(request) = self.queue.pop_front() {
                self.ask(request);
            } else if !self.advance(now) {
                return;
            }
        }
    }

    /// An answer that only the way back waits for has an end of its own.
    fn bound_answer(&mut self, now: Instant) {
        let counted = self.last.is_some_and(|(number, _)| number == self.number);
        if self.end.is_some() && !counted {
            self.last = Some((self.number, now + LAST_ANSWER));
        }
    }
}
