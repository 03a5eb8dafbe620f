//! What a client can be asked for, and one such operation under way: request by request.
//!
//! Owns what follows upon which answer. Must not know transaction ids, nor time.

use super::{
    failure::Failure,
    query,
    register::{RegisteredAs, Registering, Registration},
    walk::Walk,
};
use crate::{
    IscsiName,
    isns::{
        answer::{Answer, Limits, Objects},
        attribute::Attributes,
        function::Function,
        message::Message,
        node::ScnBitmap,
        notice::Notice,
        status::Status,
        tag::Tag,
    },
};

/// What a client can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// All targets that the client's node may see, in one answer.
    Targets,
    /// The same, node by node: for servers that cannot tell all at once.
    Walk,
    /// Registers the client's node and what belongs to it.
    Register(Registration),
    /// Takes everything of an entity out; without one, the client's node only.
    Deregister {
        /// The entity, as the server named it.
        entity: Option<String>,
    },
    /// Asks for state change notifications.
    Subscribe(ScnBitmap),
    /// Asks for no more of them.
    Unsubscribe,
    /// A word to the server, so that the registration lasts.
    Refresh,
}

/// Names a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Something that came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request has ended.
    Ended(Ticket, Result<Done, Failure>),
    /// The server said something; it has its answer.
    Notice(Notice),
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Of [`Request::Targets`] and [`Request::Walk`].
    Targets(Answer),
    /// Of [`Request::Register`].
    Registered(RegisteredAs),
    /// Of everything else.
    Done,
}

/// A message to send, but for its transaction id.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) function: Function,
    pub(super) replace: bool,
    pub(super) body: Attributes,
}

impl Send {
    pub(super) const fn new(function: Function, body: Attributes) -> Self {
        Self {
            function,
            replace: false,
            body,
        }
    }
}

/// What follows upon an answer.
#[derive(Debug)]
pub(super) enum Step {
    Send(Send),
    End(Result<Done, Failure>),
}

/// An operation under way.
#[derive(Debug)]
pub(super) enum Operation {
    Targets(Limits),
    Walk(Box<Walk>),
    Register(Box<Registering>),
    /// One request whose answer says yes or no.
    Plain(Request),
}

impl Operation {
    pub(super) fn new(request: Request, limits: Limits) -> Self {
        match request {
            Request::Targets => Self::Targets(limits),
            Request::Walk => Self::Walk(Box::new(Walk::new(limits))),
            Request::Register(registration) => Self::Register(Box::new(Registering::new(registration))),
            plain => Self::Plain(plain),
        }
    }

    /// The first message.
    pub(super) fn begin(&self, source: &IscsiName) -> Send {
        match self {
            Self::Targets(_) => query::of_all(source),
            Self::Walk(walk) => walk.begin(source),
            Self::Register(registering) => registering.message(source),
            Self::Plain(request) => plain(source, request),
        }
    }

    /// What follows upon the answer to the last message.
    pub(super) fn answered(&mut self, source: &IscsiName, answer: &Message) -> Step {
        match self {
            Self::Targets(limits) => Step::End(targets(*limits, answer)),
            Self::Walk(walk) => walk.answered(source, answer),
            Self::Register(registering) => registering.answered(source, answer),
            Self::Plain(_) => Step::End(accepted(answer).map(|()| Done::Done)),
        }
    }
}

/// The status of an answer, where it is not success, as a failure.
pub(super) fn accepted(answer: &Message) -> Result<(), Failure> {
    match answer.status {
        Some(status) if !status.is_success() => Err(Failure::Refused {
            function: answer.function.request(),
            status,
        }),
        _ => Ok(()),
    }
}

fn targets(limits: Limits, answer: &Message) -> Result<Done, Failure> {
    // Nothing to see is an answer, whatever some servers call it.
    if answer.status != Some(Status::NO_SUCH_ENTRY) {
        accepted(answer)?;
    }
    let mut objects = Objects::new(limits);
    if answer.status == Some(Status::SUCCESS) {
        objects.take(answer.operating());
    }
    Ok(Done::Targets(objects.finish()))
}

fn plain(source: &IscsiName, request: &Request) -> Send {
    let name = source.as_str();
    let mut body = Attributes::new();
    body.text(Tag::ISCSI_NAME, name);
    let function = match request {
        Request::Deregister { entity } => {
            body.delimiter();
            match entity {
                Some(entity) => body.text(Tag::ENTITY_ID, entity),
                None => body.text(Tag::ISCSI_NAME, name),
            };
            Function::DEV_DEREG
        }
        Request::Subscribe(bitmap) => {
            body.text(Tag::ISCSI_NAME, name).delimiter();
            body.number(Tag::SCN_BITMAP, bitmap.bits());
            Function::SCN_REG
        }
        Request::Unsubscribe => {
            body.text(Tag::ISCSI_NAME, name).delimiter();
            Function::SCN_DEREG
        }
        _ => {
            body.text(Tag::ISCSI_NAME, name).delimiter().ask(Tag::NODE_TYPE);
            Function::DEV_ATTR_QRY
        }
    };
    Send::new(function, body)
}
