//! Changing parameters of a flash target.

use std::time::Duration;

use super::super::adapter::resolve_able;
use super::super::write::{Done, Plan, Write, as_it_is};
use super::find::one;
use super::paths::{Own, Paths, isid as isid_of};
use super::wanted::{Wanted, back, difference};
use crate::Change;
use crate::ctx::Ctx;
use crate::discovery::odd;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::FlashTarget;
use crate::params::{Assignment, FlashnodeParam, ParamValue, Parameter};
use crate::quirks::Ability;

/// Parameters to change on a flash target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlashSettings {
    /// CHAP: `Some(Some(index))` uses the entry, `Some(None)` switches CHAP off, `None` leaves it.
    pub chap: Option<Option<u16>>,
    /// Mutual CHAP.
    pub bidi_chap: Option<bool>,
    /// Whether to choose an ISID that no other path to the target has.
    pub new_isid: bool,
    /// Further parameters.
    pub params: Vec<Assignment<FlashnodeParam>>,
}

impl FlashSettings {
    fn wanted(&self) -> Result<Wanted> {
        let mut wanted = Wanted::default();
        if let Some(chap) = self.chap {
            wanted.chap(chap)?;
        }
        if let Some(bidi) = self.bidi_chap {
            wanted.put(FlashnodeParam::BidiChapEn, if bidi { "on" } else { "off" })?;
        }
        for a in &self.params {
            wanted.push(a.clone())?;
        }
        Ok(wanted)
    }
}

/// Changes parameters of a flash target in one message.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`], [`Kind::Unsupported`], [`Kind::VerifyFailed`], [`Kind::RollbackFailed`].
pub fn set(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    index: u32,
    settings: &FlashSettings,
) -> Result<Change<FlashTarget>> {
    let tried = format!("change flash target {index}");
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    let mut wanted = settings.wanted().map_err(|e| e.during(tried.clone()))?;
    let _writer = ctx.writer(host, "flash set", &tried)?;
    let before = one(ctx, host, index, &tried)?;
    path(ctx, &before, settings.new_isid, &mut wanted, &tried)?;
    let changes = wanted.changes(&before.params);
    if changes.is_empty() {
        return Ok(as_it_is(Some(before)));
    }
    wanted.check_chap(ctx, host, &tried)?;
    let mut planned = before.params.clone();
    planned.extend(changes.iter().map(|a| (a.param, Some(a.value.clone()))));
    let mut planned = FlashTarget::from_params(host, index, planned);
    planned.session.clone_from(&before.session);
    check_address_family(&before, &changes, &tried)?;
    if let Some(session) = &before.session {
        ctx.warn(format!(
            "session {} keeps the old settings until it logs in again",
            session.sid
        ));
    }
    let plan = Plan {
        diff: difference(Some(&before), Some(&planned)),
        before: Some(before.clone()),
        after: Some(planned),
    };
    plan.carry_out(ctx, |ctx, _| {
        let undo = back(&before.params, &changes)?;
        let after = Write {
            tried: tried.clone(),
            look: crate::Step::FlashShow,
            based: Some(&|t: &Option<FlashTarget>| t.as_ref().is_some_and(|t| t.params == before.params)),
            write: &mut |ctx| {
                ctx.backend
                    .set_flash_target(host, index, &changes, ctx.deadline)
                    .map_err(|e| e.during(tried.clone()))
            },
            read: &mut |ctx| ctx.backend.flash_target(host, index),
            wrong: &|t: &Option<FlashTarget>| match t {
                Some(t) => wanted.wrong(&t.params),
                None => vec![format!("flash target {index} is gone")],
            },
            foreign: &|t: &Option<FlashTarget>| foreign(t.as_ref(), &before, &changes),
            undo: &mut |ctx, _| ctx.backend.set_flash_target(host, index, &undo, ctx.deadline),
            restored: &|t: &Option<FlashTarget>| {
                t.as_ref().is_some_and(|t| {
                    changes
                        .iter()
                        .all(|a| t.params.get(a.param) == before.params.get(a.param))
                })
            },
            patience: Duration::ZERO,
        }
        .run(ctx)?;
        let after = after.map(|mut t| {
            t.session.clone_from(&before.session);
            t
        });
        Ok(Done::ReadBack {
            diff: difference(Some(&before), after.as_ref()),
            after,
        })
    })
}

/// Sees to it that the path can stand beside the others to its target.
fn path(
    ctx: &mut Ctx<'_>,
    before: &FlashTarget,
    new_isid: bool,
    wanted: &mut Wanted,
    tried: &str,
) -> Result<()> {
    let renamed = wanted.value(FlashnodeParam::Name).and_then(ParamValue::as_text);
    let renamed = renamed
        .map(str::to_owned)
        .filter(|name| Some(name) != before.target_name.as_ref());
    let asked = wanted.isid().filter(|isid| Some(*isid) != isid_of(before));
    let Some(target) = renamed.clone().or_else(|| before.target_name.clone()) else {
        return if new_isid {
            Err(Error::new(Kind::Invalid, tried).answered(
                "it is a discovery entry: the sessions of what it finds are told apart by the driver",
            ))
        } else {
            Ok(())
        };
    };
    if !new_isid && asked.is_none() && renamed.is_none() {
        return Ok(());
    }
    let address = before.address.as_deref().and_then(|a| a.parse().ok());
    let own = Own {
        host: before.host,
        target: &target,
        at: address.zip(before.port),
        index: Some(before.index),
        sid: before.session.as_ref().map(|s| s.sid),
    };
    if let Some(remark) = renamed.as_deref().and_then(odd) {
        ctx.warn(remark);
    }
    let paths = Paths::all(ctx, own, None)?;
    if let Some(asked) = asked {
        if new_isid {
            return Err(
                Error::new(Kind::Invalid, tried).answered("an isid is to be chosen, and one is given too")
            );
        }
        return paths.check(own, asked, tried);
    }
    // What it has stays, if nobody else has it.
    let now = isid_of(before);
    let chosen = match now {
        Some(now) => Some(paths.beside(own, now, tried)?),
        None => paths.choose(own, tried)?,
    };
    if let Some(isid) = chosen.filter(|isid| Some(*isid) != now) {
        wanted.put(FlashnodeParam::Isid, &isid.to_string())?;
    }
    Ok(())
}

/// What was not to change and did: another target stands there now.
fn foreign(
    now: Option<&FlashTarget>,
    before: &FlashTarget,
    changes: &[Assignment<FlashnodeParam>],
) -> Vec<String> {
    let Some(now) = now else { return Vec::new() };
    let identity = [FlashnodeParam::Name, FlashnodeParam::Ipaddr, FlashnodeParam::Port];
    identity
        .into_iter()
        .filter(|param| changes.iter().all(|a| a.param != *param))
        .filter(|param| now.params.get(*param) != before.params.get(*param))
        .map(|param| {
            let value = now.params.value(param);
            let text = value.map_or_else(|| "n/a".to_owned(), ParamValue::to_string);
            format!("{} is {}", param.name(), text.escape_debug())
        })
        .collect()
}

/// The entry's family was chosen when it was made.
fn check_address_family(
    before: &FlashTarget,
    changes: &[Assignment<FlashnodeParam>],
    tried: &str,
) -> Result<()> {
    let Some(family) = before.portal_type else {
        return Ok(());
    };
    for a in changes.iter().filter(|a| a.param == FlashnodeParam::Ipaddr) {
        let is_v6 = a.value.as_text().is_some_and(|t| t.contains(':'));
        if is_v6 != (family == crate::model::PortalType::Ipv6) {
            return Err(Error::new(Kind::Invalid, tried)
                .answered(format!("the entry is of family {family}"))
                .hint("add a new flash target for the other family"));
        }
    }
    Ok(())
}
