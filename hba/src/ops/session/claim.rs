//! Claiming sessions for an owner and letting them go. Must not know how a claim is kept: [`crate::registry`] does.

use super::holder::{claim_on, starts_from};
use super::show;
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::model::SessionClaim;
use crate::ops::write::{Done, Plan, as_it_is};
use crate::registry::{BOOT, Claim, OwnerName, Registry};
use crate::step::Step;

/// Claims a session for an owner. One that somebody else has claimed is taken over by force alone; one that the machine starts from is
/// nobody else's.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Busy`] when it is claimed by another, without `force`; [`Kind::Permission`] for a session that holds the boot
/// device; the registry cannot be written.
pub fn claim(ctx: &mut Ctx<'_>, sid: u32, owner: &OwnerName) -> Result<Change<SessionClaim>> {
    let tried = format!("claim session {sid} for {owner}");
    let session = show(ctx, sid).map_err(|e| e.during(tried.clone()))?;
    if !owner.is_boot() && starts_from(ctx, &session) {
        return Err(Error::new(Kind::Permission, tried)
            .answered(format!(
                "it holds what the machine starts from ({}), and is {BOOT}'s",
                session.target_name
            ))
            .hint(Step::BootShow.then(" shows what that is")));
    }
    let before = claim_on(ctx, sid)?;
    if let Some(before) = before.as_ref().filter(|before| before.owner == *owner) {
        return Ok(as_it_is(Some(before.into())));
    }
    let force = ctx.force;
    let refuse = |other: &Claim| {
        if force {
            return Ok(());
        }
        Err(Error::new(Kind::Busy, tried.clone())
            .answered(format!(
                "it is owned by {} since {}",
                other.owner,
                other.since.as_deref().unwrap_or("an unknown time")
            ))
            .hint(
                Message::from("have that owner let it go (")
                    .then(Step::SessionRelease(sid))
                    .then("), or take it over with ")
                    .then(Step::WithForce),
            ))
    };
    before.as_ref().map_or(Ok(()), refuse)?;
    let Some(living) = ctx.backend.session_life(sid)? else {
        return Err(gone(&tried));
    };
    let after = Claim::of(&session, owner.clone(), living.life);
    if !after.is_of(&living) {
        return Err(gone(&tried));
    }
    let plan = Plan {
        diff: vec![Difference::new(
            "owner",
            Some(session.held_by.clone()),
            Some(owner.to_string()),
        )],
        before: before.as_ref().map(SessionClaim::from),
        after: Some(SessionClaim::from(&after)),
    };
    plan.carry_out(ctx, |ctx, _| {
        // Of another life of the number it is no claim.
        Registry::of(&ctx.home).claim(&after, &tried, |there| match there {
            Some(other) if other.is_of(&living) && other.owner != *owner => refuse(other),
            _ => Ok(()),
        })?;
        Ok(Done::AsPlanned)
    })
}

fn gone(tried: &str) -> Error {
    Error::new(Kind::NotFound, tried).answered("the session went away meanwhile")
}

/// Takes the claim on a session away: it is its maker's again.
///
/// # Errors
/// The registry cannot be written.
pub fn release(ctx: &mut Ctx<'_>, sid: u32) -> Result<Change<Vec<SessionClaim>>> {
    let tried = format!("release session {sid}");
    // Also when the session is gone.
    let registry = Registry::of(&ctx.home);
    let Some(before) = registry.read(sid).map_err(|e| e.during(tried.clone()))? else {
        return Ok(as_it_is(Some(Vec::new())));
    };
    let plan = Plan {
        diff: vec![let_go(&before)],
        before: Some(vec![SessionClaim::from(&before)]),
        after: Some(Vec::new()),
    };
    plan.carry_out(ctx, |_, _| {
        Ok(if registry.release(sid, &tried)? {
            Done::AsPlanned
        } else {
            Done::AsItIs(Some(Vec::new()))
        })
    })
}

/// Takes away the claims on sessions that are gone, and what killed writers left.
///
/// # Errors
/// The registry cannot be written.
pub fn release_gone(ctx: &mut Ctx<'_>) -> Result<Change<Vec<SessionClaim>>> {
    let registry = Registry::of(&ctx.home);
    let gone = registry.gone(|sid| ctx.backend.session_life(sid).ok().flatten());
    let plan = Plan {
        diff: gone.iter().map(let_go).collect(),
        before: Some(gone.iter().map(SessionClaim::from).collect::<Vec<_>>()),
        after: Some(Vec::new()),
    };
    plan.carry_out(ctx, |ctx, _| {
        let gone = settle(ctx)?;
        if gone.is_empty() {
            return Ok(Done::AsItIs(Some(Vec::new())));
        }
        Ok(Done::ReadBack {
            after: Some(Vec::new()),
            diff: gone.iter().map(let_go).collect(),
        })
    })
}

/// Takes the claims away of sessions that are gone.
pub(in crate::ops) fn settle(ctx: &mut Ctx<'_>) -> Result<Vec<Claim>> {
    let tried = "release the sessions that are gone";
    Registry::of(&ctx.home).settle(tried, |sid| ctx.backend.session_life(sid).ok().flatten())
}

fn let_go(claim: &Claim) -> Difference {
    Difference::new(
        format!("session.{}.owner", claim.sid),
        Some(claim.owner.to_string()),
        None,
    )
}
