//! Whether an operation writes at all. Only the road looks.

use crate::ctx::Ctx;
use crate::error::{Error, Result};

/// Validate, read and show the difference, but write nothing. Whoever makes a context says it; only the road of writes reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct DryRun(bool);

impl From<bool> for DryRun {
    fn from(dry: bool) -> Self {
        Self(dry)
    }
}

impl DryRun {
    pub(super) const fn is_on(self) -> bool {
        self.0
    }
}

/// Does what writes; in a dry run it is left out, and there is nothing to tell of it.
///
/// # Errors
/// What `work` fails with.
pub(in crate::ops) fn unless_dry<T>(
    ctx: &mut Ctx<'_>,
    work: impl FnOnce(&mut Ctx<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if ctx.dry_run.is_on() {
        return Ok(None);
    }
    work(ctx).map(Some)
}

/// Whether a write that costs others something may be: by force, or because it is a dry run. Then the price is a remark.
///
/// # Errors
/// `refusal` otherwise.
pub(in crate::ops) fn may(ctx: &mut Ctx<'_>, price: String, refusal: Error) -> Result<()> {
    if ctx.force || ctx.dry_run.is_on() {
        ctx.warn(price);
        return Ok(());
    }
    Err(refusal)
}
