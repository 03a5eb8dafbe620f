//! Looking at what became of an intent, and undoing what was left half made. Must not know whose record it is, or when.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_sysfs_ddb_add`: an entry without a name until `qla4xxx_sysfs_ddb_set_param` commits it).

use std::net::IpAddr;

use super::Intent;
use super::record::Record;
use crate::ctx::Ctx;
use crate::error::{Kind, Result};
use crate::ids::HostNo;
use crate::message::Message;
use crate::model::FlashTarget;
use crate::step::Step;

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// Nothing had been done.
    Nothing,
    /// What was begun has been undone.
    Undone(String),
    /// It had been done.
    Done(String),
    /// It cannot be told.
    Unknown(Message),
}

/// Looks, and undoes what is half made.
///
/// # Errors
/// The adapter does not tell, or does not do.
pub(super) fn settle(ctx: &mut Ctx<'_>, record: &Record) -> Result<Settled> {
    let host = record.host;
    drain(ctx, host)?;
    match &record.intent {
        Intent::FlashAdd {
            known,
            target,
            address,
            port,
        } => flash(ctx, host, known, |t| {
            t.target_name == *target && t.discovery == target.is_none() && at(t, *address, *port)
        }),
        Intent::Discovery { known, address, port } => discovery(ctx, host, known, *address, *port),
        Intent::Nvram { bytes } => nvram(ctx, host, bytes),
        Intent::InitiatorName { before, after } => name(ctx, host, before, after),
        Intent::Chap { index, before, after } => chap(ctx, host, *index, before.as_deref(), after.as_deref()),
        Intent::Ifaces { values } => ifaces(ctx, host, values),
    }
}

/// The kernel takes requests one after the other: what was sent before is through when this is answered. One that does not know this
/// request has answered, too.
fn drain(ctx: &mut Ctx<'_>, host: HostNo) -> Result<()> {
    match ctx.backend.host_stats(host, ctx.deadline) {
        Err(e) if e.kind() == Kind::Timeout => Err(e),
        _ => Ok(()),
    }
}

fn new_ones(ctx: &mut Ctx<'_>, host: HostNo, known: &[u32]) -> Result<Vec<FlashTarget>> {
    let mut all = ctx.backend.flash_targets(host)?;
    all.retain(|t| !known.contains(&t.index));
    Ok(all)
}

/// An entry that nobody committed: neither name nor portal.
fn blank(target: &FlashTarget) -> bool {
    let unset = |address: &str| address.parse::<IpAddr>().is_ok_and(|a| a.is_unspecified());
    target.target_name.is_none() && target.address.as_deref().is_none_or(unset)
}

fn at(target: &FlashTarget, address: IpAddr, port: u16) -> bool {
    let is = target.address.as_deref().and_then(|a| a.parse::<IpAddr>().ok());
    is == Some(address) && target.port == Some(port)
}

fn delete(ctx: &mut Ctx<'_>, host: HostNo, index: u32) -> Result<()> {
    match ctx.backend.delete_flash_target(host, index, ctx.deadline) {
        Err(e) if e.kind() == Kind::NotFound => Ok(()),
        other => other,
    }
}

fn flash(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    known: &[u32],
    wanted: impl Fn(&FlashTarget) -> bool,
) -> Result<Settled> {
    let mut settled = Settled::Nothing;
    for target in new_ones(ctx, host, known)? {
        if wanted(&target) {
            settled = Settled::Done(format!("it is there: {}", target.describe()));
        } else if blank(&target) {
            delete(ctx, host, target.index)?;
            settled = Settled::Undone(format!(
                "entry {}, which had no name yet, was removed",
                target.index
            ));
        }
    }
    Ok(settled)
}

fn discovery(ctx: &mut Ctx<'_>, host: HostNo, known: &[u32], address: IpAddr, port: u16) -> Result<Settled> {
    let mut gone = Vec::new();
    for target in new_ones(ctx, host, known)? {
        if blank(&target) || (target.discovery && target.target_name.is_none() && at(&target, address, port))
        {
            delete(ctx, host, target.index)?;
            gone.push(target.index.to_string());
        }
    }
    Ok(if gone.is_empty() {
        Settled::Nothing
    } else {
        Settled::Undone(format!("discovery entry {} was removed", gone.join(" and ")))
    })
}

fn nvram(ctx: &mut Ctx<'_>, host: HostNo, bytes: &[(usize, u8, u8)]) -> Result<Settled> {
    let length = bytes.iter().map(|(at, ..)| at + 1).max().unwrap_or(0);
    // Whole words, as the adapter has them.
    let now = ctx
        .backend
        .read_nvram(host, 0, length.next_multiple_of(4), ctx.deadline)?;
    let all = |pick: fn(&(usize, u8, u8)) -> u8| bytes.iter().all(|b| now.get(b.0) == Some(&pick(b)));
    Ok(if all(|b| b.2) {
        Settled::Done("the boot configuration is as it was wanted".to_owned())
    } else if all(|b| b.1) {
        Settled::Nothing
    } else {
        let kept = ctx.home.state.join("backup");
        let text = format!(
            "the boot bytes are neither as before nor as wanted; the nvram before is the latest in {}",
            kept.display()
        );
        Settled::Unknown(text.into())
    })
}

fn name(ctx: &mut Ctx<'_>, host: HostNo, before: &str, after: &str) -> Result<Settled> {
    let now = crate::ops::memory::in_flash(ctx, host)?;
    Ok(if now == after {
        Settled::Done(format!("the initiator's name in flash is {after}"))
    } else if now == before {
        Settled::Nothing
    } else {
        let kept = ctx.home.state.join("backup");
        let text = format!(
            "the initiator's name in flash is neither as before nor as wanted; the control block before is the latest in {}",
            kept.display()
        );
        Settled::Unknown(text.into())
    })
}

fn chap(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    index: u16,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<Settled> {
    // From its index on, one: it, or one behind it.
    let page = ctx.backend.chap_page(host, index, 1, ctx.deadline)?;
    let now = page
        .iter()
        .find(|r| r.index == index)
        .map(|r| r.username.as_str());
    Ok(if before == after {
        Settled::Unknown(
            Message::from(format!("chap entry {index} has the old secret or the new one; "))
                .then(Step::ChapSet(Some(index)))
                .then(" makes sure"),
        )
    } else if now == after {
        Settled::Done(match after {
            Some(_) => format!("chap entry {index} was written"),
            None => format!("chap entry {index} is gone"),
        })
    } else if now == before {
        Settled::Nothing
    } else {
        Settled::Unknown(format!("chap entry {index} is neither as before nor as wanted").into())
    })
}

fn ifaces(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    values: &[(String, String, Option<String>, String)],
) -> Result<Settled> {
    let all = ctx.backend.ifaces(host)?;
    let now = |iface: &str, name: &str| {
        all.iter()
            .find(|i| i.id().to_string() == iface)
            .and_then(|i| i.params.by_name(name))
            .and_then(Option::as_ref)
            .map(ToString::to_string)
    };
    // What the kernel does not show says neither one thing nor the other.
    let shown: Vec<_> = values
        .iter()
        .filter_map(|(iface, name, before, after)| Some((now(iface, name)?, before, after)))
        .filter(|(_, before, after)| before.as_ref() != Some(after))
        .collect();
    Ok(if shown.is_empty() {
        Settled::Unknown("the kernel does not show what was to be set".into())
    } else if shown.iter().all(|(now, _, after)| now == *after) {
        Settled::Done("the interfaces are as they were wanted".to_owned())
    } else if shown.iter().all(|(now, before, _)| before.as_ref() == Some(now)) {
        Settled::Nothing
    } else {
        Settled::Unknown("the interfaces have a part of what was wanted".into())
    })
}
