//! All flows over one netlink socket.
//!
//! Owns whose turn it is to ask, whose an answer and an event are. Answers of the kernel carry no number of ours: one question is under way at a
//! time, and its answer is known by kind and subject. Must not know sockets nor clocks. Source: `scsi_transport_iscsi.c`, `iscsi_if_rx` (a request
//! runs while it is sent, its answer is the request's own body), `iscsi_multicast_skb`.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driver_sys::netlink::code::Uevent;
use driver_sys::netlink::{Event, Message, Reply, Request};
use iscsi::LinkLoss;
use zeroize::Zeroizing;

use super::attempt::{Attempt, AttemptId};
use super::event::FlowEvent;
use super::machine::{Action, Flow};

/// How long the kernel may take for one answer.
const ANSWER: Duration = Duration::from_secs(60);
/// How long it may take once messages were lost: what is not there by then was among them.
const ANSWER_AFTER_LOSS: Duration = Duration::from_secs(2);
/// Where a message's union `u` begins, which an answer brings back, and how much of it tells the subject.
const SUBJECT: std::ops::Range<usize> = 32..40;

/// A request of a flow.
#[derive(Debug)]
pub struct Question {
    /// Whose.
    pub flow: AttemptId,
    /// The transport's number.
    pub handle: u64,
    /// What.
    pub request: Request,
    /// Whether the flow's socket belongs to it: its number is to stand in for the endpoint.
    pub socket: bool,
    number: u32,
}

/// What is to be done outside.
#[derive(Debug)]
pub enum Effect {
    /// Send this; the answer comes to [`Courier::message`].
    Ask(Question),
    /// Connect a socket for a flow; see [`Courier::connected`].
    Dial {
        /// Whose.
        flow: AttemptId,
        /// Where to.
        to: SocketAddr,
    },
    /// Close the flow's socket.
    HangUp(AttemptId),
    /// Something became of a flow.
    Tell(AttemptId, FlowEvent),
    /// An event that is no flow's: of hosts, and of sessions of others.
    Other(Event),
    /// Messages were lost: look at the sessions, and say what is seen ([`Courier::seen`]).
    Resync,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events of sessions that are no flow's.
    pub strangers: u64,
    /// Answers that nobody waited for.
    pub unasked: u64,
    /// Messages that could not be read.
    pub malformed: u64,
    /// Times that messages were lost.
    pub overruns: u64,
}

/// The question that is under way.
struct Asked {
    flow: AttemptId,
    number: u32,
    kind: Uevent,
    handle: u64,
    subject: [u8; 8],
    until: Instant,
}

/// All flows.
#[derive(Default)]
pub struct Courier {
    flows: BTreeMap<AttemptId, Flow>,
    by_sid: BTreeMap<u32, AttemptId>,
    questions: VecDeque<Question>,
    asked: Option<Asked>,
    out: VecDeque<Effect>,
    counts: Counts,
}

impl Courier {
    /// Without flows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins an attempt. One that brings a session back takes the place of the flow that lost it.
    pub fn begin(&mut self, now: Instant, mut attempt: Attempt) {
        let id = attempt.id;
        if let Some(there) = attempt.rebind.as_mut()
            && let Some(old) = self.by_sid.remove(&there.sid)
            && let Some(flow) = self.flows.remove(&old)
        {
            there.endpoint = there.endpoint.or(flow.endpoint());
        }
        self.flows.insert(id, Flow::new(attempt, now));
        self.settle(id);
    }

    /// Takes a session over that is up.
    pub fn adopt(&mut self, attempt: Attempt) {
        let id = attempt.id;
        self.flows.insert(id, Flow::adopted(attempt));
        self.settle(id);
    }

    /// Breaks an attempt off; see [`Flow::abort`].
    pub fn abort(&mut self, now: Instant, id: AttemptId) {
        self.with(id, |flow| flow.abort(now));
    }

    /// Ends the session of a flow; see [`Flow::finish`].
    pub fn finish(&mut self, now: Instant, id: AttemptId) {
        self.with(id, |flow| flow.finish(now));
    }

    /// The next thing to do.
    pub fn poll(&mut self, now: Instant) -> Option<Effect> {
        if let Some(effect) = self.out.pop_front() {
            return Some(effect);
        }
        if self.asked.is_some() {
            return None;
        }
        let question = self.questions.pop_front()?;
        self.asked = Some(Asked {
            flow: question.flow,
            number: question.number,
            kind: question.request.kind(),
            handle: question.handle,
            subject: subject(&Zeroizing::new(question.request.encode(question.handle, 0))),
            until: now + ANSWER,
        });
        Some(Effect::Ask(question))
    }

    /// A message of the kernel.
    pub fn message(&mut self, now: Instant, packet: &[u8]) {
        match Message::decode(packet) {
            Ok(Message::Reply(reply)) => self.reply(now, &reply, subject(packet)),
            Ok(Message::Event(_, event)) => self.event(now, event),
            Err(_) => self.counts.malformed += 1,
        }
    }

    fn reply(&mut self, now: Instant, reply: &Reply, subject: [u8; 8]) {
        let fits = |asked: &mut Asked| {
            let handle = reply.header.transport_handle();
            (asked.kind, asked.handle, asked.subject) == (reply.kind, handle, subject)
        };
        match self.asked.take_if(fits) {
            Some(asked) => self.with(asked.flow, |flow| flow.replied(now, asked.number, reply.result())),
            None => self.counts.unasked += 1,
        }
    }

    fn event(&mut self, now: Instant, event: Event) {
        let sid = match event {
            Event::RecvPdu { sid, .. }
            | Event::ConnError { sid, .. }
            | Event::ConnLoginState { sid, .. }
            | Event::SessionDestroyed { sid, .. } => sid,
            other => return self.out.push_back(Effect::Other(other)),
        };
        match self.by_sid.get(&sid) {
            Some(&id) => self.with(id, |flow| flow.heard(now, &event)),
            None => {
                self.counts.strangers += 1;
                self.out.push_back(Effect::Other(event));
            }
        }
    }

    /// A flow's socket is connected, or not.
    pub fn connected(&mut self, now: Instant, id: AttemptId, result: Result<(), LinkLoss>) {
        self.with(id, |flow| flow.connected(now, result));
    }

    /// Messages of the kernel were lost.
    pub fn overrun(&mut self, now: Instant) {
        self.counts.overruns += 1;
        if let Some(asked) = self.asked.as_mut() {
            asked.until = asked.until.min(now + ANSWER_AFTER_LOSS);
        }
        self.out.push_back(Effect::Resync);
    }

    /// What a look at a session showed after a loss: whether it is there, and whether it is logged in.
    pub fn seen(&mut self, now: Instant, sid: u32, there: bool, logged_in: bool) {
        let Some(&id) = self.by_sid.get(&sid) else {
            return;
        };
        if !there {
            let destroyed = Event::SessionDestroyed { host_no: 0, sid };
            self.with(id, |flow| flow.heard(now, &destroyed));
        } else if !logged_in {
            self.with(id, |flow| flow.seen_lost(now));
        }
    }

    /// The sessions of all flows.
    pub fn sids(&self) -> impl Iterator<Item = u32> + '_ {
        self.by_sid.keys().copied()
    }

    /// How many flows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// What was counted.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// When [`Courier::handle_timeout`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let asked = self.asked.as_ref().map(|asked| asked.until);
        self.flows
            .values()
            .filter_map(Flow::poll_timeout)
            .chain(asked)
            .min()
    }

    /// It is later.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(asked) = self.asked.take_if(|asked| asked.until <= now) {
            self.with(asked.flow, |flow| flow.answer_lost(now, asked.number));
        }
        let due = |flow: &Flow| flow.poll_timeout().is_some_and(|at| at <= now);
        let due: Vec<AttemptId> = self
            .flows
            .iter()
            .filter(|(_, flow)| due(flow))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.with(id, |flow| flow.handle_timeout(now));
        }
    }

    fn with(&mut self, id: AttemptId, tell: impl FnOnce(&mut Flow)) {
        if let Some(flow) = self.flows.get_mut(&id) {
            tell(flow);
            self.settle(id);
        }
    }

    /// Takes what a flow wants, and keeps in mind which session is its.
    fn settle(&mut self, id: AttemptId) {
        let Some(flow) = self.flows.get_mut(&id) else {
            return;
        };
        let handle = flow.handle();
        while let Some(action) = flow.poll() {
            match action {
                Action::Ask {
                    number,
                    request,
                    socket,
                } => self.questions.push_back(Question {
                    flow: id,
                    handle,
                    request,
                    socket,
                    number,
                }),
                Action::Dial(to) => self.out.push_back(Effect::Dial { flow: id, to }),
                Action::HangUp => self.out.push_back(Effect::HangUp(id)),
                Action::Tell(event) => self.out.push_back(Effect::Tell(id, event)),
            }
        }
        let (sid, done) = (flow.sid(), flow.is_done());
        self.by_sid.retain(|of, owner| *owner != id || Some(*of) == sid);
        if done {
            self.flows.remove(&id);
            self.by_sid.retain(|_, owner| *owner != id);
        } else if let Some(sid) = sid {
            self.by_sid.insert(sid, id);
        }
    }
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier")
            .field("flows", &self.flows.len())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// What a message is about; all zero of one that is too short for it.
fn subject(packet: &[u8]) -> [u8; 8] {
    let bytes = packet.get(SUBJECT).and_then(|bytes| bytes.try_into().ok());
    bytes.unwrap_or_default()
}
