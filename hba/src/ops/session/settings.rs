//! Setting what the kernel lets be set of a session that is up.
//!
//! `recovery_tmo` is the one attribute of a session that can be written (`scsi_transport_iscsi.c`, `iscsi_priv_session_rw_attr`), and only
//! while the session is up; of its units `queue_depth`, `timeout` and `eh_timeout` (`scsi_sysfs.c`). Other timeouts belong to whoever logs
//! in: they are known here to say so.

mod assign;

use std::time::Duration;

use assign::Setting;
pub use assign::SettingChange;

use super::super::write::{Done, Plan, Write, as_it_is};
use super::show;
use crate::Change;
use crate::backend::{LunScope, UnitAttr};
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::{SessionSettings, UnitSettings};
use crate::step::Step;
use crate::writer::Scope;

/// How long the kernel may take to show what was set.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sets what `changes` say, reads back, and restores what was there when the kernel has something else.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Busy`] for a session that is not up; [`Kind::Invalid`]; [`Kind::VerifyFailed`].
pub fn set(ctx: &mut Ctx<'_>, sid: u32, changes: &[SettingChange]) -> Result<Change<SessionSettings>> {
    let tried = format!("change session {sid}");
    let session = show(ctx, sid).map_err(|e| e.during(tried.clone()))?;
    let scope = session.flash_index.map_or(Scope::Logins, Scope::Login);
    let _turn = ctx.turn(scope, session.host, "session set", &tried)?;
    let before = read(ctx, sid, &tried)?;
    let asks_units = changes
        .iter()
        .any(|change| change.setting != Setting::RecoveryTmo);
    if asks_units && before.units.is_empty() {
        return Err(Error::new(Kind::NotFound, tried)
            .answered("the session has no logical units to set it of")
            .hint(Step::LunList.then(" shows the units")));
    }
    let wanted = wanted(&before, changes);
    let diff = differences(&before, &wanted);
    if diff.is_empty() {
        return Ok(as_it_is(Some(before)));
    }
    if !session.logged_in() && before.recovery_tmo != wanted.recovery_tmo {
        let state = session.state.as_deref().unwrap_or("in an unknown state");
        return Err(Error::new(Kind::Busy, tried)
            .answered(format!(
                "the session is {state}: the kernel changes the recovery time only of a session that is up"
            ))
            .hint("set it when the session is up again; it is meant for the next outage"));
    }
    let plan = Plan {
        before: Some(before.clone()),
        after: Some(wanted.clone()),
        diff,
    };
    plan.carry_out(ctx, |ctx, _| {
        let after = Write {
            tried: tried.clone(),
            look: Step::SessionList,
            based: Some(&|now: &SessionSettings| differences(&before, now).is_empty()),
            write: &mut |ctx| store(ctx, &before, &wanted).map_err(|e| e.during(tried.clone())),
            read: &mut |ctx| read(ctx, sid, &tried),
            wrong: &|now: &SessionSettings| {
                let told = |text: Option<String>| text.unwrap_or_else(|| "n/a".to_owned());
                differences(&wanted, now)
                    .into_iter()
                    .map(|d| format!("{} is {}, wanted {}", d.field, told(d.after), told(d.before)))
                    .collect()
            },
            foreign: &|_| Vec::new(),
            undo: &mut |ctx, now| store(ctx, now, &before),
            restored: &|now: &SessionSettings| differences(&before, now).is_empty(),
            patience: PATIENCE,
        }
        .run(ctx)?;
        Ok(Done::ReadBack {
            diff: differences(&before, &after),
            after: Some(after),
        })
    })
}

/// What is set now.
fn read(ctx: &mut Ctx<'_>, sid: u32, tried: &str) -> Result<SessionSettings> {
    let session = ctx
        .backend
        .session(sid)?
        .ok_or_else(|| Error::new(Kind::NotFound, tried).answered("the session ended meanwhile"))?;
    let mut units = Vec::new();
    for lun in ctx.backend.luns(LunScope::Session(sid))? {
        let at: Hctl = lun.address.parse()?;
        units.push(UnitSettings {
            queue_depth: ctx.backend.unit_attr(at, UnitAttr::QueueDepth)?,
            timeout: ctx.backend.unit_attr(at, UnitAttr::Timeout)?,
            eh_timeout: ctx.backend.unit_attr(at, UnitAttr::EhTimeout)?,
            address: lun.address,
        });
    }
    Ok(SessionSettings {
        sid,
        recovery_tmo: session.recovery_timeout.map(|seconds| match seconds {
            -1 => "off".to_owned(),
            seconds => seconds.to_string(),
        }),
        units,
    })
}

fn wanted(before: &SessionSettings, changes: &[SettingChange]) -> SessionSettings {
    let mut wanted = before.clone();
    for change in changes {
        let value = || Some(change.value.clone());
        if change.setting == Setting::RecoveryTmo {
            wanted.recovery_tmo = value();
            continue;
        }
        for unit in &mut wanted.units {
            if let Some(place) = of_unit(unit, change.setting) {
                *place = value();
            }
        }
    }
    wanted
}

fn of_unit(unit: &mut UnitSettings, setting: Setting) -> Option<&mut Option<String>> {
    match setting {
        Setting::RecoveryTmo => None,
        Setting::QueueDepth => Some(&mut unit.queue_depth),
        Setting::Timeout => Some(&mut unit.timeout),
        Setting::EhTimeout => Some(&mut unit.eh_timeout),
    }
}

/// Every setting by name, with where it is written.
fn flat(settings: &SessionSettings) -> Vec<(String, Place, Option<String>)> {
    let mut all = vec![(
        "recovery_tmo".to_owned(),
        Place::Session,
        settings.recovery_tmo.clone(),
    )];
    for unit in &settings.units {
        for (attr, value) in [
            (UnitAttr::QueueDepth, &unit.queue_depth),
            (UnitAttr::Timeout, &unit.timeout),
            (UnitAttr::EhTimeout, &unit.eh_timeout),
        ] {
            let name = format!("{}.{}", unit.address, attr.name());
            all.push((name, Place::Unit(unit.address.clone(), attr), value.clone()));
        }
    }
    all
}

enum Place {
    Session,
    Unit(String, UnitAttr),
}

fn differences(before: &SessionSettings, after: &SessionSettings) -> Vec<Difference> {
    let now = flat(after);
    flat(before)
        .into_iter()
        .filter_map(|(name, _, old)| {
            let new = now.iter().find(|row| row.0 == name).and_then(|row| row.2.clone());
            (old != new).then(|| Difference::new(name, old, new))
        })
        .collect()
}

/// Writes what differs.
fn store(ctx: &mut Ctx<'_>, from: &SessionSettings, to: &SessionSettings) -> Result<()> {
    let old = flat(from);
    for (name, place, value) in flat(to) {
        let same = old.iter().any(|row| row.0 == name && row.2 == value);
        let (false, Some(value)) = (same, value) else {
            continue;
        };
        match place {
            Place::Session => ctx.backend.store_recovery(to.sid, &value, ctx.deadline)?,
            Place::Unit(address, attr) => {
                ctx.backend
                    .store_unit(address.parse()?, attr, &value, ctx.deadline)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
