//! One writer of an adapter at a time, across processes: who wants to write waits until nobody else does, with a limit, and is told
//! who it is otherwise. Readers and dry runs take nothing.
//!
//! Owns what excludes what: a card's ports share NVRAM and flash, so a [`Scope::Adapter`] is the card; a login is a matter of one
//! flash target; what is staged is one file for the whole endpoint. Whoever takes two takes them in this order: logins, adapter, stage.
//! Must not know what is written. Where the locks are is the backend's matter ([`crate::backend::Backend::writers`]).

mod holder;

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::HostNo;
use files::{Dir, Lock, Why};
use holder::Holder;

/// The first pause before the next attempt; it doubles up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(40);
/// A wait that is told.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Where the writers of an endpoint exclude each other, and by what name a card is known there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The directory of the locks; made when it is missing.
    pub dir: PathBuf,
    /// The card behind a host: the same for all of its ports.
    pub card: String,
}

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
    fn file(self, room: &Room, host: HostNo) -> String {
        match self {
            Self::Adapter => format!("adapter-{}", room.card),
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

impl Ctx<'_> {
    /// Becomes the adapter's only writer, as `verb` ("boot set"). Waits for others until the deadline. One that this context has
    /// already is shared, so that an operation can call another.
    ///
    /// # Errors
    /// [`Kind::Busy`] with the holder's name; whatever keeps the lock from being made, as a failure to `tried`: nothing has been written
    /// then.
    pub fn writer(&mut self, host: HostNo, verb: &str, tried: &str) -> Result<Writer> {
        let (writer, new) = self.take(Scope::Adapter, host, verb, tried)?;
        if new {
            taken(self, host, &writer)?;
        }
        Ok(writer)
    }

    /// As [`Ctx::writer`], for something else than the adapter.
    ///
    /// # Errors
    /// As [`Ctx::writer`].
    pub fn turn(&mut self, scope: Scope, host: HostNo, verb: &str, tried: &str) -> Result<Writer> {
        Ok(self.take(scope, host, verb, tried)?.0)
    }

    fn take(&mut self, scope: Scope, host: HostNo, verb: &str, tried: &str) -> Result<(Writer, bool)> {
        if self.dry_run {
            return Ok((Writer { held: None }, false));
        }
        let room = self.backend.writers(host)?;
        let file = room.as_ref().map_or_else(
            || scope.file(&NOBODY, host).into(),
            |r| r.dir.join(scope.file(r, host)),
        );
        self.held.retain(|w| w.strong_count() > 0);
        if let Some(held) = self
            .held
            .iter()
            .filter_map(Weak::upgrade)
            .find(|h| h.file == file)
        {
            return Ok((Writer { held: Some(held) }, false));
        }
        let lock = match room {
            Some(room) => Some(self.wait(&room, scope, host, verb, tried)?),
            None => None,
        };
        let held = Arc::new(Held { file, _lock: lock });
        self.held.push(Arc::downgrade(&held));
        Ok((Writer { held: Some(held) }, true))
    }

    fn wait(&mut self, room: &Room, scope: Scope, host: HostNo, verb: &str, tried: &str) -> Result<Lock> {
        let dir = Dir::private(&room.dir).map_err(|e| refused(&e, tried))?;
        let (name, me) = (scope.file(room, host), Holder::of_this_process(verb).line());
        let begun = Instant::now();
        let mut pause = SHORTEST;
        let mut last: Option<Holder> = None;
        loop {
            let e = match Lock::take(&dir, &name, &me) {
                // With no time left what comes next would be cut off half-way.
                Ok(_) if last.is_some() && self.deadline.expired() => {
                    return Err(busy(last.as_ref(), scope, host, tried));
                }
                Ok(lock) => {
                    if let Some(last) = last.filter(|_| begun.elapsed() >= WORTH_TELLING) {
                        self.warn(format!("waited {} s for {last}", begun.elapsed().as_secs()));
                    }
                    return Ok(lock);
                }
                Err(e) => e,
            };
            match e.why() {
                Why::Held(by) => last = Holder::parse(by).or(last),
                // The file was made anew by somebody who cleans up: the next attempt sees his.
                Why::Changed => {}
                _ => return Err(refused(&e, tried)),
            }
            if self.deadline.expired() {
                return Err(busy(last.as_ref(), scope, host, tried));
            }
            self.backend.pause(pause.min(self.deadline.remaining()));
            pause = (pause * 2).min(LONGEST);
        }
    }
}

fn busy(holder: Option<&Holder>, scope: Scope, host: HostNo, tried: &str) -> Error {
    let by = holder.map_or_else(|| "another process".to_owned(), Holder::with_age);
    Error::new(Kind::Busy, tried)
        .answered(format!("{} is held by {by}", scope.noun(host)))
        .hint("try again when it has ended, or wait longer with --timeout; nothing was changed")
}

/// Looked at once by whoever has just become an adapter's writer, before it reads anything: what a writer left that did not end.
fn taken(ctx: &mut Ctx<'_>, host: HostNo, _writer: &Writer) -> Result<()> {
    crate::intent::resume(ctx, host)
}

/// The room of a backend that nobody else can write to.
static NOBODY: Room = Room {
    dir: PathBuf::new(),
    card: String::new(),
};

/// A lock that cannot be made: nothing has been written yet, and nothing will be.
fn refused(error: &files::Error, tried: &str) -> Error {
    let answer = format!("the lock that keeps writers apart cannot be had: {error}; nothing was changed");
    let e = Error::io(tried, &std::io::Error::from(error.io_kind())).answered(answer);
    match e.kind() {
        Kind::Permission => e.hint("run as root, or as the user who serves the directory"),
        Kind::NotFound => e.with_kind(Kind::Failed),
        _ => e,
    }
}

#[cfg(test)]
mod tests;
