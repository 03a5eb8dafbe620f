//! Why a session stays away: its target is asked by this host, in the adapter's name, and the answer becomes an event.

use super::super::flash::{Diagnosis, diagnose, of_session};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::model::{Event, LoginFailureType};

/// Asks; `None` when the target tells nothing that would explain it, or the session is gone.
pub(super) fn ask(ctx: &mut Ctx<'_>, sid: u32) -> Result<Option<(u32, Event)>> {
    let Some(session) = ctx.backend.session(sid)? else {
        return Ok(None);
    };
    let targets = ctx.backend.flash_targets(session.host)?;
    let Some(target) = of_session(&targets, &session) else {
        return Ok(None);
    };
    let (failure, reason) = match diagnose(ctx, target)? {
        Diagnosis::Refused(refusal) => (refusal.kind, refusal.why),
        Diagnosis::Unreachable(why)
        | Diagnosis::NoAddress(why)
        | Diagnosis::Otherwise(why)
        | Diagnosis::Silent(why) => (LoginFailureType::LoginOtherFail, why),
        Diagnosis::Accepted | Diagnosis::Nothing => return Ok(None),
    };
    let portal = session
        .connections
        .first()
        .and_then(|c| {
            Some(crate::address::portal(
                c.persistent_address.as_deref()?,
                c.persistent_port?,
            ))
        })
        .unwrap_or_default();
    let event = Event::LoginFailed {
        sid,
        target_name: session.target_name,
        portal,
        failure,
        reason,
        source: "probe".to_owned(),
    };
    Ok(Some((session.host.0, event)))
}
