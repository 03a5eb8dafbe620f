//! Interfaces: list, show, set (stages), unset, apply.

use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, IfaceId};
use crate::model::Iface;
use crate::params::Assignment;

/// Interfaces of one port, or of all, with what is staged.
///
/// # Errors
/// [`Kind::NotFound`] for an unknown adapter.
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<Iface>> {
    let _ = (ctx, id);
    Ok(Vec::new())
}

/// One interface with what is staged.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, iface: IfaceId) -> Result<Iface> {
    let _ = ctx;
    Err(Error::new(Kind::NotFound, format!("show {iface}")))
}

/// Stages parameters (see [`crate::params::IFACE`]); nothing is sent to the adapter. Values that are applied already are taken
/// out of the stage.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] when a parameter does not fit the interface.
pub fn set(ctx: &mut Ctx<'_>, iface: IfaceId, params: &[Assignment]) -> Result<Change<Iface>> {
    let _ = params;
    show(ctx, iface).map(|i| Change::Unchanged { current: Some(i) })
}

/// Drops staged parameters: those named, or all.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn unset(ctx: &mut Ctx<'_>, iface: IfaceId, names: &[String]) -> Result<Change<Iface>> {
    let _ = names;
    show(ctx, iface).map(|i| Change::Unchanged { current: Some(i) })
}

/// Sends everything staged for a port in one message and reads back. The port restarts: needs `force` while sessions are up.
///
/// # Errors
/// [`Kind::Busy`] with sessions and without `force`; [`Kind::VerifyFailed`]; [`Kind::RollbackFailed`]; [`Kind::Timeout`].
pub fn apply(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Change<Vec<Iface>>> {
    list(ctx, id).map(|i| Change::Unchanged { current: Some(i) })
}
