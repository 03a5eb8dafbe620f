//! The initiator's name, in the control block that the adapter starts with. The driver has no parameter for it: the block is read from
//! flash, changed and written back whole, read again and compared.
//!
//! Source: `ql4_fw.h` (`struct addr_ctrl_blk`), `ql4_mbx.c` (`qla4xxx_update_local_ifcb`: the name is taken at a start), RFC 7143 §4.2.7.

use std::time::Duration;

use driver_sys::hw::flash::IFCB_COOKIE;
use driver_sys::hw::raw::addr_ctrl_blk;
use schemars::JsonSchema;
use serde::Serialize;
use zerocopy::{FromBytes, IntoBytes};

use super::super::adapter::session_count;
use super::super::write::{Done, Needs, Plan, Write, as_it_is, consented};
use super::backup::{self, Copy};
use super::place::{Area, port, unless};
use crate::Change;
use crate::backend::Memory;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result, Status};
use crate::ids::{AdapterId, HostNo};
use crate::intent::Intent;
use crate::model::AdapterKey;
use crate::quirks::Ability;
use crate::step::Step;

/// How long the port may take to show what was written.
const PATIENCE: Duration = Duration::ZERO;

/// The initiator's name of a port, in flash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InitiatorName {
    /// The port.
    pub host: HostNo,
    /// The name that the adapter takes at its next start.
    pub name: String,
    /// The name that its sessions have now.
    pub in_use: Option<String>,
}

/// Gives a port's initiator another name; without one, the name that its maker gave it.
///
/// # Errors
/// [`Kind::Invalid`] for what is no name, and without the word that flash may be written; [`Kind::Unsupported`];
/// [`Kind::VerifyFailed`]; [`Kind::RollbackFailed`].
pub fn set_name(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    name: Option<&str>,
) -> Result<Change<InitiatorName>> {
    let (key, chip) = port(ctx, id, "name the initiator", Ability::InitiatorName)?;
    let host = key.host;
    let tried = format!("name the initiator of {host}");
    unless(&key, &tried, chip.why_no_areas())?;
    let wanted = match name {
        Some(name) => checked(ctx, name, &tried)?,
        None => factory(&key).ok_or_else(|| {
            Error::new(Kind::Failed, tried.clone())
                .answered("the driver does not tell model and serial number, which the maker's name has")
        })?,
    };
    let _writer = ctx.writer(host, "adapter set-name", &tried)?;
    let in_use = ctx.backend.adapter(host)?.and_then(|a| a.initiator_name);
    let block = read(ctx, host, &tried)?;
    let before = name_of(&block);
    let shown = |name: &str| InitiatorName {
        host,
        name: name.to_owned(),
        in_use: in_use.clone(),
    };
    if before == wanted {
        return Ok(as_it_is(Some(shown(&before))));
    }
    let plan = Plan {
        diff: vec![Difference::new(
            "name",
            Some(before.clone()),
            Some(wanted.clone()),
        )],
        before: Some(shown(&before)),
        after: Some(shown(&wanted)),
    };
    consented(ctx, Needs::Flash, &plan, &tried)?;
    ctx.warn(
        "targets that admit initiators by their name must know the new one before the adapter starts again",
    );
    let sessions = session_count(ctx, host)?;
    if sessions > 0 {
        ctx.warn(format!(
            "{sessions} sessions of {host} keep the old name until then"
        ));
    }
    plan.carry_out(ctx, |ctx, _| {
        backup::save(ctx, host, Copy::Ifcb, block.as_bytes()).map_err(|e| e.during(tried.clone()))?;
        write(ctx, host, &block, &before, &wanted, &tried)?;
        ctx.warn("takes effect when the adapter starts again");
        Ok(Done::AsPlanned)
    })
}

/// A name for an initiator of ours. Names of others are taken as they are; who chooses one chooses one that RFC 7143 allows.
fn checked(ctx: &mut Ctx<'_>, name: &str, tried: &str) -> Result<String> {
    let parsed: std::result::Result<iscsi::names::IscsiName, _> = name.parse();
    let wrong = match &parsed {
        Ok(parsed) => parsed.remark(),
        Err(why) => Some(*why),
    };
    if let Some(why) = wrong {
        return Err(Error::new(Kind::Invalid, tried)
            .answered(format!("{}: {why}", name.escape_debug()))
            .with_status(Status::BadName));
    }
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        ctx.warn("targets may compare names byte for byte: lower case is what they expect");
    }
    Ok(name.to_owned())
}

/// The name that the maker gave a port: model, serial number and port.
fn factory(key: &AdapterKey) -> Option<String> {
    let function = key.port_name.as_deref()?.rsplit_once('.')?.1;
    // PCI functions 1 and 3 are the first and second port.
    let port = match function {
        "1" => 1,
        "3" => 2,
        _ => return None,
    };
    let (model, serial) = (key.model.as_deref()?, key.serial.as_deref()?);
    Some(format!("iqn.2000-04.com.qlogic:{model}.{serial}.{port}").to_ascii_lowercase())
}

fn read(ctx: &mut Ctx<'_>, host: HostNo, tried: &str) -> Result<addr_ctrl_blk> {
    let place = Area::Ifcb.memory();
    let bytes = ctx
        .backend
        .read_memory(host, place, ctx.deadline)
        .map_err(|e| e.during(tried.to_owned()))?;
    let block = addr_ctrl_blk::read_from_bytes(&bytes).ok();
    block.filter(|b| b.cookie.get() == IFCB_COOKIE).ok_or_else(|| {
        Error::new(Kind::Failed, tried)
            .answered(format!("{place} hold no control block that is valid"))
            .hint("the flash is not touched; the vendor's tool mends it")
    })
}

fn name_of(block: &addr_ctrl_blk) -> String {
    let end = block.iscsi_name.iter().position(|b| *b == 0);
    let text = block.iscsi_name.get(..end.unwrap_or(block.iscsi_name.len()));
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}

fn named(block: &addr_ctrl_blk, name: &str) -> addr_ctrl_blk {
    let mut block = *block;
    block.iscsi_name = [0; 224];
    for (place, byte) in block.iscsi_name.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    block
}

fn write(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    block: &addr_ctrl_blk,
    before: &str,
    wanted: &str,
    tried: &str,
) -> Result<()> {
    let intent = Intent::InitiatorName {
        before: before.to_owned(),
        after: wanted.to_owned(),
    };
    let Memory::Flash { offset, .. } = Area::Ifcb.memory() else {
        return Err(Error::new(Kind::Failed, tried).answered("the control block has no place in flash"));
    };
    let put = |ctx: &mut Ctx<'_>, block: &addr_ctrl_blk| {
        ctx.backend
            .update_flash(host, offset, block.as_bytes(), ctx.deadline)
            .map_err(|e| e.during(tried.to_owned()))
    };
    let new = named(block, wanted);
    ctx.intending(host, "adapter set-name", tried, intent, |ctx| {
        Write {
            tried: tried.to_owned(),
            look: Step::AdapterDump,
            based: Some(&|found: &addr_ctrl_blk| found.as_bytes() == block.as_bytes()),
            write: &mut |ctx| put(ctx, &new),
            read: &mut |ctx| read(ctx, host, tried),
            wrong: &|found: &addr_ctrl_blk| {
                let mut texts = Vec::new();
                if name_of(found) != wanted {
                    texts.push(format!("the name is {}", name_of(found).escape_debug()));
                }
                if named(found, "").as_bytes() != named(block, "").as_bytes() {
                    texts.push("other bytes of the control block are others".to_owned());
                }
                texts
            },
            foreign: &|_| Vec::new(),
            undo: &mut |ctx, _| put(ctx, block),
            restored: &|found: &addr_ctrl_blk| found.as_bytes() == block.as_bytes(),
            patience: PATIENCE,
        }
        .run(ctx)
    })
    .map(drop)
}

/// The name in flash, for whoever finds a record of a change that was not heard of to the end.
pub(crate) fn in_flash(ctx: &mut Ctx<'_>, host: HostNo) -> Result<String> {
    read(ctx, host, "read the initiator's name in flash").map(|block| name_of(&block))
}
