//! Scanning sessions: what the target lists is compared with what the operating system has, before and after.
//!
//! The kernel's scan only adds (`scsi_scan.c`, `scsi_report_lun_scan`): what the target lists no more stays, and a disk keeps its old
//! size until its `rescan` attribute is written (`scsi_sysfs.c`). Both are seen to here. A scan of a session that is not up does nothing
//! and succeeds (`scsi_transport_iscsi.c`, `iscsi_user_scan_session`): such sessions are left out, and that is told.

mod look;
mod settle;

use look::Look;

use super::super::in_use::guard_units;
use super::super::write::{Done, Plan};
use super::{list, show};
use crate::backend::{LunScope, UnitAttr};
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{Hctl, HostNo};
use crate::model::{Lun, Rescan, UnitChange, UnitFate};
use crate::step::Step;

/// Scans a session (or all sessions) for logical units that are new, gone or of another size. Those that are gone are taken out with
/// `remove`, which needs `force` while they are in use. Of all sessions each is scanned, whatever becomes of the others: one that ends
/// meanwhile is told, one that cannot be scanned fails the whole at its end.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Busy`] when units that are gone are in use, without `force`; [`Kind::Failed`] for a session that is not
/// up; [`Kind::Timeout`], [`Kind::Unknown`].
pub fn rescan(ctx: &mut Ctx<'_>, sid: Option<u32>, remove: bool) -> Result<Rescan> {
    let tried = sid.map_or_else(
        || "scan all sessions".to_owned(),
        |sid| format!("scan session {sid}"),
    );
    let mut left_out = Vec::new();
    let wanted = wanted(ctx, sid, &tried, &mut left_out)?;
    let mut looks = Vec::new();
    for (host, sid) in wanted {
        looks.push(look::at(ctx, host, sid)?);
    }
    if remove {
        for look in &looks {
            let gone = look.gone();
            guard_units(ctx, LunScope::Session(look.sid), &tried, |address| {
                gone.iter().any(|lun| lun.address == address)
            })?;
        }
    }
    let before: Vec<Lun> = looks.iter().flat_map(|look| look.luns.clone()).collect();
    let mut units: Vec<UnitChange> = looks.iter().flat_map(|look| look.foreseen(remove)).collect();
    let plan = Plan {
        before: Some(before),
        after: None,
        diff: differences(&units),
    };
    let mut scanned: Vec<u32> = looks.iter().map(|look| look.sid).collect();
    let change = plan.carry_out(ctx, |ctx, _| {
        let mut run = Run {
            only_one: sid.is_some(),
            failed: Vec::new(),
            all: looks.len(),
        };
        units.clear();
        scanned.clear();
        let mut after = Vec::new();
        for look in &looks {
            match one(ctx, look, remove) {
                Ok((luns, changes)) => {
                    scanned.push(look.sid);
                    after.extend(luns);
                    units.extend(changes);
                }
                Err(e) => {
                    left_out.push(look.sid);
                    run.failed(ctx, look.sid, e, &tried)?;
                }
            }
        }
        run.verdict(&tried)?;
        let diff = differences(&units);
        Ok(if diff.is_empty() {
            Done::AsItIs(Some(after))
        } else {
            Done::ReadBack {
                after: Some(after),
                diff,
            }
        })
    })?;
    remarks(ctx, &units);
    Ok(Rescan {
        change,
        units,
        scanned,
        left_out,
    })
}

/// The sessions to scan; those that are not up are told and left out.
fn wanted(
    ctx: &mut Ctx<'_>,
    sid: Option<u32>,
    tried: &str,
    left_out: &mut Vec<u32>,
) -> Result<Vec<(HostNo, u32)>> {
    if let Some(sid) = sid {
        let session = show(ctx, sid).map_err(|e| e.during(tried))?;
        if !session.logged_in() {
            let state = session.state.as_deref().unwrap_or("in an unknown state");
            return Err(Error::new(Kind::Failed, tried)
                .answered(format!(
                    "the session is {state}: the kernel scans only sessions that are up"
                ))
                .hint(Step::EventFollow.then(" tells when it is up again, and why it is not")));
        }
        return Ok(vec![(session.host, sid)]);
    }
    let mut up = Vec::new();
    for session in list(ctx, None)? {
        if session.state.as_deref() == Some("LOGGED_IN") {
            up.push((session.host, session.sid));
        } else {
            ctx.warn(format!(
                "session {} was not scanned: it is {}",
                session.sid,
                session.state.as_deref().unwrap_or("in an unknown state")
            ));
            left_out.push(session.sid);
        }
    }
    Ok(up)
}

/// Scans one session and reads back until it has settled.
fn one(ctx: &mut Ctx<'_>, look: &Look, remove: bool) -> Result<(Vec<Lun>, Vec<UnitChange>)> {
    let sid = look.sid;
    ctx.backend.scan_session(look.host, sid, ctx.deadline)?;
    let listed = match &look.listed {
        Some(listed) => Some(listed.clone()),
        // Nobody could be asked before; now perhaps.
        None => settle::first(ctx, sid)?,
    };
    settle::arrived(ctx, sid, listed.as_deref())?;
    let luns = settle::resized(ctx, sid)?;
    if remove {
        for lun in look.gone() {
            take_out(ctx, sid, lun)?;
        }
    }
    let luns = if remove && !look.gone().is_empty() {
        ctx.backend.luns(LunScope::Session(sid))?
    } else {
        luns
    };
    let changes = look.became(ctx, &luns, listed.as_deref());
    Ok((luns, changes))
}

/// Takes a unit out of the operating system, and looks whether it is out.
pub(in crate::ops) fn take_out(ctx: &mut Ctx<'_>, sid: u32, lun: &Lun) -> Result<()> {
    let tried = format!("take out {}", lun.address);
    let address: Hctl = lun.address.parse()?;
    ctx.backend
        .store_unit(address, UnitAttr::Delete, "1", ctx.deadline)
        .map_err(|e| e.during(tried.clone()))?;
    settle::out(ctx, sid, &lun.address, &tried)
}

/// How a scan of several sessions goes.
struct Run {
    only_one: bool,
    failed: Vec<Error>,
    all: usize,
}

impl Run {
    /// One session could not be scanned.
    fn failed(&mut self, ctx: &mut Ctx<'_>, sid: u32, e: Error, tried: &str) -> Result<()> {
        if self.only_one {
            return Err(e.during(tried));
        }
        // Gone, going, or not up: there is no target to scan.
        if e.kind() == Kind::NotFound || ctx.backend.session(sid)?.is_none() {
            ctx.warn(format!(
                "session {sid} was not scanned: it ended meanwhile, or is not up"
            ));
        } else {
            ctx.warn(e.to_string());
            self.failed.push(e);
        }
        Ok(())
    }

    fn verdict(&self, tried: &str) -> Result<()> {
        let Some(first) = self.failed.first() else {
            return Ok(());
        };
        let answer = first.answer().unwrap_or("the scan failed").to_owned();
        Err(first.clone().during(tried).answered(format!(
            "{} of {} sessions could not be scanned; the first: {answer}",
            self.failed.len(),
            self.all
        )))
    }
}

/// What changed in the operating system, or would.
fn differences(units: &[UnitChange]) -> Vec<Difference> {
    let size = |bytes: Option<u64>| bytes.map(|bytes| format!("{bytes} bytes"));
    units
        .iter()
        .filter(|unit| unit.fate.is_change())
        .map(|unit| {
            let here = || Some(unit.address.clone());
            match unit.fate {
                UnitFate::Found => Difference::new("lun", None, here()),
                UnitFate::Removed => Difference::new("lun", here(), None),
                _ => Difference::new(
                    format!("lun {} size", unit.address),
                    size(unit.bytes_before),
                    size(unit.bytes),
                ),
            }
        })
        .collect()
}

fn remarks(ctx: &mut Ctx<'_>, units: &[UnitChange]) {
    for unit in units {
        match unit.fate {
            UnitFate::Gone => ctx.warn(format!(
                "{}{} is listed by its target no more, and stays in the operating system until it is taken out",
                unit.address,
                unit.block_device.as_deref().map_or_else(String::new, |name| format!(" ({name})"))
            )),
            UnitFate::NotTaken => ctx.warn(format!(
                "{} is listed by its target, and the operating system does not take it",
                unit.address
            )),
            UnitFate::Stale => ctx.warn(format!(
                "{} has another size at its target than the operating system shows, which did not take it: \
                 a sector size that Linux does not take, or a unit that answers differently each time",
                unit.address
            )),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
