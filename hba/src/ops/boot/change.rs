//! Writing the boot configuration: backup first, the whole NVRAM in one message with its checksum, read back. Both ports' bytes are in
//! the one NVRAM of the card: whoever else changes it meanwhile is not overwritten, and only our own bytes are ever restored.

use std::time::Duration;

use driver_sys::hw::nvram::{self as layout, BootTargetByte};

use super::super::adapter::{require, resolve_key};
use super::super::in_use;
use super::super::memory::backup::{self, Copy};
use super::super::write::{Done, Needs, Plan, Write, as_it_is, consented};
use super::nvram::{self, Bytes, Place};
use super::show::assemble;
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::intent::Intent;
use crate::message::Message;
use crate::model::{BootConfig, BootMode, FlashTarget, Slot};
use crate::quirks::Ability;
use crate::step::Step;

/// What to change in the boot configuration; `None` leaves a part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BootSettings {
    /// Boot mode.
    pub mode: Option<BootMode>,
    /// Flash target for the primary slot.
    pub primary: Option<u32>,
    /// Flash target for the secondary slot.
    pub secondary: Option<u32>,
}

/// Writes the boot configuration: backup, write, read back. Naming a target switches boot on (manual) when it is off. Takes
/// effect when the adapter starts again.
///
/// # Errors
/// [`Kind::NotFound`] for an unknown flash target, [`Kind::Unsupported`], [`Kind::VerifyFailed`], [`Kind::RollbackFailed`].
pub fn set(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, settings: &BootSettings) -> Result<Change<BootConfig>> {
    change(
        ctx,
        id,
        "boot set",
        "set the boot configuration",
        |now, flash, tried| {
            let mut wanted = now;
            for (place, index) in [
                (&mut wanted.primary, settings.primary),
                (&mut wanted.secondary, settings.secondary),
            ] {
                if let Some(index) = index {
                    *place = slot_byte(index, flash, tried)?;
                }
            }
            let named = settings.primary.is_some() || settings.secondary.is_some();
            match settings.mode {
                Some(mode) => wanted = wanted.with_mode(mode),
                None if named && wanted.mode() == BootMode::Disabled => {
                    wanted = wanted.with_mode(BootMode::Manual);
                }
                None => {}
            }
            Ok(wanted)
        },
    )
}

/// Invalidates slots: the one named, or both. Without a valid slot boot is disabled too.
///
/// # Errors
/// As [`set`].
pub fn clear(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, slot: Option<Slot>) -> Result<Change<BootConfig>> {
    change(
        ctx,
        id,
        "boot clear",
        "clear the boot configuration",
        |now, _, _| {
            let mut wanted = now;
            if slot != Some(Slot::Secondary) {
                wanted.primary = BootTargetByte(0);
            }
            if slot != Some(Slot::Primary) {
                wanted.secondary = BootTargetByte(0);
            }
            let empty = wanted.primary.ddb_index().is_none() && wanted.secondary.ddb_index().is_none();
            Ok(if empty {
                wanted.with_mode(BootMode::Disabled)
            } else {
                wanted
            })
        },
    )
}

fn slot_byte(index: u32, flash: &[FlashTarget], tried: &str) -> Result<BootTargetByte> {
    let Some(target) = flash.iter().find(|t| t.index == index) else {
        return Err(Error::new(Kind::NotFound, tried)
            .answered(format!("there is no flash target {index}"))
            .hint(Message::from("add it first: ").then(Step::FlashAdd)));
    };
    if target.discovery {
        return Err(
            Error::new(Kind::Invalid, tried).answered(format!("flash target {index} is a discovery entry"))
        );
    }
    u8::try_from(index)
        .ok()
        .and_then(BootTargetByte::new)
        .ok_or_else(|| {
            Error::new(Kind::Invalid, tried).answered(format!(
                "index {index} does not fit into the boot slot (at most 127)"
            ))
        })
}

fn change(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    command: &str,
    verb: &str,
    want: impl FnOnce(Bytes, &[FlashTarget], &str) -> Result<Bytes>,
) -> Result<Change<BootConfig>> {
    let key = resolve_key(ctx, id)?;
    let tried = format!("{verb} of {}", key.host);
    require(&key, verb, Ability::Boot)?;
    let _writer = ctx.writer(key.host, command, &tried)?;
    let (image, place) = nvram::read(ctx, &key, &tried)?;
    let flash = ctx.backend.flash_targets(key.host)?;
    let Some(now) = Bytes::from_image(&image, place) else {
        return Err(Error::new(Kind::Failed, tried).answered("the adapter's nvram is too short"));
    };
    let wanted = want(now, &flash, &tried)?;
    let before = assemble(ctx, &key, Some(now), &flash)?;
    if wanted == now {
        return Ok(as_it_is(Some(before)));
    }
    let mut after = before.clone();
    after.mode = Some(wanted.mode());
    after.slots = super::show::slots(wanted, &flash);
    let plan = Plan {
        diff: difference(&before, &after),
        before: Some(before),
        after: Some(after),
    };
    in_use::remark_root(ctx, key.host)?;
    consented(ctx, Needs::Nvram, &plan, &tried)?;
    plan.carry_out(ctx, |ctx, _| {
        backup::save(ctx, key.host, Copy::Nvram, &image).map_err(|e| e.during(tried.clone()))?;
        let mut new_image = image.clone();
        wanted.put(&mut new_image, place);
        let change = Bytewise {
            host: key.host,
            place,
            now,
            wanted,
        };
        let found = change.write(ctx, command, &tried, &image, &new_image)?;
        if found != new_image {
            ctx.warn("other bytes of the nvram were changed meanwhile by another program, and left so");
        }
        ctx.warn("takes effect when the adapter starts again");
        Ok(Done::AsPlanned)
    })
}

/// Our bytes of a port's NVRAM, before and after.
struct Bytewise {
    host: HostNo,
    place: Place,
    now: Bytes,
    wanted: Bytes,
}

impl Bytewise {
    /// Writes the whole `image` anew, and returns what is read back.
    fn write(
        self,
        ctx: &mut Ctx<'_>,
        command: &str,
        tried: &str,
        image: &[u8],
        new_image: &[u8],
    ) -> Result<Vec<u8>> {
        let Self {
            host,
            place,
            now,
            wanted,
        } = self;
        let bytes = image.iter().zip(new_image).enumerate();
        let intent = Intent::Nvram {
            bytes: bytes
                .filter(|(_, (old, new))| old != new)
                .map(|(at, (old, new))| (at, *old, *new))
                .collect(),
        };
        ctx.intending(host, command, tried, intent, |ctx| {
            Write {
                tried: tried.to_owned(),
                look: Step::BootShow,
                based: Some(&|found: &Vec<u8>| found == image),
                write: &mut |ctx| {
                    ctx.backend
                        .update_nvram(host, 0, new_image, ctx.deadline)
                        .map_err(|e| e.during(tried.to_owned()))
                },
                read: &mut |ctx| nvram::read_image(ctx, host, tried),
                wrong: &|found: &Vec<u8>| wrong(found, place, wanted),
                foreign: &|found: &Vec<u8>| foreign(found, place, now, wanted),
                undo: &mut |ctx, found| {
                    let mut back = found.clone();
                    now.put(&mut back, place);
                    ctx.backend.update_nvram(host, 0, &back, ctx.deadline)
                },
                restored: &|found: &Vec<u8>| wrong(found, place, now).is_empty(),
                patience: Duration::ZERO,
            }
            .run(ctx)
        })
    }
}

fn difference(before: &BootConfig, after: &BootConfig) -> Vec<Difference> {
    let mode = |c: &BootConfig| c.mode.map(|m| format!("{m:?}").to_lowercase());
    let slot = |c: &BootConfig, i: usize| {
        c.slots.get(i).map(|s| {
            if s.valid {
                format!("flash target {}", s.index)
            } else {
                "none".to_owned()
            }
        })
    };
    [
        Difference::new("mode", mode(before), mode(after)),
        Difference::new("primary", slot(before, 0), slot(after, 0)),
        Difference::new("secondary", slot(before, 1), slot(after, 1)),
    ]
    .into_iter()
    .filter(|d| d.before != d.after)
    .collect()
}

/// What is not as wanted: our bytes, and that the whole is sound. Other bytes are others' business.
fn wrong(found: &[u8], place: Place, wanted: Bytes) -> Vec<String> {
    let mut texts = Vec::new();
    let Some(bytes) = Bytes::from_image(found, place) else {
        return vec!["the nvram is too short".to_owned()];
    };
    for (name, is, wanted) in bytes.beside(wanted) {
        if is != wanted {
            texts.push(format!("{name} is {is:#04x}, wanted {wanted:#04x}"));
        }
    }
    if layout::word_sum(found) != 0 {
        texts.push("the checksum of the nvram is wrong".to_owned());
    }
    texts
}

/// Our bytes with values that are neither those before nor those written, in an nvram that is sound: somebody else's.
fn foreign(found: &[u8], place: Place, before: Bytes, wanted: Bytes) -> Vec<String> {
    let Some(bytes) = Bytes::from_image(found, place).filter(|_| layout::word_sum(found) == 0) else {
        return Vec::new();
    };
    let both = bytes.beside(before).into_iter().zip(bytes.beside(wanted));
    both.filter(|((_, is, before), (_, _, wanted))| is != before && is != wanted)
        .map(|((name, is, _), _)| format!("{name} is {is:#04x}"))
        .collect()
}
