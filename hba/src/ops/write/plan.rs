//! What an operation wants, and what it comes to.

use super::seal::Seal;
use crate::change::{Change, Difference};
use crate::ctx::Ctx;
use crate::error::Result;

/// What an operation found and what it wants.
pub(in crate::ops) struct Plan<T> {
    /// The state found; `None` when the object does not exist.
    pub(in crate::ops) before: Option<T>,
    /// The state wanted; `None` when the object goes, or is not known in advance.
    pub(in crate::ops) after: Option<T>,
    /// The fields that differ.
    pub(in crate::ops) diff: Vec<Difference>,
}

/// What the work of a plan has come to.
pub(in crate::ops) enum Done<T> {
    /// All is as planned.
    AsPlanned,
    /// It is done, and the state read back says more than the plan did.
    ReadBack {
        /// The state read back.
        after: Option<T>,
        /// The fields that differ from the state before.
        diff: Vec<Difference>,
    },
    /// It was so, or another program made it so meanwhile: nothing of it is ours.
    AsItIs(Option<T>),
}

/// The object is as it is wanted: nothing is to be done.
pub(in crate::ops) const fn as_it_is<T>(current: Option<T>) -> Change<T> {
    Change::Unchanged {
        current,
        by: Seal::put(),
    }
}

impl<T> Plan<T> {
    /// Carries the plan out with `work`; in a dry run it stays a plan.
    ///
    /// # Errors
    /// What `work` fails with.
    pub(in crate::ops) fn carry_out(
        self,
        ctx: &mut Ctx<'_>,
        work: impl FnOnce(&mut Ctx<'_>, &Self) -> Result<Done<T>>,
    ) -> Result<Change<T>> {
        let by = Seal::put();
        let done = super::unless_dry(ctx, |ctx| work(ctx, &self))?;
        let Self { before, after, diff } = self;
        Ok(match done {
            None => Change::Planned {
                before,
                after,
                diff,
                by,
            },
            Some(Done::AsPlanned) => Change::Changed {
                before,
                after,
                diff,
                by,
            },
            Some(Done::ReadBack { after, diff }) => Change::Changed {
                before,
                after,
                diff,
                by,
            },
            Some(Done::AsItIs(current)) => as_it_is(current),
        })
    }
}
