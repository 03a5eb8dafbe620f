//! Reading interfaces with what is staged for them.

use super::super::adapter::{driver, require};
use super::super::helper::Asked;
use super::helped;
use super::stage::{Stage, show_on};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, IfaceId};
use crate::model::{AdapterKey, Iface};
use crate::quirks::Ability;

/// Interfaces of one port, or of all, with what is staged.
///
/// # Errors
/// [`Kind::NotFound`] for an unknown adapter.
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<Iface>> {
    let known = ctx.backend.adapter_keys()?;
    let keys = match id {
        Some(id) => vec![id.resolve(&known)?.clone()],
        None => known,
    };
    let stage = Stage::load(ctx)?;
    let mut all = Vec::new();
    let mut asked = Asked::default();
    for key in keys {
        all.extend(shown(ctx, &stage, &key, &mut asked)?);
    }
    Ok(all)
}

/// Interfaces of a port, those that its helper has among them.
fn shown(ctx: &mut Ctx<'_>, stage: &Stage, key: &AdapterKey, asked: &mut Asked) -> Result<Vec<Iface>> {
    let mut ifaces = of(ctx, stage, key)?;
    if driver(key).helper {
        let in_use = ctx.backend.adapter(key.host)?.and_then(|a| a.ip_address);
        ifaces.extend(helped::of(key.host, asked.about(ctx, key), in_use.as_deref()));
    }
    Ok(ifaces)
}

/// Interfaces of all ports as they are, without what is staged; those that helpers have among them.
pub(in crate::ops) fn unstaged(ctx: &mut Ctx<'_>, keys: &[AdapterKey]) -> Result<Vec<Iface>> {
    let (mut all, mut asked) = (Vec::new(), Asked::default());
    for key in keys {
        all.extend(shown(ctx, &Stage::default(), key, &mut asked)?);
    }
    Ok(all)
}

/// Interfaces of a port that the kernel shows.
pub(super) fn of(ctx: &mut Ctx<'_>, stage: &Stage, key: &AdapterKey) -> Result<Vec<Iface>> {
    let mut ifaces = ctx.backend.ifaces(key.host)?;
    for iface in &mut ifaces {
        let values = stage.of(key, iface.id());
        show_on(iface, &values);
    }
    Ok(ifaces)
}

/// One interface with what is staged.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, iface: IfaceId) -> Result<Iface> {
    let stage = Stage::load(ctx)?;
    let keys = ctx.backend.adapter_keys()?;
    Ok(find_among(ctx, &stage, &keys, iface, &format!("show {iface}"))?.1)
}

/// The port and the interface; not finding either fails as `tried`.
fn find_among(
    ctx: &mut Ctx<'_>,
    stage: &Stage,
    keys: &[AdapterKey],
    id: IfaceId,
    tried: &str,
) -> Result<(AdapterKey, Iface)> {
    let key = AdapterId::Host(id.host).resolve(keys)?.clone();
    let all = shown(ctx, stage, &key, &mut Asked::default())?;
    let found = all.into_iter().find(|i| i.id() == id);
    let iface = found.ok_or_else(|| {
        Error::new(Kind::NotFound, tried)
            .answered(format!("there is no interface {id}"))
            .hint(crate::Step::IfaceList.then(" shows what is there"))
    })?;
    Ok((key, iface))
}

/// As `find_among`, on a port whose interfaces can be set; with the other ports.
pub(super) fn find_settable(
    ctx: &mut Ctx<'_>,
    stage: &Stage,
    id: IfaceId,
    tried: &str,
) -> Result<(AdapterKey, Iface, Vec<AdapterKey>)> {
    let keys = ctx.backend.adapter_keys()?;
    // Before it is looked for: an adapter whose interfaces cannot be set may have none.
    require(AdapterId::Host(id.host).resolve(&keys)?, tried, Ability::Iface)?;
    let (key, iface) = find_among(ctx, stage, &keys, id, tried)?;
    let others = keys.into_iter().filter(|other| other.host != key.host).collect();
    Ok((key, iface, others))
}
