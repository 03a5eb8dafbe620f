//! Waiting until the operating system has what was asked for. A kernel's write to `scan` returns when the scan is done, but its disks
//! come a moment later (`sd_probe_async`); each wait has its own limit within the operator's.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::super::write::LOOK_AGAIN;
use super::look::{has_blocks, listed, sizes};
use crate::backend::{LunScope, UnitAttr};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::Lun;
use crate::step::Step;

/// How long units and sizes may take to come.
const SETTLES: Duration = Duration::from_secs(3);

/// What the target lists, asked through the first unit that comes.
pub(super) fn first(ctx: &mut Ctx<'_>, sid: u32) -> Result<Option<Vec<u64>>> {
    let mut found = None;
    until(ctx, |ctx| {
        let luns = ctx.backend.luns(LunScope::Session(sid))?;
        found = listed(ctx, &luns);
        Ok(found.is_some())
    })?;
    Ok(found)
}

/// Until every unit that is listed is there, and every disk has its block device.
pub(super) fn arrived(ctx: &mut Ctx<'_>, sid: u32, listed: Option<&[u64]>) -> Result<()> {
    until(ctx, |ctx| {
        let luns = ctx.backend.luns(LunScope::Session(sid))?;
        let has = |number: &u64| {
            luns.iter()
                .find(|lun| lun.address.parse::<Hctl>().is_ok_and(|hctl| hctl.lun == *number))
                .is_some_and(|lun| lun.device_type != Some(0) || lun.block_device.is_some())
        };
        Ok(listed.into_iter().flatten().all(has))
    })
}

/// Has every disk that tells another size than the operating system shows looked at again, until it shows that. Returns the units.
pub(super) fn resized(ctx: &mut Ctx<'_>, sid: u32) -> Result<Vec<Lun>> {
    let luns = ctx.backend.luns(LunScope::Session(sid))?;
    let numbers = listed(ctx, &luns);
    let told = sizes(ctx, &luns, numbers.as_deref());
    let mut stale = false;
    for lun in luns.iter().filter(|lun| differs(lun, &told)) {
        let address: Hctl = lun.address.parse()?;
        ctx.backend
            .store_unit(address, UnitAttr::Rescan, "1", ctx.deadline)?;
        stale = true;
    }
    if !stale {
        return Ok(luns);
    }
    let mut now = luns;
    until(ctx, |ctx| {
        now = ctx.backend.luns(LunScope::Session(sid))?;
        Ok(!now.iter().any(|lun| differs(lun, &told)))
    })?;
    Ok(now)
}

fn differs(lun: &Lun, told: &BTreeMap<String, u64>) -> bool {
    has_blocks(lun)
        && told
            .get(&lun.address)
            .is_some_and(|bytes| lun.size_bytes != Some(*bytes))
}

/// Until a unit is out.
pub(super) fn out(ctx: &mut Ctx<'_>, sid: u32, address: &str, tried: &str) -> Result<()> {
    let mut there = true;
    until(ctx, |ctx| {
        let luns = ctx.backend.luns(LunScope::Session(sid))?;
        there = luns.iter().any(|lun| lun.address == address);
        Ok(!there)
    })?;
    if there {
        return Err(Error::new(Kind::Unknown, tried)
            .answered("it was ordered, and the unit is still there")
            .hint(Step::LunList.then(" shows whether it goes yet")));
    }
    Ok(())
}

/// Looks again until `done`, at most [`SETTLES`]: what has not come by then is told as it is.
fn until(ctx: &mut Ctx<'_>, mut done: impl FnMut(&mut Ctx<'_>) -> Result<bool>) -> Result<()> {
    let limit = ctx.deadline.at_most(SETTLES);
    while !done(ctx)? {
        if limit.expired() {
            break;
        }
        ctx.backend.pause(LOOK_AGAIN.min(limit.remaining()));
    }
    Ok(())
}
