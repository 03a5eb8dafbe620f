//! Sessions: list, show, claim, logout, rescan.

mod claim;
mod holder;
mod leaving;
mod mappings;
mod owned;
mod paths;
mod policy;
mod rescan;
mod settings;
mod watch;

pub(super) use claim::settle;
pub use claim::{claim, release, release_gone};
pub(super) use holder::{Holders, protect, tell};
pub use leaving::Leaving;
pub(super) use leaving::{lay_down, planned, rule_of};
pub use mappings::mappings;
pub use owned::logout_owned;
pub use paths::paths;
pub use policy::{policies, policy};
pub use rescan::rescan;
pub use settings::{SettingChange, set};
pub use watch::{LunPolicy, OnExpiry, WatchPolicy, watch};

use std::ops::ControlFlow;

use super::flash::of_session;
use super::write::{Done, Plan};
use crate::Change;
use crate::backend::LunScope;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::message::Message;
use crate::model::{FlashTarget, Owner, Session, SessionBrief, SessionDetail, SessionKind};
use crate::quirks::Driver;
use crate::step::Step;
use crate::writer::Scope;

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
    let holders = Holders::read(ctx)?;
    ctx.backend.for_each_session(&mut |mut s| {
        if host.is_none_or(|h| h == s.host) {
            s.held_by = holders.of(s.sid, s.owner);
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

/// As [`for_each`], with what the detailed listing shows.
///
/// # Errors
/// As [`for_each`].
pub fn for_each_detail(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    each: &mut dyn FnMut(SessionDetail) -> ControlFlow<()>,
) -> Result<()> {
    let host = match id {
        Some(id) => Some(super::adapter::resolve(ctx, Some(id))?),
        None => None,
    };
    let holders = Holders::read(ctx)?;
    ctx.backend.for_each_session_detail(&mut |mut s| {
        if host.is_none_or(|h| h == s.brief.host) {
            s.brief.held_by = holders.of(s.brief.sid, s.brief.owner);
            each(s)
        } else {
            ControlFlow::Continue(())
        }
    })
}

/// All sessions (of one port, if named), with what the detailed listing shows.
///
/// # Errors
/// As [`for_each`].
pub fn list_detail(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<SessionDetail>> {
    let mut all = Vec::new();
    for_each_detail(ctx, id, &mut |s| {
        all.push(s);
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// One session in full.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, sid: u32) -> Result<Session> {
    let mut session = ctx.backend.session(sid)?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("show session {sid}"))
            .answered("there is no such session")
            .hint(Step::SessionList.then(" shows the sessions"))
    })?;
    if session.owner == Owner::Flash {
        let targets = ctx.backend.flash_targets(session.host)?;
        link(&mut session, &targets);
    }
    tell(ctx, &mut session)?;
    Ok(session)
}

/// Tells which flash target a session was made from, and so whether it is for booting.
fn link(session: &mut Session, targets: &[FlashTarget]) {
    if let Some(target) = of_session(targets, session) {
        session.flash_index = Some(target.index);
        if target.boot {
            session.kind = SessionKind::Boot;
        }
    }
}

/// Why the session of a user program is left to that program.
pub(super) fn not_ours(session: &Session, tried: impl Into<String>) -> Error {
    let e = Error::new(Kind::Unsupported, tried);
    match Driver::of(session.transport.as_deref().unwrap_or_default()).user_sessions_stay {
        Some(why) => e
            .answered(why)
            .hint("it ends when the driver is loaded anew; log in through flash targets instead"),
        None => e
            .answered("it was made in user space, and belongs to the session daemon that made it (iscsid)")
            .hint(
                Message::from("the daemon would log in again: let it log out, by ")
                    .then(Step::OpenIscsiLogout(session.sid)),
            ),
    }
}

/// Logs out a session made from flash and waits until it is gone. Needs `force` while its disks are in use, and for one that is `boot`'s.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Busy`] when its disks are in use, without `force`; [`Kind::Permission`] for a boot session, and for one that
/// another owns than `leaving` names; [`Kind::Unsupported`] for one made by a user program; [`Kind::Unknown`] when the session is still
/// there in time.
pub fn logout(ctx: &mut Ctx<'_>, sid: u32, leaving: &Leaving) -> Result<Change<Session>> {
    let tried = format!("log out session {sid}");
    let before = show(ctx, sid).map_err(|e| e.during(tried.clone()))?;
    holder::of_owner(&before, leaving.owner.as_ref(), &tried)?;
    if before.kind == SessionKind::Boot {
        return Err(Error::new(Kind::Permission, tried)
            .answered(format!("it holds the boot target {}", before.target_name))
            .hint("a boot session stays until the machine is shut down"));
    }
    protect(ctx, sid, &before.held_by, &tried)?;
    if before.owner == Owner::User {
        return Err(not_ours(&before, tried));
    }
    super::in_use::guard(ctx, LunScope::Session(sid), &tried)?;
    let claimed = before.held_since.is_some();
    let rule = leaving.exclude.then(|| rule_of(&before));
    let host = before.host;
    let scope = before.flash_index.map_or(Scope::Logins, Scope::Login);
    let mut diff = vec![Difference::new("session", Some(sid.to_string()), None)];
    diff.extend(rule.as_ref().map(planned));
    let plan = Plan {
        before: Some(before),
        after: None,
        diff,
    };
    plan.carry_out(ctx, |ctx, _| {
        let _turn = ctx.turn(scope, host, "session logout", &tried)?;
        let writer = ctx.writer(host, "session logout", &tried)?;
        if let Some(rule) = &rule {
            lay_down(ctx, rule, &tried)?;
        }
        if let Err(e) = ctx.backend.logout_session(host, sid, ctx.deadline) {
            super::flash::gone_anyway(ctx, sid, e.during(tried))?;
            return Ok(Done::AsItIs(None));
        }
        drop(writer);
        super::flash::wait_gone(ctx, sid, &tried)?;
        if claimed {
            // What cannot be taken away now says nothing about another session.
            let _ = settle(ctx);
        }
        Ok(Done::AsPlanned)
    })
}

#[cfg(test)]
mod tests;
