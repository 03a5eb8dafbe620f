//! Reading the CHAP table, page by page, and who uses its entries.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_get_chap`), qla4xxx `ql4_os.c` (`qla4xxx_get_chap_list`: from an index on, only valid
//! entries).

use std::ops::ControlFlow;

use super::super::adapter::{all_able, resolve_able};
use super::super::flash::all_targets;
use crate::backend::ChapRecord;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::model::{ChapDirection, ChapEntry, ChapUse};
use crate::quirks::Ability;

/// Records asked for in one message: 16 KiB of answer.
const PAGE: usize = 32;

/// Entries of a port's CHAP table, with their users. Without an adapter, of all ports.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Unsupported`], [`Kind::Permission`], [`Kind::Timeout`].
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<ChapEntry>> {
    let mut all = Vec::new();
    for host in all_able(ctx, id, "list chap entries", Ability::ChapTable)? {
        all.extend(entries(ctx, host)?);
    }
    Ok(all)
}

/// One entry.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn show(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u16) -> Result<ChapEntry> {
    let tried = format!("show chap entry {index}");
    let host = resolve_able(ctx, id, &tried, Ability::ChapTable)?;
    let found = entries(ctx, host)?.into_iter().find(|e| e.index == index);
    found.ok_or_else(|| missing(host, index, &tried))
}

pub(super) fn missing(host: HostNo, index: u16, tried: &str) -> Error {
    Error::new(Kind::NotFound, tried)
        .answered(format!("{host} has no chap entry {index}"))
        .hint(crate::Step::ChapList.then(" shows the entries"))
}

/// All records of a port's table, by index.
pub(in crate::ops) fn records(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Vec<ChapRecord>> {
    let mut all: Vec<ChapRecord> = Vec::new();
    let mut start = 0;
    loop {
        let page = ctx.backend.chap_page(host, start, PAGE, ctx.deadline)?;
        let full = page.len() >= PAGE;
        let Some(last) = page.last().map(|r| r.index) else {
            return Ok(all);
        };
        // An answer that does not go forward would be asked for ever.
        let forward = page.iter().map(|r| r.index).try_fold(None, |previous, index| {
            let grows = previous.map_or(index >= start, |p| index > p);
            grows.then_some(Some(index))
        });
        if forward.is_none() {
            return Err(
                Error::new(Kind::Failed, format!("read the chap table of {host}")).answered(format!(
                    "asked from entry {start} on, the driver answered entries out of order"
                )),
            );
        }
        all.extend(page);
        match last.checked_add(1) {
            Some(next) if full => start = next,
            _ => return Ok(all),
        }
    }
}

/// All entries of a port's table with their users.
pub(super) fn entries(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Vec<ChapEntry>> {
    let records = records(ctx, host)?;
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let users = Users::of(ctx, host)?;
    Ok(records.into_iter().map(|r| users.entry(host, r)).collect())
}

/// Who uses CHAP entries of a port.
pub(super) struct Users {
    out: Vec<(u16, ChapUse)>,
    mutual: Vec<ChapUse>,
}

impl Users {
    /// Asks flash targets and sessions: the driver's own check counts only sessions that are not online.
    pub(super) fn of(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Self> {
        let mut users = Self {
            out: Vec::new(),
            mutual: Vec::new(),
        };
        for target in all_targets(ctx, host)? {
            let by = ChapUse::Flash { index: target.index };
            if target.bidi_chap == Some(true) {
                users.mutual.push(by.clone());
            }
            users.out.extend(target.chap_index.map(|i| (i, by)));
        }
        let mut sids = Vec::new();
        ctx.backend.for_each_session(&mut |s| {
            if s.host == host {
                sids.push(s.sid);
            }
            ControlFlow::Continue(())
        })?;
        for sid in sids {
            let index = ctx.backend.session(sid)?.and_then(|s| s.chap_index);
            users.out.extend(index.map(|i| (i, ChapUse::Session { sid })));
        }
        Ok(users)
    }

    /// The users of one record.
    pub(super) fn by(&self, record: &ChapRecord) -> Vec<ChapUse> {
        match record.direction {
            ChapDirection::Out => self
                .out
                .iter()
                .filter(|(i, _)| *i == record.index)
                .map(|(_, by)| by.clone())
                .collect(),
            // No entry says which record proves the target: any may.
            ChapDirection::In => self.mutual.clone(),
        }
    }

    /// A record as an entry with its users.
    pub(super) fn entry(&self, host: HostNo, record: ChapRecord) -> ChapEntry {
        let in_use_by = self.by(&record);
        let ChapRecord {
            index,
            direction,
            username,
            secret,
        } = record;
        ChapEntry {
            host,
            index,
            direction,
            username,
            secret,
            in_use_by,
        }
    }
}
