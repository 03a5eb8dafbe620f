//! Waiting for a state, by looking at it again and again.

use std::time::Duration;

use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// How long to wait between two looks at a state that settles.
pub(in crate::ops) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Looks at a state until `done` finds what it waits for, or the deadline passes.
///
/// # Errors
/// [`crate::Kind::Timeout`] naming `waited_for`; whatever `done` fails with.
pub(in crate::ops) fn wait_for<T>(
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
