//! Removing every entry of the CHAP table, and nothing else: what refers to them stays, and says so.

use super::super::write::{Done, Plan, as_it_is};
use super::change::{Intent, able, delete, guard};
use super::table::{Users, records};
use crate::Change;
use crate::backend::ChapRecord;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::model::ChapEntry;
use crate::step::Step;

const VERB: &str = "chap clear";

/// Removes all entries. Sessions hold theirs; flash targets lose theirs only by `force`. When one cannot be removed, those before it
/// are put back.
///
/// # Errors
/// [`Kind::Busy`] with the users; [`Kind::VerifyFailed`] and [`Kind::RollbackFailed`] when only a part could be removed.
pub fn clear(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Change<Vec<ChapEntry>>> {
    let tried = "clear the chap table".to_owned();
    let host = able(ctx, id, &tried)?;
    let _writer = ctx.writer(host, VERB, &tried)?;
    let before = records(ctx, host)?;
    if before.is_empty() {
        return Ok(as_it_is(Some(Vec::new())));
    }
    let users = Users::of(ctx, host)?;
    for record in &before {
        let of_entry = format!("{tried}, entry {}", record.index);
        guard(ctx, &users.by(record), Intent::Remove, &of_entry)?;
    }
    let gone = |r: &ChapRecord| {
        let was = format!("{} ({})", r.username, r.direction);
        Difference::new(format!("entry {}", r.index), Some(was), None)
    };
    let plan = Plan {
        diff: before.iter().map(gone).collect(),
        before: Some(before.iter().map(|r| users.entry(host, r.clone())).collect()),
        after: Some(Vec::new()),
    };
    plan.carry_out(ctx, |ctx, _| {
        for (n, record) in before.iter().enumerate() {
            if let Err(e) = delete(ctx, host, record, VERB, &tried) {
                let removed = before.get(..n).unwrap_or_default();
                return Err(put_back(ctx, host, removed, e, &tried));
            }
        }
        Ok(Done::AsPlanned)
    })
}

/// Writes the entries that were removed again, and says what it has come to.
fn put_back(ctx: &mut Ctx<'_>, host: HostNo, removed: &[ChapRecord], why: Error, tried: &str) -> Error {
    if removed.is_empty() {
        return why;
    }
    let restored = ctx.cleaning_up(|ctx| {
        for record in removed {
            ctx.backend.set_chap(host, record, ctx.deadline)?;
        }
        let now = records(ctx, host)?;
        Ok::<_, Error>(removed.iter().all(|r| now.contains(r)))
    });
    let answer = why.answer().unwrap_or("it failed").to_owned();
    match restored {
        Ok(true) => Error::new(Kind::VerifyFailed { rolled_back: true }, tried).answered(format!(
            "{answer}; the {} entries that were gone already were put back",
            removed.len()
        )),
        Ok(false) | Err(_) => Error::new(Kind::RollbackFailed, tried)
            .answered(format!("{answer}; not all that was removed could be put back"))
            .hint(Step::ChapList.then(" shows what is there")),
    }
}
