//! Whose a session is: what it holds, what is claimed, who made it; and that nobody takes the machine's start away in passing.
//!
//! Owns the order of the three. Must not know how a claim is kept ([`crate::registry`]), nor how boot targets are found
//! ([`crate::backend::Backend::boot_marks`]).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use super::super::flash::of_session;
use super::super::write::may;
use crate::address;
use crate::backend::BootMark;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::model::{Owner, Session, SessionBrief, SessionKind};
use crate::registry::{BOOT, Claim, Claims, OwnerName, Registry};
use crate::step::Step;

/// The owners of all sessions.
#[derive(Debug, Default)]
pub(in crate::ops) struct Holders {
    /// Claims on sessions that are there.
    claims: BTreeMap<u32, Claim>,
    /// Sessions that hold what the machine starts from.
    boot: BTreeSet<u32>,
}

impl Holders {
    /// As it is now. Of sessions that nobody has claimed and nothing starts from, nothing is read.
    pub(in crate::ops) fn read(ctx: &mut Ctx<'_>) -> Result<Self> {
        let Claims { all, remarks } = Registry::of(&ctx.home).all();
        for remark in remarks {
            ctx.warn(remark);
        }
        let mut claims = BTreeMap::new();
        for (sid, claim) in all {
            if is_now(ctx, &claim)? {
                claims.insert(sid, claim);
            }
        }
        Ok(Self {
            claims,
            boot: boot(ctx)?,
        })
    }

    /// Whose a session is.
    pub(in crate::ops) fn of(&self, sid: u32, made_by: Owner) -> String {
        if self.boot.contains(&sid) {
            return BOOT.to_owned();
        }
        let claim = self.claims.get(&sid);
        claim.map_or_else(|| made_by.to_string(), |claim| claim.owner.to_string())
    }
}

/// Whether a claim is about the session that has its number now.
fn is_now(ctx: &mut Ctx<'_>, claim: &Claim) -> Result<bool> {
    let living = ctx.backend.session_life(claim.sid)?;
    Ok(living.is_some_and(|living| claim.is_of(&living)))
}

/// What the machine starts from; without an answer that is remarked, and nothing is known to be.
fn marks(ctx: &mut Ctx<'_>) -> Vec<BootMark> {
    ctx.backend.boot_marks().unwrap_or_else(|e| {
        ctx.warn(format!(
            "it is not known from which sessions the machine starts: {e}"
        ));
        Vec::new()
    })
}

fn goes_to(mark: &BootMark, target: &str, address: &str, port: u16) -> bool {
    mark.target == target && mark.port == port && address::same(&mark.address, address) == Some(true)
}

fn boot(ctx: &mut Ctx<'_>) -> Result<BTreeSet<u32>> {
    let marks = marks(ctx);
    if marks.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut found = BTreeSet::new();
    let mut perhaps: Vec<(SessionBrief, Option<String>)> = Vec::new();
    ctx.backend.for_each_session(&mut |s| {
        let to = |mark: &&BootMark| goes_to(mark, &s.target_name, &s.address, s.port);
        if marks.iter().filter(to).any(|mark| mark.host.is_none()) {
            found.insert(s.sid);
        } else if let Some(mark) = marks.iter().filter(to).find(|mark| mark.host == Some(s.host))
            && s.owner == Owner::Flash
        {
            perhaps.push((s, mark.isid.clone()));
        }
        ControlFlow::Continue(())
    })?;
    for (brief, isid) in perhaps {
        let Some(session) = ctx.backend.session(brief.sid)? else {
            continue;
        };
        // With another ISID it may be another entry's to the same portal.
        let other = isid.zip(session.isid.clone()).is_some_and(|(a, b)| a != b);
        if !other || of_session(&ctx.backend.flash_targets(brief.host)?, &session).is_some_and(|t| t.boot) {
            found.insert(brief.sid);
        }
    }
    Ok(found)
}

/// Whether the firmware tells the kernel that the machine starts from where this session goes.
fn of_firmware(ctx: &mut Ctx<'_>, session: &Session) -> bool {
    let Some(connection) = session.connections.first() else {
        return false;
    };
    let at = connection
        .persistent_address
        .as_deref()
        .zip(connection.persistent_port);
    let Some((address, port)) = at else { return false };
    marks(ctx)
        .iter()
        .any(|mark| mark.host.is_none() && goes_to(mark, &session.target_name, address, port))
}

/// Whether a session holds what the machine starts from, whatever anybody claims.
pub(super) fn starts_from(ctx: &mut Ctx<'_>, session: &Session) -> bool {
    session.kind == SessionKind::Boot || of_firmware(ctx, session)
}

/// The claim on a session, if there is one on this life of its number. One that does not read is none, and is remarked.
pub(super) fn claim_on(ctx: &mut Ctx<'_>, sid: u32) -> Result<Option<Claim>> {
    match Registry::of(&ctx.home).read(sid) {
        Ok(Some(claim)) if is_now(ctx, &claim)? => Ok(Some(claim)),
        Ok(_) => Ok(None),
        Err(e) => {
            ctx.warn(format!("{e}; it is taken for its maker's"));
            Ok(None)
        }
    }
}

/// Says in a session whose it is. Its kind must be known.
pub(in crate::ops) fn tell(ctx: &mut Ctx<'_>, session: &mut Session) -> Result<()> {
    let claim = claim_on(ctx, session.sid)?;
    if starts_from(ctx, session) {
        BOOT.clone_into(&mut session.held_by);
        session.held_since = claim.filter(|c| c.owner.is_boot()).and_then(|c| c.since);
    } else if let Some(claim) = claim {
        session.held_by = claim.owner.to_string();
        session.held_since = claim.since;
    }
    Ok(())
}

/// Refuses to end a session that is the machine's start, unless by force: then the rules of its kind decide.
///
/// # Errors
/// [`Kind::Permission`].
pub(in crate::ops) fn protect(ctx: &mut Ctx<'_>, sid: u32, held_by: &str, tried: &str) -> Result<()> {
    if held_by != BOOT {
        return Ok(());
    }
    let refusal = Error::new(Kind::Permission, tried)
        .answered(format!(
            "session {sid} is owned by {BOOT}: the machine starts from it, or somebody says so"
        ))
        .hint(
            Message::from("a boot session stays until the machine is shut down; if it is none, ")
                .then(Step::SessionRelease(sid))
                .then(", or use ")
                .then(Step::WithForce),
        );
    may(
        ctx,
        format!("session {sid} is owned by {BOOT}, and ended by force"),
        refusal,
    )
}

/// Refuses a session that is not the owner's who was named.
///
/// # Errors
/// [`Kind::Permission`].
pub(super) fn of_owner(session: &Session, owner: Option<&OwnerName>, tried: &str) -> Result<()> {
    match owner {
        Some(owner) if session.held_by != owner.as_str() => Err(Error::new(Kind::Permission, tried)
            .answered(format!("it is owned by {}, not by {owner}", session.held_by))
            .hint(Step::SessionList.then(" shows the owners"))),
        _ => Ok(()),
    }
}
