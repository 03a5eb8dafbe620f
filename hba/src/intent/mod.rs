//! What a change is about to do, written down before the first step that could leave something half made, so that whoever writes to
//! the adapter next finishes it or undoes it when this process does not come to the end.
//!
//! Owns when a record is made and when it goes: it lives as long as its writer's turn (see [`crate::writer`]), so there is one a card, and
//! whoever gets the next turn and finds one knows that its writer died. Must not know how a record is kept (`record`) nor how it is
//! finished (`settle`).

mod record;
mod resume;
mod settle;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::HostNo;
use crate::message::Message;
use crate::step::Step;
use record::{Record, Store};
use settle::Settled;

pub use resume::pending;
pub(crate) use resume::resume;

/// What is about to be done, as far as somebody else needs it to finish it, undo it, or say whether it was done. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Intent {
    /// A flash target is made: an entry without a name first.
    FlashAdd {
        /// Indices that were there before.
        known: Vec<u32>,
        /// Its name; `None` for a SendTargets entry that stays.
        target: Option<String>,
        /// Its portal.
        address: IpAddr,
        /// Its port.
        port: u16,
    },
    /// A SendTargets entry is made for a discovery and removed after it.
    Discovery {
        /// Indices that were there before.
        known: Vec<u32>,
        /// The portal.
        address: IpAddr,
        /// Its port.
        port: u16,
    },
    /// Bytes of the NVRAM are changed in one message.
    Nvram {
        /// Offset, byte before, byte after.
        bytes: Vec<(usize, u8, u8)>,
    },
    /// A CHAP entry is written or removed in one message.
    Chap {
        /// Its index.
        index: u16,
        /// The user name before; `None` when there was no entry.
        before: Option<String>,
        /// The user name after; `None` when it is removed.
        after: Option<String>,
    },
    /// The initiator's name in flash is changed in one message.
    InitiatorName {
        /// The name before.
        before: String,
        /// The name after.
        after: String,
    },
    /// Interface parameters are set in one message.
    Ifaces {
        /// The interface, the parameter, its value before (when known) and after, as text.
        values: Vec<(String, String, Option<String>, String)>,
    },
}

/// The record of a context, while there is one.
#[derive(Debug, Default)]
pub(crate) struct Open {
    record: Option<Store>,
    keep: bool,
}

impl Ctx<'_> {
    /// Does `work` with `intent` on record, whose turn the caller has. The record goes with the end of the work, unless its outcome is
    /// not known or something is still to be done ([`Ctx::keep_intent`]). One that is part of a larger work is covered by that
    /// one's.
    ///
    /// # Errors
    /// The record cannot be written: nothing has been done then. What `work` fails with; work that was not heard of to the end is
    /// undone if that can be had in the time that is kept for it.
    pub(crate) fn intending<T>(
        &mut self,
        host: HostNo,
        verb: &str,
        tried: &str,
        intent: Intent,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        if self.intent.record.is_some() {
            return work(self);
        }
        // Nobody else can find a script's record.
        let Some(card) = self.backend.card(host)? else {
            return work(self);
        };
        let store = Store::new(&self.home.state, &card);
        let record = Record::new(host, verb, intent);
        store.write(&record).map_err(|e| {
            Error::io(tried, &std::io::Error::from(e.io_kind()))
                .answered(format!("what is about to be done cannot be recorded: {e}; nothing was changed"))
                .hint("make room, or make the state directory writable; an interrupted change could not be undone without")
        })?;
        self.intent = Open {
            record: Some(store),
            keep: false,
        };
        let mut done = work(self);
        if let Err(e) = &done
            && e.kind() == Kind::Unknown
            && !self.intent.keep
        {
            done = Err(self.look_after(&record, e.clone()));
        }
        let open = std::mem::take(&mut self.intent);
        let unknown = matches!(&done, Err(e) if e.kind() == Kind::Unknown);
        if let Some(store) = open.record.filter(|_| !unknown && !open.keep) {
            self.forget(&store);
        }
        done
    }

    /// Something of the work on record is still to be done: the next writer shall look after it.
    pub(crate) fn keep_intent(&mut self) {
        self.intent.keep = true;
    }

    fn forget(&mut self, store: &Store) {
        if let Err(e) = store.remove() {
            self.warn(format!(
                "the record of this change could not be removed ({e}); the next change looks at it again"
            ));
        }
    }

    /// What was not heard of to the end: undone, if it was begun and there is time; otherwise nobody knows.
    fn look_after(&mut self, record: &Record, error: Error) -> Error {
        let answer = error.answer().unwrap_or_default().to_owned();
        match self.cleaning_up(|ctx| settle::settle(ctx, record)) {
            Ok(Settled::Nothing | Settled::Undone(_)) if !record.intent.is_one_message() => error
                .with_kind(Kind::Timeout)
                .answered(format!("{answer}; what was begun was undone"))
                .hint(
                    Message::from("the adapter is as it was; try again with a longer ")
                        .then(Step::WithMoreTime),
                ),
            Ok(Settled::Done(what)) => error
                .answered(format!("{answer}; looked at afterwards: {what}"))
                .hint(Message::from("it seems to be done: ").then(record.intent.look())),
            _ => error.hint(Message::from("look at it: ").then(record.intent.look())),
        }
    }

    /// Does `work` with the time that is kept for cleaning up; nothing ends it early.
    pub(crate) fn cleaning_up<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.deadline;
        self.deadline = before.for_clean_up();
        let done = work(self);
        self.deadline = before;
        done
    }
}

impl Intent {
    /// Whether it is one message, which the adapter takes whole or not at all.
    fn is_one_message(&self) -> bool {
        !matches!(self, Self::FlashAdd { .. } | Self::Discovery { .. })
    }

    /// What shows what became of it.
    pub(crate) fn look(&self) -> Step {
        match self {
            Self::FlashAdd { .. } | Self::Discovery { .. } => Step::FlashList,
            Self::Nvram { .. } => Step::BootShow,
            Self::InitiatorName { .. } => Step::AdapterDump,
            Self::Chap { .. } => Step::ChapList,
            Self::Ifaces { .. } => Step::IfaceList,
        }
    }
}

#[cfg(test)]
mod tests;
