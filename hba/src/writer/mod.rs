//! One writer of an adapter at a time, across processes: who wants to write waits until nobody else does, with a limit, and is told
//! who it is otherwise. Readers and dry runs take nothing.
//!
//! Owns what excludes what: a card's ports share NVRAM and flash, so a [`Scope::Adapter`] is the card; a login is a matter of one
//! flash target; what is staged is one file for the whole endpoint. Whoever takes two takes them in this order: logins, adapter, stage.
//! Must not know what is written. Where the locks are is the caller's matter ([`crate::Home`]), which card it is the backend's
//! ([`crate::backend::Backend::card`]).

mod holder;
mod turn;

use std::path::PathBuf;
use std::sync::Arc;

use crate::ids::HostNo;
use files::Lock;

pub(crate) use turn::file_turn;

/// What a writer excludes others from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The card with all its ports: NVRAM, flash, CHAP table, interfaces.
    Adapter,
    /// The session of one flash target, from the first look to the end of the wait.
    Login(u32),
    /// Sessions that no flash target is known for.
    Logins,
    /// What is staged on the endpoint.
    Stage,
}

impl Scope {
    fn file(self, card: &str, host: HostNo) -> String {
        match self {
            Self::Adapter => format!("adapter-{card}"),
            Self::Login(index) => format!("login-{host}-{index}"),
            Self::Logins => format!("login-{host}"),
            Self::Stage => "stage".to_owned(),
        }
    }

    fn noun(self, host: HostNo) -> String {
        match self {
            Self::Adapter => format!("the adapter of {host}"),
            Self::Login(index) => format!("the session of flash target {index} of {host}"),
            Self::Logins => format!("the sessions of {host}"),
            Self::Stage => "what is staged".to_owned(),
        }
    }
}

/// Permission to write, until it is dropped (or the process dies). Take it before reading what the write is based on.
#[derive(Debug, Clone)]
#[must_use = "others may write as soon as this is dropped"]
pub struct Writer {
    held: Option<Arc<Held>>,
}

impl Writer {
    /// Of a dry run, which writes nothing.
    pub(crate) const fn of_nothing() -> Self {
        Self { held: None }
    }

    /// Whether anything is held: a dry run holds nothing, and must not write.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.held.is_some()
    }
}

/// A lock of this process, in its context's list.
#[derive(Debug)]
pub(crate) struct Held {
    file: PathBuf,
    _lock: Option<Lock>,
}

#[cfg(test)]
mod tests;
