//! Removing a flash target.

use super::super::adapter::resolve_able;
use super::super::boot;
use super::super::in_use;
use super::super::write::{Done, Plan, moved};
use super::find::one;
use super::wanted::difference;
use crate::Change;
use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::message::Message;
use crate::model::FlashTarget;
use crate::quirks::Ability;
use crate::step::Step;

/// Removes a flash target. A boot target is refused; one with a session needs `force` (the session stays).
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Permission`], [`Kind::Busy`].
pub fn remove(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32) -> Result<Change<FlashTarget>> {
    let tried = format!("remove flash target {index}");
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    let _writer = ctx.writer(host, "flash remove", &tried)?;
    let before = one(ctx, host, index, &tried)?;
    if before.boot || boot::names(ctx, host, index) {
        return Err(Error::new(Kind::Permission, tried)
            .answered("it is a boot target")
            .hint(Message::from("take it out of the boot configuration first: ").then(Step::BootClear)));
    }
    if let Some(session) = &before.session {
        let sid = session.sid;
        let stack = ctx.backend.stacked(LunScope::Session(sid), ctx.deadline)?;
        let carries = in_use::told(&in_use::find(&stack))
            .map_or_else(String::new, |told| format!(", and is in use: {told}"));
        if !ctx.force {
            return Err(Error::new(Kind::Busy, tried)
                .answered(format!("session {sid} uses it{carries}"))
                .hint(
                    Message::from("log out first (")
                        .then(Step::FlashLogout(Some(index)))
                        .then("), or use ")
                        .then(Step::WithForce)
                        .then(": the session stays until then"),
                ));
        }
        ctx.warn(format!("session {sid} stays until it is logged out{carries}"));
    }
    let plan = Plan {
        diff: difference(Some(&before), None),
        before: Some(before),
        after: None,
    };
    plan.carry_out(ctx, |ctx, plan| {
        let now = ctx.backend.flash_target(host, index)?.map(|now| now.params);
        if now.as_ref() != plan.before.as_ref().map(|before| &before.params) {
            return Err(moved(tried));
        }
        delete(ctx, host, index, &tried)?;
        Ok(Done::AsPlanned)
    })
}

/// Removes an entry and looks whether it is gone.
pub(in crate::ops) fn delete(ctx: &mut Ctx<'_>, host: HostNo, index: u32, tried: &str) -> Result<()> {
    ctx.backend
        .delete_flash_target(host, index, ctx.deadline)
        .map_err(|e| e.during(tried.to_owned()))?;
    match ctx.backend.flash_target(host, index)? {
        None => Ok(()),
        Some(_) => Err(Error::new(Kind::VerifyFailed { rolled_back: true }, tried)
            .answered("read back, it is still there")
            .hint(Message::from("nothing was changed; look at it with ").then(Step::FlashShow))),
    }
}
