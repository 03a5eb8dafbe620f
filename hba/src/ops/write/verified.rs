//! A verified write: write, read back, compare, and restore the state before when they differ.

use std::time::Duration;

use super::LOOK_AGAIN;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::step::Step;

/// One verified write. `S` is the state that is read back.
pub(in crate::ops) struct Write<'w, S> {
    /// What is tried, as a verb phrase.
    pub(in crate::ops) tried: String,
    /// What shows what became of it.
    pub(in crate::ops) look: Step,
    /// Whether the state is the one that the write is based on. Other programs do not take our lock (see [`crate::writer`]): it is
    /// looked at again just before writing. `None` when the caller has done so.
    pub(in crate::ops) based: Option<&'w dyn Fn(&S) -> bool>,
    /// Writes the wanted state.
    pub(in crate::ops) write: &'w mut dyn FnMut(&mut Ctx<'_>) -> Result<()>,
    /// Reads the state.
    pub(in crate::ops) read: &'w mut dyn FnMut(&mut Ctx<'_>) -> Result<S>,
    /// What is not as wanted, one text each; never secrets.
    pub(in crate::ops) wrong: &'w dyn Fn(&S) -> Vec<String>,
    /// What neither was there before nor was written: somebody else's, one text each; never secrets. It is never undone.
    pub(in crate::ops) foreign: &'w dyn Fn(&S) -> Vec<String>,
    /// Restores what was written, and only that, in the state that was found.
    pub(in crate::ops) undo: &'w mut dyn FnMut(&mut Ctx<'_>, &S) -> Result<()>,
    /// Whether what was written is as it was before.
    pub(in crate::ops) restored: &'w dyn Fn(&S) -> bool,
    /// How long the state may take to settle after the write.
    pub(in crate::ops) patience: Duration,
}

impl<S> Write<'_, S> {
    /// Writes and verifies; returns the state read back.
    pub(in crate::ops) fn run(mut self, ctx: &mut Ctx<'_>) -> Result<S> {
        if let Some(based) = self.based
            && !based(&(self.read)(ctx)?)
        {
            return Err(moved(self.tried));
        }
        let lost = match (self.write)(ctx) {
            Ok(()) => None,
            // Sent and not answered: only the state tells.
            Err(error) if error.kind() == Kind::Unknown => Some(error),
            Err(error) => return Err(self.after_refusal(ctx, error)),
        };
        let until = ctx.deadline.at_most(self.patience);
        let (state, differs) = loop {
            let state = match self.look_back(ctx) {
                Ok(state) => state,
                Err(why) => return Err(self.unverified(lost, &format!("reading it back failed: {why}"))),
            };
            let differs = (self.wrong)(&state);
            if differs.is_empty() {
                return Ok(state);
            }
            // Somebody asks for the end: what may just need its time is not undone.
            if ctx.deadline.stopped() {
                return Err(self.unverified(lost, &format!("read back until then: {}", differs.join("; "))));
            }
            if until.expired() {
                if lost.is_some() && (self.restored)(&state) {
                    return Err(self.unverified(lost, "read back, it is as before, and may still change"));
                }
                break (state, differs);
            }
            ctx.backend.pause(LOOK_AGAIN.min(until.remaining()));
        };
        let foreign = (self.foreign)(&state);
        if !foreign.is_empty() {
            return Err(not_undone(
                self.tried,
                &format!("read back: {}", foreign.join("; ")),
            ));
        }
        let answer = format!("read back: {}", differs.join("; "));
        match ctx.cleaning_up(|ctx| self.restore(ctx, &state)) {
            Ok(()) => Err(Error::new(Kind::VerifyFailed { rolled_back: true }, self.tried)
                .answered(format!("{answer}; the state before was restored"))
                .hint("the adapter is as it was; look at it with the show command of this noun")),
            Err(why) => Err(Error::new(Kind::RollbackFailed, self.tried)
                .answered(format!("{answer}; restoring the state before failed too: {why}"))
                .hint(LOOK)),
        }
    }

    /// Reads the state; with the time that is kept for it, when the other is over.
    fn look_back(&mut self, ctx: &mut Ctx<'_>) -> Result<S> {
        if ctx.deadline.expired() {
            return ctx.cleaning_up(|ctx| (self.read)(ctx));
        }
        (self.read)(ctx)
    }

    /// It was written, or at least sent, and nobody knows what became of it.
    fn unverified(&self, lost: Option<Error>, why: &str) -> Error {
        let answer = match lost {
            None => format!("it was written and not verified; {why}"),
            Some(lost) => format!("{}; {why}", lost.answer().unwrap_or("no answer")),
        };
        Error::new(Kind::Unknown, self.tried.clone())
            .answered(answer)
            .hint(Message::from("it may be in force: ").then(self.look))
    }

    /// A refused write may have changed something: look, and restore if so.
    fn after_refusal(mut self, ctx: &mut Ctx<'_>, error: Error) -> Error {
        let state = match self.look_back(ctx) {
            Ok(state) if (self.restored)(&state) => return error,
            Ok(state) => state,
            // What is not known is not overwritten.
            Err(why) => {
                let answer = error.answer().unwrap_or_default().to_owned();
                return error
                    .with_kind(Kind::Unknown)
                    .answered(format!(
                        "{answer}; whether it changed anything cannot be read: {why}"
                    ))
                    .hint(Message::from("it may be in force: ").then(self.look));
            }
        };
        let foreign = (self.foreign)(&state);
        if !foreign.is_empty() {
            return not_undone(self.tried, &format!("{error}; now {}", foreign.join("; ")));
        }
        match ctx.cleaning_up(|ctx| self.restore(ctx, &state)) {
            Ok(()) => error,
            Err(why) => Error::new(Kind::RollbackFailed, self.tried)
                .answered(format!("{error}; restoring the state before failed too: {why}"))
                .hint(LOOK),
        }
    }

    fn restore(&mut self, ctx: &mut Ctx<'_>, found: &S) -> Result<()> {
        (self.undo)(ctx, found)?;
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

/// What a write is based on is not so any more, just before it.
pub(in crate::ops) fn moved(tried: impl Into<String>) -> Error {
    Error::new(Kind::Busy, tried)
        .answered("another program changed it meanwhile; nothing was written")
        .hint("look at it with the show command of this noun, and try again")
}

const LOOK: &str = "look at the adapter with the show command of this noun before going on";

fn not_undone(tried: String, found: &str) -> Error {
    Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
        .answered(format!(
            "{found}; another program changed it meanwhile, so nothing was restored"
        ))
        .hint(LOOK)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::backend::scripted::Scripted;
    use crate::ops::testing::ctx;

    /// Writes 7 over 3: what the write answers, and what is read each time (`None`: it cannot be read).
    fn run(written: Result<()>, reads: &[Option<u8>]) -> (Result<u8>, bool) {
        let mut s = Scripted::new();
        let (undone, mut reads, mut written) = (Cell::new(false), reads.iter(), Some(written));
        let done = Write {
            tried: "write the number".to_owned(),
            look: Step::BootShow,
            based: None,
            write: &mut |_| written.take().unwrap_or(Ok(())),
            read: &mut |_| {
                let read = reads.next().copied().flatten();
                read.ok_or_else(|| Error::timeout("read the number", "an answer"))
            },
            wrong: &|n: &u8| {
                if *n == 7 {
                    vec![]
                } else {
                    vec![format!("it is {n}")]
                }
            },
            foreign: &|_| Vec::new(),
            undo: &mut |_, _| {
                undone.set(true);
                Ok(())
            },
            restored: &|n: &u8| *n == 3,
            patience: Duration::ZERO,
        }
        .run(&mut ctx(&mut s));
        (done, undone.get())
    }

    fn lost() -> Result<()> {
        Err(Error::timeout("write the number", "an answer").in_doubt(Step::BootShow))
    }

    #[test]
    fn written_and_not_read_back_is_not_known_and_not_undone() {
        let (done, undone) = run(Ok(()), &[None]);
        let e = done.expect_err("not verified");
        assert_eq!(e.kind(), Kind::Unknown);
        assert!(e.to_string().contains("written and not verified"), "{e}");
        assert!(
            e.next_step()
                .is_some_and(|next| next.steps().eq([Step::BootShow])),
            "{e:?}"
        );
        assert!(!undone, "what is not known is not overwritten");
    }

    #[test]
    fn sent_and_not_answered_is_what_the_state_says() {
        assert_eq!(run(lost(), &[Some(7)]), (Ok(7), false), "it was done after all");
        for reads in [&[None][..], &[Some(3)]] {
            let (done, undone) = run(lost(), reads);
            let e = done.expect_err("nobody knows");
            assert_eq!(e.kind(), Kind::Unknown, "{e}");
            assert!(!undone);
        }
        // Something arrived, and it is neither: that is undone, as always.
        let (done, undone) = run(lost(), &[Some(5), Some(3)]);
        assert_eq!(
            done.map_err(|e| e.kind()),
            Err(Kind::VerifyFailed { rolled_back: true })
        );
        assert!(undone);
    }

    #[test]
    fn refused_is_not_done_unless_nobody_can_look() {
        let refused = || Err(Error::new(Kind::Failed, "write the number").answered("EIO"));
        assert_eq!(
            run(refused(), &[Some(3)]).0.map_err(|e| e.kind()),
            Err(Kind::Failed)
        );
        assert_eq!(
            run(refused(), &[None]).0.map_err(|e| e.kind()),
            Err(Kind::Unknown)
        );
    }
}
