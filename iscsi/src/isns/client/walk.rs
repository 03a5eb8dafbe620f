//! Targets node by node.
//!
//! Open-iSNS cuts the length of a PDU to 16 bits and sends a message in one PDU only: with some hundred targets its answer to one
//! question cannot be read. Owns the turns of name and node, and that a walk ends. Source: RFC 4171 section 5.6.5.3.

use std::collections::HashSet;

use super::{
    failure::Failure,
    operation::{Done, Send, Step, accepted},
    query,
};
use crate::{
    IscsiName,
    isns::{
        answer::{Limits, Objects},
        function::Function,
        message::Message,
        status::Status,
        tag::Tag,
    },
    names,
};

/// A walk under way.
#[derive(Debug)]
pub(super) struct Walk {
    objects: Objects,
    /// Names that were come to; one that comes again would never end.
    seen: HashSet<String>,
    /// The name that was come to last.
    at: Option<String>,
    most: usize,
}

impl Walk {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            objects: Objects::new(limits),
            seen: HashSet::new(),
            at: None,
            // Nodes that are no targets are passed on the way, too.
            most: limits.targets.saturating_mul(2),
        }
    }

    pub(super) fn begin(&self, source: &IscsiName) -> Send {
        query::next(source, self.at.as_deref())
    }

    pub(super) fn answered(&mut self, source: &IscsiName, answer: &Message) -> Step {
        match self.take(source, answer) {
            Ok(Some(send)) => Step::Send(send),
            Ok(None) => {
                let done = std::mem::replace(&mut self.objects, Objects::new(Limits::default()));
                Step::End(Ok(Done::Targets(done.finish())))
            }
            Err(why) => Step::End(Err(why)),
        }
    }

    fn take(&mut self, source: &IscsiName, answer: &Message) -> Result<Option<Send>, Failure> {
        let over = answer.status == Some(Status::NO_SUCH_ENTRY);
        if !over {
            accepted(answer)?;
        }
        let function = answer.function.request();
        if function == Function::DEV_ATTR_QRY {
            // A node that was taken out meanwhile is no loss.
            if !over {
                self.objects.take(answer.operating());
            }
            return Ok(Some(self.begin(source)));
        }
        if over {
            return Ok(None);
        }
        let tag = Tag::ISCSI_NAME;
        let name = answer.before_delimiter().find(|a| a.tag == tag);
        let name = name
            .and_then(|name| name.text().ok())
            .filter(|name| !name.is_empty())
            .ok_or(Failure::Misses { function, tag })?;
        if !self.seen.insert(names::key(name)) {
            return Err(Failure::Endless);
        }
        if self.objects.is_full() || self.seen.len() > self.most {
            self.objects.leave_the_rest();
            return Ok(None);
        }
        self.at = Some(name.to_owned());
        Ok(Some(query::of_one(source, name)))
    }
}
