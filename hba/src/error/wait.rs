//! Failures of waiting: the time was up, somebody ended it, or nobody knows what came of it.
//!
//! Owns how they are told apart. Must not know what was waited for.

use std::fmt;

use super::{Error, Kind};
use crate::message::Message;
use crate::step::Step;

/// How the answer of a timeout begins.
const NO_ANSWER: &str = "no answer in time; ";

impl Error {
    /// A wait that ended without an answer: says what was waited for.
    pub fn timeout(tried: impl Into<String>, waited_for: impl fmt::Display) -> Self {
        Self::new(Kind::Timeout, tried)
            .answered(format!("{NO_ANSWER}waited for {waited_for}"))
            .hint(
                Message::from("try again with a longer ")
                    .then(Step::WithMoreTime)
                    .then(", or look at the adapter with ")
                    .then(Step::Event),
            )
    }

    /// The same failure of something that was sent and may have been done, or may still be done; `look` shows it.
    /// What is a refusal stays one.
    #[must_use]
    pub fn in_doubt(self, look: Step) -> Self {
        match self.0.kind {
            Kind::Timeout | Kind::Failed | Kind::Interrupted | Kind::Unknown => self
                .with_kind(Kind::Unknown)
                .hint(Message::from("it may be done, or be done yet: ").then(look)),
            _ => self,
        }
    }

    /// The same for a wait that `who` ended: it was not the time.
    #[must_use]
    pub fn interrupted(mut self, who: &str) -> Self {
        match self.0.kind {
            Kind::Timeout => {
                let waited = self.0.answered.take().unwrap_or_default();
                let waited = waited.strip_prefix(NO_ANSWER).unwrap_or(&waited);
                self.with_kind(Kind::Interrupted)
                    .answered(format!("ended by {who}; {waited}"))
                    .hint("nothing was left half done; try again when there is time")
            }
            Kind::Unknown => {
                let answer = self.0.answered.take().unwrap_or_default();
                let answer = answer.strip_prefix(NO_ANSWER).unwrap_or(&answer);
                self.answered(format!("ended by {who}; {answer}"))
            }
            _ => self,
        }
    }
}
