//! Boot configuration: show, set, clear.

use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::{BootConfig, BootMode, Slot};

/// What to change in the boot configuration; `None` leaves a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootSettings {
    /// Boot mode.
    pub mode: Option<BootMode>,
    /// Flash target for the primary slot.
    pub primary: Option<u32>,
    /// Flash target for the secondary slot.
    pub secondary: Option<u32>,
}

/// Boot configurations of one port, or of all.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<BootConfig>> {
    let _ = (ctx, id);
    Ok(Vec::new())
}

/// Writes the boot configuration: backup, write, read back. Takes effect when the adapter starts again.
///
/// # Errors
/// [`Kind::NotFound`] for an unknown flash target, [`Kind::Unsupported`], [`Kind::VerifyFailed`], [`Kind::RollbackFailed`].
pub fn set(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, settings: &BootSettings) -> Result<Change<BootConfig>> {
    let _ = (ctx, id, settings);
    Err(Error::new(Kind::Unsupported, "set the boot configuration"))
}

/// Invalidates slots: the one named, or both (then boot is disabled too).
///
/// # Errors
/// As [`set`].
pub fn clear(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, slot: Option<Slot>) -> Result<Change<BootConfig>> {
    let _ = slot;
    set(ctx, id, &BootSettings::default())
}
