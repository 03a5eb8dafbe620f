//! The client itself: one request on the wire at a time.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    failure::Failure,
    operation::{Event, Operation, Request, Send, Step, Ticket},
};
use crate::{
    IscsiName,
    isns::{
        answer::Limits,
        function::Function,
        header::{Flags, MAX_PAYLOAD},
        message::Message,
        notice::hear,
        receive::{MESSAGE_LIMIT, Receiver},
    },
};

/// Requests that may wait.
const WAITING: usize = 16;
/// What is kept for a server that does not take what it asked for.
const UNSENT: usize = 1 << 20;

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// The node that asks.
    pub source: IscsiName,
    /// How long each answer may take.
    pub answer_within: Duration,
    /// How much of an answer is kept.
    pub limits: Limits,
    /// The longest message that is taken.
    pub message_limit: usize,
    /// The longest payload of a PDU of this side.
    pub payload: usize,
    /// The first transaction id; it should differ from run to run, so that an answer to an earlier one is none to this.
    pub first_xid: u16,
}

impl Config {
    /// The usual limits.
    #[must_use]
    pub fn new(source: IscsiName, answer_within: Duration, first_xid: u16) -> Self {
        Self {
            source,
            answer_within,
            limits: Limits::default(),
            message_limit: MESSAGE_LIMIT,
            payload: MAX_PAYLOAD,
            first_xid,
        }
    }
}

/// A request on the wire.
#[derive(Debug)]
struct Running {
    ticket: Ticket,
    operation: Operation,
    function: Function,
    xid: u16,
    until: Instant,
    strays: u32,
}

/// A client of one connection.
#[derive(Debug)]
pub struct Client {
    config: Config,
    receiver: Receiver,
    output: Vec<u8>,
    xid: u16,
    tickets: u64,
    waiting: VecDeque<(Ticket, Request)>,
    running: Option<Running>,
    events: VecDeque<Event>,
    /// Why nothing more will come.
    over: Option<Failure>,
}

impl Client {
    /// A client of a connection that was just made.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            receiver: Receiver::new(config.message_limit),
            xid: config.first_xid,
            config,
            output: Vec::new(),
            tickets: 0,
            waiting: VecDeque::new(),
            running: None,
            events: VecDeque::new(),
            over: None,
        }
    }

    /// Takes a request. What comes of it is an [`Event::Ended`] of its ticket.
    pub fn submit(&mut self, now: Instant, request: Request) -> Ticket {
        let ticket = Ticket(self.tickets);
        self.tickets = self.tickets.wrapping_add(1);
        if let Some(why) = self.over {
            self.events.push_back(Event::Ended(ticket, Err(why)));
        } else if self.waiting.len() >= WAITING {
            self.events.push_back(Event::Ended(ticket, Err(Failure::Full)));
        } else {
            self.waiting.push_back((ticket, request));
            self.go_on(now);
        }
        ticket
    }

    /// What is to be sent.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So many bytes of it were sent.
    pub fn sent(&mut self, count: usize) {
        self.output.drain(..count.min(self.output.len()));
    }

    /// Takes what came.
    pub fn handle_input(&mut self, now: Instant, bytes: &[u8]) {
        if self.over.is_some() {
            return;
        }
        self.receiver.feed(bytes);
        loop {
            match self.receiver.poll() {
                Ok(Some(message)) => self.take(now, &message),
                Ok(None) => return,
                Err(why) => return self.end(Failure::Frame(why)),
            }
            if self.over.is_some() {
                return;
            }
        }
    }

    /// Nothing more will come.
    pub fn closed(&mut self) {
        self.end(Failure::Closed);
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// What came about; ask until there is nothing.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Client::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.running.as_ref().map(|running| running.until)
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(late) = self.running.take_if(|running| running.until <= now) {
            let why = Failure::NoAnswer {
                function: late.function,
                strays: late.strays,
            };
            self.events.push_back(Event::Ended(late.ticket, Err(why)));
            self.go_on(now);
        }
    }

    fn take(&mut self, now: Instant, message: &Message) {
        if !message.function.is_response() {
            let (notice, answer) = hear(message, &self.config.source);
            self.events.extend(notice.map(Event::Notice));
            if let Some(answer) = answer {
                self.put(&answer);
            }
            return;
        }
        let Some(mut running) = self.running.take() else {
            return;
        };
        if message.xid != running.xid {
            // A late answer to a request that was given up, or a server that makes numbers up.
            running.strays = running.strays.saturating_add(1);
            self.running = Some(running);
            return;
        }
        let step = if message.function == running.function.response() {
            running.operation.answered(&self.config.source, message)
        } else {
            Step::End(Err(Failure::WrongAnswer {
                function: running.function,
                got: message.function,
            }))
        };
        match step {
            Step::Send(send) => self.send(now, running.ticket, running.operation, send),
            Step::End(result) => {
                self.events.push_back(Event::Ended(running.ticket, result));
                self.go_on(now);
            }
        }
    }

    fn go_on(&mut self, now: Instant) {
        while self.running.is_none()
            && let Some((ticket, request)) = self.waiting.pop_front()
        {
            let operation = Operation::new(request, self.config.limits);
            let send = operation.begin(&self.config.source);
            self.send(now, ticket, operation, send);
        }
    }

    fn send(&mut self, now: Instant, ticket: Ticket, operation: Operation, send: Send) {
        let xid = self.xid;
        self.xid = self.xid.wrapping_add(1);
        let mut message = Message::request(send.function, xid, send.body);
        message.flags.set(Flags::REPLACE, send.replace);
        if let Err(why) = message.encode(self.config.payload, &mut self.output) {
            self.events.push_back(Event::Ended(ticket, Err(why.into())));
            return;
        }
        self.running = Some(Running {
            ticket,
            operation,
            function: send.function,
            xid,
            until: now.checked_add(self.config.answer_within).unwrap_or(now),
            strays: 0,
        });
    }

    /// An answer to the server, unless it takes none.
    fn put(&mut self, answer: &Message) {
        if self.output.len() > UNSENT || answer.encode(self.config.payload, &mut self.output).is_err() {
            self.end(Failure::Closed);
        }
    }

    fn end(&mut self, why: Failure) {
        if self.over.is_some() {
            return;
        }
        self.over = Some(why);
        self.output = Vec::new();
        let running = self.running.take().map(|running| running.ticket);
        let waiting = self.waiting.drain(..).map(|(ticket, _)| ticket);
        let ended = running.into_iter().chain(waiting);
        self.events
            .extend(ended.map(|ticket| Event::Ended(ticket, Err(why))));
    }
}
