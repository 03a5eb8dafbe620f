//! The one road of every write: write, read back, compare, and restore the state before when they differ. Must not know what
//! is written.

use std::time::Duration;

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};

/// How long to wait between two looks at a state that settles.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// One verified write. `S` is the state that is read back.
pub(super) struct Write<'w, S> {
    /// What is tried, as a verb phrase.
    pub(super) tried: String,
    /// Writes the wanted state.
    pub(super) write: &'w mut dyn FnMut(&mut Ctx<'_>) -> Result<()>,
    /// Reads the state.
    pub(super) read: &'w mut dyn FnMut(&mut Ctx<'_>) -> Result<S>,
    /// What is not as wanted, one text each; never secrets.
    pub(super) wrong: &'w dyn Fn(&S) -> Vec<String>,
    /// Writes the state before.
    pub(super) undo: &'w mut dyn FnMut(&mut Ctx<'_>) -> Result<()>,
    /// Whether the state is the one before.
    pub(super) restored: &'w dyn Fn(&S) -> bool,
    /// How long the state may take to settle after the write.
    pub(super) patience: Duration,
}

impl<S> Write<'_, S> {
    /// Writes and verifies; returns the state read back.
    pub(super) fn run(mut self, ctx: &mut Ctx<'_>) -> Result<S> {
        if let Err(error) = (self.write)(ctx) {
            return Err(self.after_refusal(ctx, error));
        }
        let until = ctx.deadline.at_most(self.patience);
        let differs = loop {
            let state = (self.read)(ctx)?;
            let differs = (self.wrong)(&state);
            if differs.is_empty() {
                return Ok(state);
            }
            if until.expired() {
                break differs;
            }
            ctx.backend.pause(LOOK_AGAIN.min(until.remaining()));
        };
        let answer = format!("read back: {}", differs.join("; "));
        match self.restore(ctx) {
            Ok(()) => Err(Error::new(Kind::VerifyFailed { rolled_back: true }, self.tried)
                .answered(format!("{answer}; the state before was restored"))
                .hint("the adapter is as it was; look at it with the show command of this noun")),
            Err(why) => Err(Error::new(Kind::RollbackFailed, self.tried)
                .answered(format!("{answer}; restoring the state before failed too: {why}"))
                .hint("look at the adapter with the show command of this noun before going on")),
        }
    }

    /// A refused write may have changed something: look, and restore if so.
    fn after_refusal(mut self, ctx: &mut Ctx<'_>, error: Error) -> Error {
        match (self.read)(ctx) {
            Ok(state) if (self.restored)(&state) => error,
            _ => match self.restore(ctx) {
                Ok(()) => error,
                Err(why) => Error::new(Kind::RollbackFailed, self.tried)
                    .answered(format!("{error}; restoring the state before failed too: {why}"))
                    .hint("look at the adapter with the show command of this noun before going on"),
            },
        }
    }

    fn restore(&mut self, ctx: &mut Ctx<'_>) -> Result<()> {
        (self.undo)(ctx)?;
        let until = ctx.deadline.at_most(self.patience);
        loop {
            let state = (self.read)(ctx)?;
            if (self.restored)(&state) {
                return Ok(());
            }
            if until.expired() {
                return Err(Error::new(Kind::Failed, "restore the state before")
                    .answered("read back, it is still different"));
            }
            ctx.backend.pause(LOOK_AGAIN.min(until.remaining()));
        }
    }
}

/// Looks at a state until `done` finds what it waits for, or the deadline passes.
///
/// # Errors
/// [`Kind::Timeout`] naming `waited_for`; whatever `done` fails with.
pub(super) fn wait_for<T>(
    ctx: &mut Ctx<'_>,
    tried: &str,
    waited_for: &str,
    mut done: impl FnMut(&mut Ctx<'_>) -> Result<Option<T>>,
) -> Result<T> {
    loop {
        if let Some(found) = done(ctx)? {
            return Ok(found);
        }
        if ctx.deadline.expired() {
            return Err(Error::timeout(tried, waited_for));
        }
        let pause = LOOK_AGAIN.min(ctx.deadline.remaining());
        ctx.backend.pause(pause);
    }
}
