//! Logging out of a target by its name: every session to it, or those over one portal.
//!
//! Must not know how a session is ended: [`crate::ops::flash`] and [`crate::ops::session`] do that, and look whether its disks are in use.

use schemars::JsonSchema;
use serde::Serialize;

use super::list::{Known, Target, list};
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result, Status};
use crate::exclude::{PortalRule, Rule};
use crate::ids::{AdapterId, HostNo, Portal, parse_mac};
use crate::model::Owner;
use crate::ops::session::Leaving;
use crate::ops::write::{Done, Plan, as_it_is};
use crate::ops::{flash, session};
use crate::step::Step;

/// A session that was ended, or is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ended {
    /// The port.
    pub host: HostNo,
    /// The session.
    pub sid: u32,
    /// Its portal.
    pub portal: Option<String>,
    /// Its entry in flash, which stays.
    pub flash_index: Option<u32>,
}

/// The target of a name on the ports that know it.
pub(super) fn of_name(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    name: &str,
    tried: &str,
) -> Result<Vec<Target>> {
    let mut all = list(ctx, id)?;
    all.retain(|t| t.name == name);
    if all.is_empty() {
        return Err(Error::new(Kind::NotFound, tried)
            .answered(format!("no target is named {}", name.escape_debug()))
            .with_status(Status::TargetNotFound)
            .hint(Step::TargetList.then(" shows the names; their letters count as they are")));
    }
    Ok(all)
}

/// Logs out of a target: of all of its sessions, of those over `portal`, or of those that one owner has. Entries in flash stay.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Permission`] when one of them is `boot`'s, without `force`; as the logout of each session.
pub fn logout(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    name: &str,
    portal: Option<Portal>,
    leaving: &Leaving,
) -> Result<Change<Vec<Ended>>> {
    let tried = format!("log out of target {}", name.escape_debug());
    let targets = of_name(ctx, id, name, &tried)?;
    let holders = session::Holders::read(ctx)?;
    let wanted = |held_by: &str| {
        leaving
            .owner
            .as_ref()
            .is_none_or(|owner| owner.as_str() == held_by)
    };
    let mut sessions = Vec::new();
    for target in targets {
        let asked = |at: Option<Portal>| portal.is_none_or(|p| at.is_some_and(|at| at.at() == p.at()));
        let Some(host) = target.host else { continue };
        for path in target.paths.into_iter().filter(|path| asked(path.at)) {
            if let Some(session) = path.session {
                let made_by = if path.known == Known::User {
                    Owner::User
                } else {
                    Owner::Flash
                };
                let held_by = holders.of(session.sid, made_by);
                if !wanted(&held_by) {
                    continue;
                }
                session::protect(ctx, session.sid, &held_by, &tried)?;
                if path.known == Known::User {
                    // Nothing is ended when one is refused.
                    let session = session::show(ctx, session.sid)?;
                    return Err(session::not_ours(&session, tried));
                }
                sessions.push(Ended {
                    host,
                    sid: session.sid,
                    portal: path.portal,
                    flash_index: path.flash_index,
                });
            }
        }
    }
    let rules = rules(ctx, id, name, portal, leaving, &sessions)?;
    if sessions.is_empty() && rules.is_empty() {
        return Ok(as_it_is(None));
    }
    end_all(ctx, sessions, rules, &tried)
}

/// What is not to be logged in to again: the target, as far as it was named, or the sessions of one owner.
fn rules(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    name: &str,
    portal: Option<Portal>,
    leaving: &Leaving,
    sessions: &[Ended],
) -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    if !leaving.exclude {
        return Ok(rules);
    }
    if leaving.owner.is_some() {
        for one in sessions {
            if let Some(session) = ctx.backend.session(one.sid)? {
                rules.push(session::rule_of(&session));
            }
        }
        return Ok(rules);
    }
    let host = match id {
        Some(id) => {
            let key = id.resolve(&ctx.backend.adapter_keys()?)?.clone();
            let mac = key.mac.as_deref().and_then(parse_mac).map(AdapterId::Mac);
            Some(mac.unwrap_or_else(|| id.clone()))
        }
        None => None,
    };
    rules.push(Rule {
        target: Some(name.to_owned()),
        portal: portal.map(PortalRule::of),
        host,
        ..Rule::default()
    });
    Ok(rules)
}

/// Ends sessions that nothing forbids to end; the rules are written before the first.
pub(in crate::ops) fn end_all(
    ctx: &mut Ctx<'_>,
    sessions: Vec<Ended>,
    rules: Vec<Rule>,
    tried: &str,
) -> Result<Change<Vec<Ended>>> {
    // Disks of all of them first: nothing is ended when one is refused.
    for one in &sessions {
        crate::ops::in_use::guard(ctx, crate::backend::LunScope::Session(one.sid), tried)?;
    }
    let plan = Plan {
        diff: sessions
            .iter()
            .map(|one| Difference::new(format!("session.{}", one.sid), one.portal.clone(), None))
            .chain(rules.iter().map(session::planned))
            .collect(),
        before: Some(sessions),
        after: None,
    };
    plan.carry_out(ctx, |ctx, plan| {
        for rule in &rules {
            session::lay_down(ctx, rule, tried)?;
        }
        let mut ended: Vec<String> = Vec::new();
        for one in plan.before.iter().flatten() {
            let done = match one.flash_index {
                Some(index) => flash::logout(ctx, Some(&AdapterId::Host(one.host)), index).map(drop),
                None => session::logout(ctx, one.sid, &Leaving::default()).map(drop),
            };
            if let Err(e) = done {
                let answer = e.answer().unwrap_or_default().to_owned();
                let before = if ended.is_empty() {
                    String::new()
                } else {
                    format!("; ended before: session {}", ended.join(", "))
                };
                return Err(e
                    .during(tried)
                    .answered(format!("session {}: {answer}{before}", one.sid)));
            }
            ended.push(one.sid.to_string());
        }
        Ok(Done::AsPlanned)
    })
}
