//! Why does the adapter not get in? The target is asked by the host itself, with the adapter's name and CHAP entry.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::chap::records;
use crate::backend::{ChapRecord, LoginProbe, ProbeOutcome};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::model::{ChapDirection, FlashTarget};

/// What the target, or the way to it, tells.
pub(super) enum Diagnosis {
    /// The login cannot succeed, and why.
    Refused(String),
    /// This host does not reach the target either, which may say something of the adapter, too.
    Unreachable(String),
    /// Nothing that would explain it.
    Nothing,
}

/// The reason, when the target gives one. A target that is out of the host's reach, or would take the login, tells nothing.
pub(super) fn diagnose(ctx: &mut Ctx<'_>, target: &FlashTarget) -> Result<Diagnosis> {
    // The time for it is kept of the operator's: it is asked when the rest has run out, too. Half, since the answer is to be told.
    let kept = ctx.deadline.for_clean_up();
    let deadline = kept.at_most(PROBE_LIMIT.min(kept.remaining() / 2));
    if ctx.deadline.stopped() {
        return Ok(Diagnosis::Nothing);
    }
    let initiator = ctx
        .backend
        .adapter(target.host)?
        .and_then(|adapter| adapter.initiator_name);
    let address = target.address.as_deref().and_then(|address| address.parse().ok());
    let (Some(initiator), Some(name), Some(ip), Some(port)) =
        (initiator, target.target_name.clone(), address, target.port)
    else {
        return Ok(Diagnosis::Nothing);
    };
    let chap = match target.chap_index {
        None => None,
        Some(index) => {
            let records = records(ctx, target.host)?;
            let find = |wanted: &dyn Fn(&&ChapRecord) -> bool| records.iter().find(wanted).cloned();
            let Some(out) = find(&|r| r.index == index) else {
                return Ok(Diagnosis::Refused(format!(
                    "the flash target uses chap entry {index}, which does not exist"
                )));
            };
            let mutual = target.bidi_chap == Some(true);
            Some((out, find(&|r| mutual && r.direction == ChapDirection::In)))
        }
    };
    let probe = LoginProbe {
        initiator,
        target: name,
        portal: SocketAddr::new(ip, port),
        chap,
    };
    Ok(match ctx.backend.probe_login(&probe, deadline) {
        ProbeOutcome::Refused(why) => Diagnosis::Refused(format!("asked by this host, {why}")),
        ProbeOutcome::Unreachable(why) => {
            Diagnosis::Unreachable(format!("this host cannot reach {} either: {why}", probe.portal))
        }
        ProbeOutcome::Accepted | ProbeOutcome::Unknown(_) => Diagnosis::Nothing,
    })
}

const PROBE_LIMIT: Duration = Duration::from_secs(5);
