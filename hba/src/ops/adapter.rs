//! Adapters: list, show, reset.

use std::ops::ControlFlow;

use super::helper::Asked;
use super::write::{Done, Plan, may, wait_for};
use super::{iface, in_use};
use crate::Change;
use crate::backend::LunScope;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::message::Message;
use crate::model::{Adapter, AdapterKey, Health, HealthStatus, HelperPresence, InitiatorPortal};
use crate::quirks::{Ability, Driver};
use crate::step::Step;

/// The key of `id`; without an id, that of the only adapter.
pub(super) fn resolve_key(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<AdapterKey> {
    let known = ctx.backend.adapter_keys()?;
    match (id, known.as_slice()) {
        (Some(id), known) => Ok(id.resolve(known)?.clone()),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Error::new(Kind::NotFound, "choose an adapter")
            .answered("there is no iscsi adapter here")
            .hint(Message::from("load the adapter's driver, or name an ").then(Step::WithEndpoint))),
        (None, many @ [first, ..]) => {
            let list: Vec<String> = many.iter().map(|k| k.host.to_string()).collect();
            Err(Error::new(Kind::Invalid, "choose an adapter")
                .answered(format!("there are {}", list.join(", ")))
                .hint(Message::from("name one of them: ").then(Step::WithHost(first.host))))
        }
    }
}

/// The host number of `id`; without an id, that of the only adapter.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] when no id is given and there are several adapters.
pub fn resolve(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<HostNo> {
    Ok(resolve_key(ctx, id)?.host)
}

/// The host of `id` (or of the only adapter), which must be able to do what `able` asks.
pub(super) fn resolve_able(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    tried: &str,
    able: Ability,
) -> Result<HostNo> {
    let key = resolve_key(ctx, id)?;
    require(&key, tried, able)?;
    Ok(key.host)
}

/// Refuses when the adapter's driver cannot do what `able` asks, with the reason and what to do instead.
pub(super) fn require(key: &AdapterKey, tried: &str, able: Ability) -> Result<()> {
    let Some(why) = driver(key).can(able).why_not() else {
        return Ok(());
    };
    let name = key.transport.as_deref().unwrap_or("an unknown driver");
    let error = Error::new(Kind::Unsupported, format!("{tried} on {}", key.host))
        .answered(format!("{} is of {name}: {}", key.host, why.reason));
    Err(match why.hint() {
        Some(hint) => error.hint(hint),
        None => error.hint(Step::AdapterShow.then(" lists what an adapter can do")),
    })
}

/// Whether the adapter can do what `able` asks, by itself or by its helper.
pub(super) fn is_able(key: &AdapterKey, able: Ability) -> bool {
    driver(key).can(able).why_not().is_none()
}

/// The driver of a port.
pub(super) fn driver(key: &AdapterKey) -> &'static Driver {
    Driver::of(key.transport.as_deref().unwrap_or_default())
}

/// As [`all_able`], the keys.
pub(super) fn all_able_keys(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    tried: &str,
    able: Ability,
) -> Result<Vec<AdapterKey>> {
    if id.is_some() {
        let key = resolve_key(ctx, id)?;
        require(&key, tried, able)?;
        return Ok(vec![key]);
    }
    let known = ctx.backend.adapter_keys()?;
    let can = |k: &AdapterKey| is_able(k, able);
    match known.first() {
        // Nothing to be found is another answer than nobody who could be asked.
        Some(first) if !known.iter().any(can) => require(first, tried, able).map(|()| Vec::new()),
        _ => Ok(known.into_iter().filter(can).collect()),
    }
}

/// All adapters that can do what `able` asks, or the one of `id`, which must. Where there are adapters, one of them must.
pub(super) fn all_able(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    tried: &str,
    able: Ability,
) -> Result<Vec<HostNo>> {
    let keys = all_able_keys(ctx, id, tried, able)?;
    Ok(keys.into_iter().map(|k| k.host).collect())
}

/// How many sessions a port has.
pub(super) fn session_count(ctx: &mut Ctx<'_>, host: HostNo) -> Result<usize> {
    let mut count = 0;
    ctx.backend.for_each_session(&mut |s| {
        count += usize::from(s.host == host);
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// Refuses when sessions would drop and the operator has not forced it.
pub(super) fn guard_sessions(ctx: &mut Ctx<'_>, host: HostNo, tried: &str) -> Result<()> {
    let count = session_count(ctx, host)?;
    if count == 0 {
        return Ok(());
    }
    let (sessions, drop, them) = match count {
        1 => (format!("1 session of {host}"), "drops and logs in again", "it"),
        _ => (
            format!("{count} sessions of {host}"),
            "drop and log in again",
            "them",
        ),
    };
    let stack = ctx.backend.stacked(LunScope::Host(host), ctx.deadline)?;
    let carries =
        in_use::told(&in_use::find(&stack)).map_or_else(String::new, |told| format!("; in use: {told}"));
    let refusal = Error::new(Kind::Busy, tried)
        .answered(format!("{sessions} would drop{carries}"))
        .hint(Message::from(format!("log {them} out first, or use ")).then(Step::WithForce));
    may(ctx, format!("{sessions} {drop}{carries}"), refusal)
}

/// All adapter ports, by host number.
///
/// # Errors
/// The endpoint cannot be read.
pub fn list(ctx: &mut Ctx<'_>) -> Result<Vec<Adapter>> {
    let (mut all, mut asked) = (Vec::new(), Asked::default());
    for key in ctx.backend.adapter_keys()? {
        let found = ctx.backend.adapter(key.host)?;
        all.extend(found.map(|found| with_helper(ctx, found, &mut asked)));
    }
    Ok(all)
}

/// One port in full.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Adapter> {
    let host = resolve(ctx, id)?;
    let found = read(ctx, host)?;
    Ok(with_helper(ctx, found, &mut Asked::default()))
}

/// The port, and whether the helper that it needs is there: without it no session comes up.
fn with_helper(ctx: &mut Ctx<'_>, mut adapter: Adapter, asked: &mut Asked) -> Adapter {
    let helper = asked.about(ctx, &adapter.key());
    adapter.helper = helper.map(|helper| helper.presence);
    // The driver tells an address only while it has connections.
    let kept = iface::kept_address(adapter.host, helper);
    adapter.ip_address = adapter.ip_address.or(kept);
    let well = adapter.health.status == Some(HealthStatus::Working);
    if well && adapter.helper == Some(HelperPresence::NotRunning) {
        adapter.health = Health {
            status: Some(HealthStatus::Degraded),
            reason: Some("its network helper (iscsiuio) does not run".to_owned()),
        };
    }
    adapter
}

fn read(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Adapter> {
    ctx.backend.adapter(host)?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("show {host}")).answered("it went away while being read")
    })
}

/// Addresses that sessions of a port, or of all ports, are made from.
///
/// # Errors
/// [`Kind::NotFound`]; the interfaces cannot be read.
pub fn portals(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<InitiatorPortal>> {
    let keys = match id {
        Some(_) => vec![resolve_key(ctx, id)?],
        None => ctx.backend.adapter_keys()?,
    };
    let mut all = Vec::new();
    for iface in iface::unstaged(ctx, &keys)? {
        all.extend(portals::of(&iface));
    }
    for (index, portal) in all.iter_mut().enumerate() {
        portal.index = u32::try_from(index).unwrap_or(u32::MAX);
    }
    Ok(all)
}

/// Resets the adapter and waits until it runs again. Sessions drop: needs `force` while there are any.
///
/// # Errors
/// [`Kind::Busy`] with sessions and without `force`; [`Kind::Timeout`].
pub fn reset(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Change<Adapter>> {
    let host = resolve_able(ctx, id, "reset the adapter", Ability::Reset)?;
    let tried = format!("reset {host}");
    let _writer = ctx.writer(host, "adapter reset", &tried)?;
    let before = read(ctx, host)?;
    guard_sessions(ctx, host, &tried)?;
    let uptime = before.firmware_uptime.clone();
    let plan = Plan {
        before: Some(before.clone()),
        after: Some(before),
        diff: vec![Difference::new("reset", None, Some(host.to_string()))],
    };
    plan.carry_out(ctx, |ctx, _| {
        ctx.backend.reset_adapter(host, ctx.deadline)?;
        let after = wait_for(ctx, &tried, &format!("{host} in state running"), |ctx| {
            Ok(ctx
                .backend
                .adapter(host)?
                .filter(|a| a.state.as_deref().is_none_or(|s| s == "running")))
        })?;
        let mut diff = Vec::new();
        if uptime != after.firmware_uptime {
            diff.push(Difference::new(
                "firmware_uptime",
                uptime,
                after.firmware_uptime.clone(),
            ));
        }
        Ok(Done::ReadBack {
            after: Some(after),
            diff,
        })
    })
}

mod portals;
#[cfg(test)]
mod tests;
