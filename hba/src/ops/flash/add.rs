//! Adding a flash target: a new volatile entry, its parameters in one message, which commits it, and a look at the result.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_sysfs_ddb_add`: one uncommitted entry at a time, from index 2 on).

use std::net::IpAddr;
use std::time::Duration;

use super::super::adapter::resolve_able;
use super::super::write::{Done, Plan, Write, as_it_is};
use super::find::same_address;
use super::paths::{Named, Own, Paths};
use super::wanted::{Wanted, difference};
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::discovery::odd;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo, Portal};
use crate::intent::Intent;
use crate::message::Message;
use crate::model::{FlashTarget, PortalType};
use crate::params::{Assignment, FlashnodeParam};
use crate::quirks::Ability;
use crate::step::Step;

/// A flash target to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFlashTarget {
    /// Target name; `None` makes a SendTargets entry.
    pub target_name: Option<String>,
    /// Portal address.
    pub address: IpAddr,
    /// Portal TCP port.
    pub port: u16,
    /// Target portal group tag.
    pub tpgt: Option<u16>,
    /// CHAP entry to prove ourselves with.
    pub chap: Option<u16>,
    /// Whether the target must prove itself too.
    pub bidi_chap: bool,
    /// Further parameters.
    pub params: Vec<Assignment<FlashnodeParam>>,
}

impl NewFlashTarget {
    fn portal(&self) -> Portal {
        Portal::new(self.address, self.port)
    }

    fn describe(&self) -> String {
        match &self.target_name {
            Some(name) => format!("flash target {name} at {}", self.portal()),
            None => format!("discovery entry {}", self.portal()),
        }
    }

    fn wanted(&self) -> Result<Wanted> {
        let mut wanted = Wanted::default();
        wanted.put(FlashnodeParam::Ipaddr, &self.address.to_string())?;
        wanted.put(FlashnodeParam::Port, &self.port.to_string())?;
        match &self.target_name {
            Some(name) => {
                wanted.put(FlashnodeParam::Name, name)?;
                wanted.put(FlashnodeParam::DiscoverySess, "off")?;
            }
            None => wanted.put(FlashnodeParam::DiscoverySess, "on")?,
        }
        if let Some(tpgt) = self.tpgt {
            wanted.put(FlashnodeParam::Tpgt, &tpgt.to_string())?;
        }
        if self.chap.is_some() {
            wanted.chap(self.chap)?;
        }
        if self.bidi_chap {
            wanted.put(FlashnodeParam::BidiChapEn, "on")?;
        }
        for a in &self.params {
            wanted.push(a.clone())?;
        }
        Ok(wanted)
    }
}

/// Adds a flash target: new entry, parameters, commit, read back. Adding what exists already (same name and portal with the
/// same settings) changes nothing.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::Busy`] when the same target exists with other settings, [`Kind::VerifyFailed`].
pub fn add(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, new: &NewFlashTarget) -> Result<Change<FlashTarget>> {
    let tried = format!("add {}", new.describe());
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    add_to(ctx, host, new, &tried)
}

/// As [`add`], on a port known to have a flash table.
pub(super) fn add_to(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    new: &NewFlashTarget,
    tried: &str,
) -> Result<Change<FlashTarget>> {
    let mut wanted = new.wanted().map_err(|e| e.during(tried.to_owned()))?;
    let _writer = ctx.writer(host, "flash add", tried)?;
    if let Some(remark) = new.target_name.as_deref().and_then(odd) {
        ctx.warn(remark);
    }
    let known = ctx.backend.flash_names(host)?;
    if let Some(twin) = twin(ctx, host, &known, new)? {
        return exists(twin, &wanted, tried).map(|twin| as_it_is(Some(twin)));
    }
    wanted.check_chap(ctx, host, tried)?;
    let asked = wanted.clone();
    path(ctx, host, new, &known, &mut wanted, tried)?;
    let set = wanted.0.iter();
    let plan = Plan {
        before: None,
        after: None,
        diff: set
            .map(|a| Difference::new(a.name(), None, Some(a.value.to_string())))
            .collect(),
    };
    plan.carry_out(ctx, |ctx, _| {
        let intent = Intent::FlashAdd {
            known: known.iter().map(|(index, _)| *index).collect(),
            target: new.target_name.clone(),
            address: new.address,
            port: new.port,
        };
        ctx.intending(host, "flash add", tried, intent, |ctx| {
            make(ctx, host, new, &known, (&asked, wanted), tried)
        })
    })
}

/// Sees to it that the new path can stand beside those that there are to its target: an ISID that was asked for must be free, otherwise
/// one is chosen.
fn path(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    new: &NewFlashTarget,
    known: &[Named],
    wanted: &mut Wanted,
    tried: &str,
) -> Result<()> {
    let Some(target) = new.target_name.as_deref() else {
        return Ok(());
    };
    let own = Own {
        host,
        target,
        at: Some((new.address, new.port)),
        index: None,
        sid: None,
    };
    let paths = Paths::all(ctx, own, Some(known))?;
    if let Some(isid) = wanted.isid() {
        return paths.check(own, isid, tried);
    }
    if let Some(isid) = paths.choose(own, tried)? {
        wanted.put(FlashnodeParam::Isid, &isid.to_string())?;
    }
    Ok(())
}

/// Makes the entry, sets its parameters, which commits it, and looks.
fn make(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    new: &NewFlashTarget,
    known: &[(u32, Option<String>)],
    (asked, wanted): (&Wanted, Wanted),
    tried: &str,
) -> Result<Done<FlashTarget>> {
    let family = if new.address.is_ipv4() {
        PortalType::Ipv4
    } else {
        PortalType::Ipv6
    };
    let index = ctx
        .backend
        .new_flash_target(host, family, ctx.deadline)
        .map_err(|e| unmade(ctx, host, &e.during(tried.to_owned()), tried))?;
    if known.iter().any(|(taken, _)| *taken == index) {
        return Err(Error::new(Kind::Failed, tried)
            .answered(format!("the driver gave index {index}, which is taken"))
            .hint(Step::FlashList.then(" shows what is there")));
    }
    // Nobody can make an entry while ours is not committed: what is there now stays so until then.
    let mut others = ctx.backend.flash_names(host)?;
    others.retain(|(other, _)| *other != index && known.iter().all(|(old, _)| old != other));
    if let Some(twin) = twin(ctx, host, &others, new)? {
        ctx.backend
            .delete_flash_target(host, index, ctx.deadline)
            .map_err(|e| e.during(tried.to_owned()))?;
        return exists(twin, asked, tried).map(|twin| Done::AsItIs(Some(twin)));
    }
    let mut wanted = wanted;
    if others.iter().any(|(_, name)| *name == new.target_name) {
        // Another program made a path of its own meanwhile.
        wanted = asked.clone();
        let all: Vec<Named> = known.iter().chain(&others).cloned().collect();
        if let Err(refusal) = path(ctx, host, new, &all, &mut wanted, tried) {
            ctx.backend
                .delete_flash_target(host, index, ctx.deadline)
                .map_err(|e| e.during(tried.to_owned()))?;
            return Err(refusal);
        }
    }
    let params = wanted.0.clone();
    let after = Write {
        tried: tried.to_owned(),
        look: Step::FlashList,
        based: None,
        write: &mut |ctx| {
            ctx.backend
                .set_flash_target(host, index, &params, ctx.deadline)
                .map_err(|e| e.during(tried.to_owned()))
        },
        read: &mut |ctx| ctx.backend.flash_target(host, index),
        wrong: &|t: &Option<FlashTarget>| match t {
            Some(t) => wanted.wrong(&t.params),
            None => vec![format!("flash target {index} does not exist")],
        },
        foreign: &|_| Vec::new(),
        undo: &mut |ctx, _| match ctx.backend.delete_flash_target(host, index, ctx.deadline) {
            Err(e) if e.kind() == Kind::NotFound => Ok(()),
            other => other,
        },
        restored: &Option::is_none,
        patience: Duration::ZERO,
    }
    .run(ctx)?;
    let mut diff = difference(None, after.as_ref());
    diff.retain(|d| wanted.0.iter().any(|a| a.name() == d.field));
    Ok(Done::ReadBack { after, diff })
}

/// The same target is there: with the same settings that is as good as added.
fn exists(twin: FlashTarget, wanted: &Wanted, tried: &str) -> Result<FlashTarget> {
    let wrong = wanted.wrong(&twin.params);
    if wrong.is_empty() {
        return Ok(twin);
    }
    Err(Error::new(Kind::Busy, tried)
        .answered(format!(
            "it exists as flash target {} with other settings: {}",
            twin.index,
            wrong.join("; ")
        ))
        .hint(Message::from("change it: ").then(Step::FlashSet(Some(twin.index)))))
}

/// Why no entry could be made: the driver answers the same when its table is full and when there is one that is not committed.
fn unmade(ctx: &mut Ctx<'_>, host: HostNo, error: &Error, tried: &str) -> Error {
    // What was not answered may have made one: that is ours.
    if error.kind() == Kind::Unknown {
        return error.clone();
    }
    let all = ctx.backend.flash_targets(host).unwrap_or_default();
    match all.iter().find(|t| t.target_name.is_none() && !t.discovery) {
        Some(pending) => Error::new(Kind::Busy, tried)
            .answered(format!(
                "another program is making flash target {}, and the driver takes one at a time",
                pending.index
            ))
            .hint(
                Message::from("try again when it has ended; if none is at it any more: ")
                    .then(Step::FlashRemove(Some(pending.index))),
            ),
        None => full(ctx, host, error, all.len()),
    }
}

/// The driver does not say that its table is full: the entries are counted.
fn full(ctx: &mut Ctx<'_>, host: HostNo, error: &Error, used: usize) -> Error {
    let adapter = ctx.backend.adapter(host).ok().flatten();
    let Some(size) = adapter.and_then(|a| a.limits.flash_targets) else {
        return error.clone();
    };
    // Those for boot targets are not given out.
    let room = size.saturating_sub(BOOT_ENTRIES) as usize;
    if used < room {
        return error.clone();
    }
    error
        .clone()
        .answered(format!(
            "the flash table of {host} is full: {used} of {room} entries are used (two more are kept for boot targets)"
        ))
        .hint(Step::FlashRemove(None).then(" makes room; ").then(Step::FlashList).then(" shows what is there"))
}

/// Indices 0 and 1 (`qla4xxx_sysfs_ddb_add`).
const BOOT_ENTRIES: u32 = 2;

/// The entry that has the name and the portal already. Only entries of that name are read.
fn twin(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    known: &[(u32, Option<String>)],
    new: &NewFlashTarget,
) -> Result<Option<FlashTarget>> {
    for (index, _) in known.iter().filter(|(_, name)| *name == new.target_name) {
        // One that went away meanwhile is no twin.
        let found = ctx.backend.flash_target(host, *index)?;
        if let Some(found) = found.filter(|found| is_twin(found, new)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn is_twin(known: &FlashTarget, new: &NewFlashTarget) -> bool {
    let name = match &new.target_name {
        Some(name) => known.target_name.as_deref() == Some(name),
        None => known.discovery && known.target_name.is_none(),
    };
    name && known.port == Some(new.port)
        && known
            .address
            .as_deref()
            .is_some_and(|a| same_address(a, &new.address.to_string()))
}
