//! Taking a target out of flash by its name: every entry of it, or that of one portal.
//!
//! Must not know how an entry is removed: [`crate::ops::flash`] does that, with its guards.

use super::logout::of_name;
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::{AdapterId, Portal};
use crate::model::FlashTarget;
use crate::ops::adapter::resolve_able;
use crate::ops::flash;
use crate::ops::write::{Done, Plan, as_it_is};
use crate::quirks::Ability;

/// Where an entry leads.
fn at(entry: &FlashTarget) -> Option<String> {
    let address = entry.address.as_deref()?.parse().ok()?;
    Some(Portal::new(address, entry.port?).to_string())
}

/// Removes the entries of a target, or that of `portal`.
///
/// # Errors
/// [`crate::Kind::NotFound`] when nothing is named so; as the removal of each entry.
pub fn remove(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    name: &str,
    portal: Option<Portal>,
) -> Result<Change<Vec<FlashTarget>>> {
    let tried = format!("remove target {}", name.escape_debug());
    if id.is_some() {
        resolve_able(ctx, id, &tried, Ability::Flash)?;
    }
    let mut entries = Vec::new();
    for target in of_name(ctx, id, name, &tried)? {
        let Some(host) = target.host.map(AdapterId::Host) else {
            continue;
        };
        for path in &target.paths {
            let asked = portal.is_none_or(|p| path.at.is_some_and(|at| at.at() == p.at()));
            if let Some(index) = path.flash_index.filter(|_| asked) {
                entries.push(flash::show(ctx, Some(&host), index)?);
            }
        }
    }
    if entries.is_empty() {
        return Ok(as_it_is(None));
    }
    let plan = Plan {
        diff: entries
            .iter()
            .map(|t| Difference::new(format!("flash.{}", t.index), at(t), None))
            .collect(),
        before: Some(entries),
        after: None,
    };
    plan.carry_out(ctx, |ctx, plan| {
        let mut gone: Vec<String> = Vec::new();
        for entry in plan.before.iter().flatten() {
            if let Err(e) = flash::remove(ctx, Some(&AdapterId::Host(entry.host)), entry.index) {
                let answer = e.answer().unwrap_or_default().to_owned();
                let before = if gone.is_empty() {
                    String::new()
                } else {
                    format!("; removed before: flash target {}", gone.join(", "))
                };
                return Err(e
                    .during(tried)
                    .answered(format!("{}: {answer}{before}", entry.describe())));
            }
            gone.push(entry.index.to_string());
        }
        Ok(Done::AsPlanned)
    })
}
