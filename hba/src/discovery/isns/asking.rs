//! The targets that an initiator may see, by an iSNS server.
//!
//! Owns the roads to an answer: one question; a registration for the time of it, where the server answers registered nodes only; target
//! by target, where its one answer cannot be read. Must not know how any of it looks on the wire.

use std::net::SocketAddr;

use iscsi::IscsiName;
use iscsi::address::{Host, TargetAddress};
use iscsi::isns::{
    Answer, Done, Failure, FrameError, NodeType, RegisteredAs, Registration, Request, Status as IsnsStatus,
};

use super::failure::of_request;
use super::link::{Came, Link};
use super::{Found, LeftOut, Told};
use crate::deadline::Deadline;
use crate::error::{Result, Status};
use crate::ids::why_not;
use crate::message::Message;

/// Asks the server for the targets that `initiator` may see. Every wait ends at the deadline.
///
/// A server that answers registered nodes only gets the initiator registered for the time of the question. Nothing is left there.
///
/// # Errors
/// Who was asked and what answered: [`Status::IsnsUnavailable`], [`Status::IsnsVersion`], [`Status::IsnsQuery`] (with
/// [`crate::Kind::Permission`] where the server does not admit the initiator), [`Status::IsnsRegistration`]; [`crate::Kind::Interrupted`].
pub fn query(server: SocketAddr, initiator: &IscsiName, deadline: Deadline) -> Result<Told> {
    let asking = Asking {
        server,
        initiator,
        tried: format!("ask the iSNS server {server} for targets"),
        deadline,
    };
    let mut remarks = Vec::new();
    let mut link = asking.connect()?;
    let said = match asking.all(&mut link)? {
        Said::Failed(Failure::Refused { status, .. }) if status.wants_registration() => {
            asking.registered(&mut link, &mut remarks)?
        }
        said => said,
    };
    let answer = match said {
        Said::Targets(answer) => Ok(answer),
        Said::Failed(why) => Err(why),
        Said::NotAtOnce(why) => {
            if matches!(why, Failure::Frame(_)) {
                link = asking.connect()?;
            }
            remarks.push(Message::from(format!(
                "the server cannot tell all targets at once ({why}): it was asked target by target"
            )));
            asking.targets(&mut link, Request::Walk)?
        }
    };
    match answer {
        Ok(answer) => Ok(told(answer, remarks)),
        Err(why) => Err(of_request(&asking.tried, Status::IsnsQuery, why)),
    }
}

/// What the question for all targets came to.
enum Said {
    Targets(Answer),
    /// It may work target by target.
    NotAtOnce(Failure),
    Failed(Failure),
}

impl From<Failure> for Said {
    fn from(why: Failure) -> Self {
        match why {
            // The first bytes are no iSNS of ours.
            Failure::Frame(FrameError::Version(_)) => Self::Failed(why),
            Failure::Frame(_) => Self::NotAtOnce(why),
            Failure::Refused {
                // Open-iSNS calls it an internal error when an answer is too long for it.
                status:
                    IsnsStatus::INVALID_QUERY
                    | IsnsStatus::NOT_SUPPORTED
                    | IsnsStatus::MESSAGE_FORMAT
                    | IsnsStatus::INTERNAL_ERROR,
                ..
            } => Self::NotAtOnce(why),
            _ => Self::Failed(why),
        }
    }
}

/// What all roads need.
struct Asking<'a> {
    server: SocketAddr,
    initiator: &'a IscsiName,
    tried: String,
    deadline: Deadline,
}

type Answered = std::result::Result<Answer, Failure>;

impl Asking<'_> {
    fn connect(&self) -> Result<Link> {
        Link::connect(self.server, self.initiator, &self.tried, self.deadline)
    }

    /// One question. A server that writes a wrong length into a long answer may hit the end of an attribute with it, and the answer looks
    /// whole: a second, short question makes sure that nothing follows it.
    fn all(&self, link: &mut Link) -> Result<Said> {
        let answer = match self.targets(link, Request::Targets)? {
            Ok(answer) => answer,
            Err(why) => return Ok(why.into()),
        };
        Ok(match link.ask(Request::Refresh, &self.tried, self.deadline)? {
            Came::Failed(why @ Failure::Frame(_)) => Said::NotAtOnce(why),
            _ => Said::Targets(answer),
        })
    }

    fn targets(&self, link: &mut Link, request: Request) -> Result<Answered> {
        Ok(match link.ask(request, &self.tried, self.deadline)? {
            Came::Done(Done::Targets(answer)) => Ok(answer),
            Came::Done(_) => Ok(Answer::default()),
            Came::Failed(why) => Err(why),
        })
    }

    /// The same question by a node that is registered for the time of it.
    fn registered(&self, link: &mut Link, remarks: &mut Vec<Message>) -> Result<Said> {
        let registration = Registration {
            entity: None,
            kind: NodeType::INITIATOR,
            alias: None,
            period: None,
            portals: Vec::new(),
        };
        let deadline = self.deadline.with_clean_up();
        let registered = match link.ask(Request::Register(registration), &self.tried, deadline)? {
            Came::Done(Done::Registered(registered)) => registered,
            Came::Done(_) => RegisteredAs::default(),
            Came::Failed(why) => return Err(of_request(&self.tried, Status::IsnsRegistration, why)),
        };
        let asked = Self {
            tried: self.tried.clone(),
            deadline,
            ..*self
        };
        let said = asked.all(link);
        let request = Request::Deregister {
            entity: registered.entity,
        };
        let ended = link.ask(request, &self.tried, deadline.for_clean_up());
        if !matches!(ended, Ok(Came::Done(_))) {
            remarks.push(Message::from(
                "the initiator had to be registered at the server for the question, and could not be taken out again: it stays there until its registration period is over",
            ));
        }
        said
    }
}

/// What of an answer can be used.
fn told(answer: Answer, remarks: Vec<Message>) -> Told {
    let mut told = Told {
        beyond: answer.more.targets,
        not_kept: answer.more.portals.saturating_add(answer.more.left_out),
        remarks,
        ..Told::default()
    };
    told.left_out
        .extend(answer.left_out.into_iter().map(|left| LeftOut {
            target: left.target,
            portal: None,
            why: left.why.to_string(),
        }));
    for target in answer.targets {
        for portal in target.portals {
            let at = TargetAddress {
                host: Host::Ip(portal.at.ip()),
                port: portal.at.port(),
                tag: portal.tag,
            };
            match why_not(portal.at.ip()) {
                None => told.found.push(Found {
                    target: target.name.clone(),
                    at,
                    alias: target.alias.clone(),
                }),
                Some(why) => told.left_out.push(LeftOut {
                    target: target.name.as_str().to_owned(),
                    portal: Some(at),
                    why: why.to_owned(),
                }),
            }
        }
    }
    told
}
