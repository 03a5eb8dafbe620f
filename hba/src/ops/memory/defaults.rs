//! Putting areas of flash and NVRAM back to what the factory wrote.
//!
//! Source: `ql4_bsg.c` (`qla4xxx_restore_defaults`), `ql4_mbx.c` (`qla4xxx_restore_factory_defaults`); the areas as the vendor's driver
//! 5.00 has them.

use driver_sys::hw::flash::IFCB_COOKIE;
use driver_sys::hw::mailbox::FactoryAreas;
use driver_sys::hw::nvram::word_sum;
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, ql4_chap_table};
use schemars::JsonSchema;
use serde::Serialize;
use zerocopy::FromBytes;
use zeroize::Zeroizing;

use super::super::write::{Done, Needs, Plan, consented};
use super::backup::{self, Copy};
use super::place::{Area, port, unless};
use crate::Change;
use crate::backend::Memory;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::model::AdapterKey;
use crate::quirks::{Ability, Chip};
use crate::step::Step;

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Restored {
    /// The port.
    pub host: HostNo,
    /// The areas.
    pub areas: Vec<String>,
}

/// An area, its bit, where it can be read, and the copy that is kept of it.
type Row = (FactoryAreas, &'static str, fn() -> Memory, Copy);

const ROWS: &[Row] = &[
    (FactoryAreas::IFCB, "ifcb", || Area::Ifcb.memory(), Copy::Ifcb),
    (FactoryAreas::DDB, "ddb", || Area::Ddb.memory(), Copy::Ddb),
    (FactoryAreas::CHAP, "chap", || Area::Chap.memory(), Copy::Chap),
    (
        FactoryAreas::NVRAM,
        "nvram",
        || Memory::Nvram {
            offset: 0,
            length: 2048,
        },
        Copy::Nvram,
    ),
];

/// Puts areas back to what the factory wrote, all in one command. What runs goes on with what it knows until the next start.
///
/// # Errors
/// [`Kind::Unsupported`] on chips without it; [`Kind::Invalid`] without the word that flash may be written; [`Kind::Permission`] while
/// a boot slot names a flash target that would go; [`Kind::VerifyFailed`].
pub fn restore(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, areas: FactoryAreas) -> Result<Change<Restored>> {
    let (key, chip) = port(ctx, id, "restore factory settings", Ability::Memory)?;
    let host = key.host;
    let tried = format!("restore factory settings of {host}");
    let why = match chip {
        Chip::Isp4010 => Some("the driver does not restore an ISP4010"),
        other => other.why_no_areas(),
    };
    unless(&key, &tried, why)?;
    let _writer = ctx.writer(host, "adapter restore-defaults", &tried)?;
    let rows: Vec<&Row> = ROWS.iter().filter(|row| areas.contains(row.0)).collect();
    if areas.contains(FactoryAreas::DDB) && !areas.contains(FactoryAreas::NVRAM) {
        keep_boot_targets(ctx, &key, &tried)?;
    }
    let restored = Restored {
        host,
        areas: rows.iter().map(|row| row.1.to_owned()).collect(),
    };
    let plan = Plan {
        before: None,
        after: Some(restored),
        diff: rows
            .iter()
            .map(|row| {
                Difference::new(
                    row.1,
                    Some("as it is".to_owned()),
                    Some("as the factory wrote it".to_owned()),
                )
            })
            .collect(),
    };
    consented(ctx, Needs::Flash, &plan, &tried)?;
    plan.carry_out(ctx, |ctx, _| {
        for (_, _, memory, copy) in &rows {
            let now = Zeroizing::new(ctx.backend.read_memory(host, memory(), ctx.deadline)?);
            backup::save(ctx, host, *copy, &now).map_err(|e| e.during(tried.clone()))?;
        }
        ctx.backend
            .restore_defaults(host, areas, ctx.deadline)
            .map_err(|e| e.during(tried.clone()))?;
        for (_, name, memory, copy) in &rows {
            let found = Zeroizing::new(ctx.backend.read_memory(host, memory(), ctx.deadline).map_err(|e| {
                e.during(tried.clone()).in_doubt(Step::AdapterDump)
            })?);
            if !sound(*copy, &found) {
                return Err(Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
                    .answered(format!("read back, {name} is not as the factory writes it"))
                    .hint("a copy of what was there is in the state directory; look at the adapter before it is started again"));
            }
        }
        ctx.warn("takes effect when the adapter starts again; until then the driver shows what it knew");
        Ok(Done::AsPlanned)
    })
}

/// A boot slot keeps its flash target.
fn keep_boot_targets(ctx: &mut Ctx<'_>, key: &AdapterKey, tried: &str) -> Result<()> {
    for target in ctx.backend.flash_targets(key.host)? {
        if super::super::boot::names(ctx, key.host, target.index) {
            return Err(Error::new(Kind::Permission, tried)
                .answered(format!("flash target {} is a boot target", target.index))
                .hint(Step::BootClear.then(" takes it out of the boot configuration")));
        }
    }
    Ok(())
}

/// Whether bytes are what a factory leaves: a valid block, or tables without an entry.
fn sound(area: Copy, bytes: &[u8]) -> bool {
    match area {
        Copy::Ifcb => addr_ctrl_blk::read_from_bytes(bytes).is_ok_and(|b| b.cookie.get() == IFCB_COOKIE),
        Copy::Ddb => !records::<dev_db_entry>(bytes).any(|entry| entry.is_valid()),
        Copy::Chap => !records::<ql4_chap_table>(bytes).any(|entry| entry.is_valid()),
        Copy::Nvram => word_sum(bytes) == 0,
    }
}

fn records<T: FromBytes>(bytes: &[u8]) -> impl Iterator<Item = T> {
    bytes
        .chunks_exact(size_of::<T>())
        .filter_map(|chunk| T::read_from_bytes(chunk).ok())
}
