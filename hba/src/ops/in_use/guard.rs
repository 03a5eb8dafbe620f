//! The refusal: what stands on disks that would go, and what to do about it.

use super::super::write::may;
use super::find::find;
use super::usage::{Standing, Use};
use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::HostNo;
use crate::message::Message;
use crate::step::Step;

/// So many uses are named; of more the number is told.
const NAMED: usize = 4;

/// Refuses what would take the disks of `scope` away while they are in use, unless by force; then what is in use is a remark.
///
/// # Errors
/// [`Kind::Busy`] with what stands there; the kernel cannot be asked.
pub fn guard(ctx: &mut Ctx<'_>, scope: LunScope, tried: &str) -> Result<()> {
    guard_units(ctx, scope, tried, |_| true)
}

/// As [`guard`], of those units alone that `wanted` says.
pub(in crate::ops) fn guard_units(
    ctx: &mut Ctx<'_>,
    scope: LunScope,
    tried: &str,
    wanted: impl Fn(&str) -> bool,
) -> Result<()> {
    let mut stack = ctx
        .backend
        .stacked(scope, ctx.deadline)
        .map_err(|e| e.during(tried))?;
    stack.disks.retain(|disk| wanted(&disk.address));
    let uses = find(&stack);
    let Some(told) = told(&uses) else { return Ok(()) };
    let refusal = Error::new(Kind::Busy, tried)
        .answered(format!("in use: {told}"))
        .hint(what_to_do(&uses).then(", or use ").then(Step::WithForce));
    may(ctx, format!("in use, and taken away by force: {told}"), refusal)
}

/// The uses in one sentence; `None` when there are none.
pub(in crate::ops) fn told(uses: &[Use]) -> Option<String> {
    if uses.is_empty() {
        return None;
    }
    // What hurts most is told first.
    let mut order: Vec<&Use> = uses.iter().collect();
    order.sort_by_key(|one| match &one.what {
        _ if one.is_root() => 0,
        Standing::Mounted { .. } => 1,
        Standing::Swap => 2,
        Standing::Device => 3,
        Standing::Claimed => 4,
    });
    let mut words: Vec<String> = order.iter().take(NAMED).map(ToString::to_string).collect();
    if let Some(more) = uses.len().checked_sub(NAMED).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    Some(words.join("; "))
}

fn what_to_do(uses: &[Use]) -> Message {
    let has = |wanted: fn(&Standing) -> bool| uses.iter().any(|one| wanted(&one.what));
    let mut steps = Vec::new();
    if uses.iter().any(Use::is_root) {
        return "this machine runs from it: shut the machine down instead".into();
    }
    if has(|what| matches!(what, Standing::Mounted { .. })) {
        steps.push("unmount it");
    }
    if has(|what| *what == Standing::Swap) {
        steps.push("end swapping to it (swapoff)");
    }
    if has(|what| *what == Standing::Device) {
        steps.push("take it out of what is made of it (multipath -f, vgchange -an, mdadm --stop)");
    }
    if has(|what| *what == Standing::Claimed) {
        steps.push("end what holds it");
    }
    Message::from(format!("{} first (", steps.join(" and ")))
        .then(Step::LunUses)
        .then(" shows all of it)")
}

/// Remarks, before what a machine starts from is changed, that it runs from a disk of this port.
///
/// # Errors
/// The kernel cannot be asked.
pub(in crate::ops) fn remark_root(ctx: &mut Ctx<'_>, host: HostNo) -> Result<()> {
    for one in uses(ctx, LunScope::Host(host))?
        .iter()
        .filter(|one| one.is_root())
    {
        ctx.warn(format!(
            "this machine runs from a disk of this port, and what it starts from next time is changed: {one}"
        ));
    }
    Ok(())
}

/// What stands on the disks of a scope.
///
/// # Errors
/// The kernel cannot be asked.
pub fn uses(ctx: &mut Ctx<'_>, scope: LunScope) -> Result<Vec<Use>> {
    Ok(find(&ctx.backend.stacked(scope, ctx.deadline)?))
}
