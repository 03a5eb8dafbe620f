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
use crate::ids::{AdapterId, HostNo, Portal};
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

/// Logs out of a target: of all of its sessions, or of those over `portal`. Entries in flash stay.
///
/// # Errors
/// [`Kind::NotFound`]; as the logout of each session.
pub fn logout(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    name: &str,
    portal: Option<Portal>,
) -> Result<Change<Vec<Ended>>> {
    let tried = format!("log out of target {}", name.escape_debug());
    let targets = of_name(ctx, id, name, &tried)?;
    let mut sessions = Vec::new();
    for target in targets {
        let asked = |at: Option<Portal>| portal.is_none_or(|p| at.is_some_and(|at| at.at() == p.at()));
        for path in target.paths.into_iter().filter(|path| asked(path.at)) {
            if let Some(session) = path.session {
                if path.known == Known::User {
                    // Nothing is ended when one is refused.
                    let session = session::show(ctx, session.sid)?;
                    return Err(session::not_ours(&session, tried));
                }
                sessions.push(Ended {
                    host: target.host,
                    sid: session.sid,
                    portal: path.portal,
                    flash_index: path.flash_index,
                });
            }
        }
    }
    if sessions.is_empty() {
        return Ok(as_it_is(None));
    }
    // Disks of all of them first: nothing is ended when one is refused.
    for one in &sessions {
        crate::ops::in_use::guard(ctx, crate::backend::LunScope::Session(one.sid), &tried)?;
    }
    let plan = Plan {
        diff: sessions
            .iter()
            .map(|one| Difference::new(format!("session.{}", one.sid), one.portal.clone(), None))
            .collect(),
        before: Some(sessions),
        after: None,
    };
    plan.carry_out(ctx, |ctx, plan| {
        let mut ended: Vec<String> = Vec::new();
        for one in plan.before.iter().flatten() {
            let done = match one.flash_index {
                Some(index) => flash::logout(ctx, Some(&AdapterId::Host(one.host)), index).map(drop),
                None => session::logout(ctx, one.sid).map(drop),
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
