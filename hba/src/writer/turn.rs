//! Getting a turn: waiting for it, being told who has it.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use files::{Dir, Lock, Why};

use super::holder::Holder;
use super::{Held, Scope, Writer};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::home::Home;
use crate::ids::HostNo;
use crate::message::Message;
use crate::step::Step;

/// The first pause before the next attempt; it doubles up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(40);
/// How long the writer of a small file may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A wait that is told.
const WORTH_TELLING: Duration = Duration::from_secs(2);

impl Ctx<'_> {
    /// Gets the turn of `scope`; see [`Ctx::writer`], which is the way to it.
    pub(crate) fn take_turn(
        &mut self,
        scope: Scope,
        host: HostNo,
        verb: &str,
        tried: &str,
    ) -> Result<Writer> {
        let (writer, new) = self.take(scope, host, verb, tried)?;
        if new && scope == Scope::Adapter {
            taken(self, host, &writer)?;
        }
        Ok(writer)
    }

    fn take(&mut self, scope: Scope, host: HostNo, verb: &str, tried: &str) -> Result<(Writer, bool)> {
        let card = self.backend.card(host)?;
        let file = match &card {
            Some(card) => self.home.locks.join(scope.file(card, host)),
            // A backend that nobody else can write to.
            None => scope.file("", host).into(),
        };
        self.held.retain(|w| w.strong_count() > 0);
        if let Some(held) = self
            .held
            .iter()
            .filter_map(Weak::upgrade)
            .find(|h| h.file == file)
        {
            return Ok((Writer { held: Some(held) }, false));
        }
        let lock = match card {
            Some(card) => Some(self.wait(&scope.file(&card, host), scope, host, verb, tried)?),
            None => None,
        };
        let held = Arc::new(Held { file, _lock: lock });
        self.held.push(Arc::downgrade(&held));
        Ok((Writer { held: Some(held) }, true))
    }

    fn wait(&mut self, name: &str, scope: Scope, host: HostNo, verb: &str, tried: &str) -> Result<Lock> {
        let dir = directory(&self.home).map_err(|e| refused(&e, tried))?;
        let me = Holder::of_this_process(self.home.program, verb).line();
        let begun = Instant::now();
        let mut pause = SHORTEST;
        let mut last: Option<Holder> = None;
        loop {
            let e = match Lock::take(&dir, name, &me) {
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

/// Where the locks are. In the state directory it is entered from there: that one must be ours too.
fn directory(home: &Home) -> files::Result<Dir> {
    match home.locks.strip_prefix(&home.state) {
        Ok(name) if !name.as_os_str().is_empty() => {
            Dir::private(&home.state).and_then(|dir| dir.subdir(name))
        }
        _ => Dir::private(&home.locks),
    }
}

/// Keeps the writers of small files apart that belong to no adapter: the owners of sessions, what is excluded. Waits as long as one of them
/// takes, which is no longer than a file is written.
///
/// # Errors
/// As [`Ctx::writer`].
pub(crate) fn file_turn(home: &Home, name: &str, verb: &str, tried: &str) -> Result<Lock> {
    let dir = directory(home).map_err(|e| refused(&e, tried))?;
    let me = Holder::of_this_process(home.program, verb).line();
    Lock::take_until(&dir, name, &me, Instant::now() + PATIENCE).map_err(|e| match e.why() {
        Why::Held(by) => {
            let by = Holder::parse(by).map_or_else(|| "another process".to_owned(), |h| h.with_age());
            Error::new(Kind::Busy, tried)
                .answered(format!("{name} is held by {by}"))
                .hint("try again when it has ended; nothing was changed")
        }
        _ => refused(&e, tried),
    })
}

fn busy(holder: Option<&Holder>, scope: Scope, host: HostNo, tried: &str) -> Error {
    let by = holder.map_or_else(|| "another process".to_owned(), Holder::with_age);
    Error::new(Kind::Busy, tried)
        .answered(format!("{} is held by {by}", scope.noun(host)))
        .hint(
            Message::from("try again when it has ended, or wait longer with ")
                .then(Step::WithMoreTime)
                .then("; nothing was changed"),
        )
}

/// Looked at once by whoever has just become an adapter's writer, before it reads anything: what a writer left that did not end.
fn taken(ctx: &mut Ctx<'_>, host: HostNo, _writer: &Writer) -> Result<()> {
    crate::intent::resume(ctx, host)
}

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
