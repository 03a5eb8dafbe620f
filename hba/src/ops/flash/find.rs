//! Reading flash targets, and which session belongs to which.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_compare_tuple_ddb`: name, address, port and, between twins, ISID).

use std::ops::ControlFlow;

use super::super::adapter::{all_able, resolve_able};
use crate::address;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::model::{FlashSession, FlashTarget, Session, SessionBrief};
use crate::params::{FlashnodeParam, ParamValue};
use crate::quirks::Ability;

/// Flash targets of one port, or of all, with their sessions.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Unsupported`].
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<FlashTarget>> {
    let mut found = Vec::new();
    for host in all_able(ctx, id, "list flash targets", Ability::Flash)? {
        found.extend(all(ctx, host)?);
    }
    Ok(found)
}

/// One flash target with its session.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u32) -> Result<FlashTarget> {
    let tried = format!("show flash target {index}");
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    one(ctx, host, index, &tried)
}

/// All flash targets of a port with their sessions.
pub(in crate::ops) fn all(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Vec<FlashTarget>> {
    let mut targets = ctx.backend.flash_targets(host)?;
    attach(ctx, host, &mut targets)?;
    Ok(targets)
}

/// One flash target with its session; not finding it fails as `tried`.
pub(super) fn one(ctx: &mut Ctx<'_>, host: HostNo, index: u32, tried: &str) -> Result<FlashTarget> {
    let Some(target) = ctx.backend.flash_target(host, index)? else {
        return Err(Error::new(Kind::NotFound, tried)
            .answered(format!("{host} has no flash target {index}"))
            .hint(crate::Step::FlashList.then(" shows what is there")));
    };
    let mut targets = [target];
    attach(ctx, host, &mut targets)?;
    let [target] = targets;
    Ok(target)
}

/// Whether a session goes to the target's portal and name.
pub(super) fn same_portal(target: &FlashTarget, session: &SessionBrief) -> bool {
    target.target_name.as_deref() == Some(session.target_name.as_str())
        && target.port == Some(session.port)
        && target
            .address
            .as_deref()
            .is_some_and(|a| same_address(a, &session.address))
}

/// Whether two address texts mean the same address.
pub(super) fn same_address(a: &str, b: &str) -> bool {
    address::same(a, b).unwrap_or(a == b)
}

/// The flash target that a session was made from.
pub(in crate::ops) fn of_session<'t>(
    targets: &'t [FlashTarget],
    session: &Session,
) -> Option<&'t FlashTarget> {
    let connection = session.connections.first()?;
    let same = |t: &&FlashTarget| {
        t.host == session.host
            && t.target_name.as_deref() == Some(session.target_name.as_str())
            && t.port.is_some()
            && t.port == connection.persistent_port
            && t.address
                .as_deref()
                .zip(connection.persistent_address.as_deref())
                .is_some_and(|(a, b)| same_address(a, b))
    };
    let twins: Vec<&FlashTarget> = targets.iter().filter(same).collect();
    match twins.as_slice() {
        [only] => Some(only),
        many => many
            .iter()
            .find(|t| session.isid.is_some() && session.isid == isid_of(t))
            .copied(),
    }
}

fn attach(ctx: &mut Ctx<'_>, host: HostNo, targets: &mut [FlashTarget]) -> Result<()> {
    let mut sessions = Vec::new();
    if targets.iter().any(|t| !t.discovery) {
        ctx.backend.for_each_session(&mut |s| {
            if s.host == host && targets.iter().any(|t| same_portal(t, &s)) {
                sessions.push(s);
            }
            ControlFlow::Continue(())
        })?;
    }
    for session in sessions {
        let twins: Vec<usize> = (0..targets.len())
            .filter(|i| same_portal(&targets[*i], &session))
            .collect();
        let mine = match twins.as_slice() {
            [] => None,
            [only] if targets[*only].session.is_none() => Some(*only),
            many => {
                let isid = ctx.backend.session(session.sid)?.and_then(|s| s.isid);
                let same = |i: &&usize| isid.is_some() && isid == isid_of(&targets[**i]);
                many.iter().find(same).copied()
            }
        };
        if let Some(i) = mine {
            targets[i].session = Some(FlashSession {
                sid: session.sid,
                state: session.state,
            });
        }
    }
    Ok(())
}

pub(super) fn isid_of(target: &FlashTarget) -> Option<String> {
    target
        .params
        .value(FlashnodeParam::Isid)
        .and_then(ParamValue::as_text)
        .map(str::to_owned)
}
