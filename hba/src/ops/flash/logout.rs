//! Logging out of a flash target, and waiting for sessions to go.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_sysfs_ddb_logout`: finds the session by name, portal and ISID).

use std::ops::ControlFlow;
use std::time::Duration;

use super::super::adapter::resolve_able;
use super::super::write::{Done, LOOK_AGAIN, Plan, as_it_is, wait_for};
use super::super::{in_use, session};
use super::find::one;
use super::login::session_of;
use crate::Change;
use crate::backend::LunScope;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::Session;
use crate::quirks::Ability;
use crate::step::Step;
use crate::writer::Scope;

/// `ESRCH`.
const NO_SUCH_SESSION: i32 = 3;
/// How long a session may take to go whose logout the driver refuses.
const GOING: Duration = Duration::from_secs(2);

/// Logs out of a flash target and waits until its session is gone. Needs `force` while the session's disks are in use.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Busy`] when its disks are in use, without `force`, [`Kind::Permission`] for boot and discovery entries, [`Kind::Unknown`] when it was ordered and the session is still
/// there in time.
pub fn logout(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32) -> Result<Change<Session>> {
    let tried = format!("log out of flash target {index}");
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    let _turn = ctx.turn(Scope::Login(index), host, "flash logout", &tried)?;
    let writer = ctx.writer(host, "flash logout", &tried)?;
    let target = one(ctx, host, index, &tried)?;
    let refuse = |why: &str| {
        Err(Error::new(Kind::Permission, tried.clone())
            .answered(why.to_owned())
            .hint("the session of a boot target stays until the machine is shut down"))
    };
    if target.discovery {
        return refuse("it is a discovery entry and has no session");
    }
    let Some(before) = session_of(ctx, &target)? else {
        return Ok(as_it_is(None));
    };
    if target.boot {
        return refuse("it is a boot target");
    }
    let sid = before.sid;
    let mut told = before.clone();
    session::tell(ctx, &mut told)?;
    session::protect(ctx, sid, &told.held_by, &tried)?;
    in_use::guard(ctx, LunScope::Session(sid), &tried)?;
    let plan = Plan {
        before: Some(before),
        after: None,
        diff: vec![Difference::new("session", Some(sid.to_string()), None)],
    };
    plan.carry_out(ctx, |ctx, _| {
        let mut order = ctx.backend.logout_flash_target(host, index, ctx.deadline);
        // The driver finds the session by name, portal and ISID: that of the entry may be another one by now.
        if order.as_ref().is_err_and(|e| e.errno() == Some(NO_SUCH_SESSION)) {
            order = ctx.backend.logout_session(host, sid, ctx.deadline);
        }
        if let Err(e) = order {
            gone_anyway(ctx, sid, e.during(tried))?;
            return Ok(Done::AsItIs(None));
        }
        drop(writer);
        wait_gone(ctx, sid, &tried)?;
        if told.held_since.is_some() {
            // What cannot be taken away now says nothing about another session.
            let _ = session::settle(ctx);
        }
        Ok(Done::AsPlanned)
    })
}

/// A logout that the driver refused because another program's is under way, or done: the session goes. Otherwise the refusal stands.
pub(in crate::ops) fn gone_anyway(ctx: &mut Ctx<'_>, sid: u32, refusal: Error) -> Result<()> {
    let until = ctx.deadline.at_most(GOING);
    loop {
        if ctx.backend.session(sid)?.is_none() {
            return Ok(());
        }
        if until.expired() {
            return Err(refusal);
        }
        ctx.backend.pause(LOOK_AGAIN.min(until.remaining()));
    }
}

/// Waits until a session is gone.
pub(in crate::ops) fn wait_gone(ctx: &mut Ctx<'_>, sid: u32, tried: &str) -> Result<()> {
    wait_for(ctx, tried, &format!("the end of session {sid}"), |ctx| {
        let mut there = false;
        ctx.backend.for_each_session(&mut |s| {
            there = s.sid == sid;
            if there {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        Ok((!there).then_some(()))
    })
    // The order was given; the session may end yet.
    .map_err(|e| match e.kind() {
        Kind::Timeout => e.in_doubt(Step::SessionList),
        _ => e,
    })
}
