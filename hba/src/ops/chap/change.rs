//! Changing the CHAP table: add, set, remove. The users of an entry are asked here, not in the driver, whose own check is inverted
//! (see [`crate::quirks::qla4xxx`]).

use std::time::Duration;

use super::super::adapter::resolve_able;
use super::super::write::{Done, Plan, Write, as_it_is, moved};
use super::table::{Users, missing, records};
use crate::Change;
use crate::backend::ChapRecord;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::intent;
use crate::message::Message;
use crate::model::{ChapDirection, ChapEntry, ChapUse};
use crate::quirks::Ability;
use crate::secret::{REDACTED, Secret};
use crate::step::Step;

/// The driver keeps the first entries for boot when it picks one by itself; so do we.
const FIRST_FREE: u16 = 4;
/// Table size where the model's is not known: the smallest there is.
const SMALLEST_TABLE: u32 = 128;
/// Longest user name in bytes.
const NAME_MAX: usize = 255;

/// A CHAP entry to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChap {
    /// Index; `None` takes the first free one.
    pub index: Option<u16>,
    /// Who proves itself.
    pub direction: ChapDirection,
    /// User name, 1 to 255 bytes.
    pub username: String,
    /// The secret.
    pub secret: Secret,
}

pub(super) fn able(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, tried: &str) -> Result<HostNo> {
    resolve_able(ctx, id, tried, Ability::ChapTable)
}

fn check_name(name: &str, tried: &str) -> Result<()> {
    if (1..=NAME_MAX).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::new(Kind::Invalid, tried).answered(format!(
        "a chap user name has 1 to {NAME_MAX} bytes and no control characters"
    )))
}

/// Adds an entry. One with the same index, user name, direction and secret changes nothing.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::Busy`] when the index holds another entry or the table is full, [`Kind::VerifyFailed`].
pub fn add(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, new: &NewChap) -> Result<Change<ChapEntry>> {
    let tried = format!("add a chap entry for {}", new.username.escape_debug());
    let host = able(ctx, id, &tried)?;
    check_name(&new.username, &tried)?;
    // A secret may come from elsewhere than Secret::new: the rules hold for every write.
    let secret = Secret::new(new.secret.expose()).map_err(|e| e.during(tried.clone()))?;
    let _writer = ctx.writer(host, "chap add", &tried)?;
    let known = records(ctx, host)?;
    let same =
        |r: &ChapRecord| r.direction == new.direction && r.username == new.username && r.secret == secret;
    let twin = match new.index {
        Some(index) => known.iter().find(|r| r.index == index),
        None => known.iter().find(|r| same(r)),
    };
    if let Some(r) = twin {
        if same(r) {
            let entry = Users::of(ctx, host)?.entry(host, r.clone());
            return Ok(as_it_is(Some(entry)));
        }
        return Err(Error::new(Kind::Busy, tried)
            .answered(format!(
                "chap entry {} belongs to {} (direction {})",
                r.index,
                r.username.escape_debug(),
                r.direction
            ))
            .hint(
                Message::from("choose another index, or change the entry with ").then(Step::ChapSet(None)),
            ));
    }
    let limit = ctx.backend.adapter(host)?.and_then(|a| a.limits.chap_entries);
    let size = limit.unwrap_or(SMALLEST_TABLE);
    let index = match new.index {
        Some(index) if limit.is_some_and(|size| u32::from(index) >= size) => {
            return Err(Error::new(Kind::Invalid, tried)
                .answered(format!("index {index} is beyond the table's {size} entries")));
        }
        Some(index) => index,
        None => free_index(&known, size).ok_or_else(|| {
            Error::new(Kind::Busy, tried.clone())
                .answered(format!("all of the table's {size} entries are taken"))
                .hint(
                    Message::from("remove one that nobody uses: ")
                        .then(Step::ChapList)
                        .then(" shows them"),
                )
        })?,
    };
    let record = ChapRecord {
        index,
        direction: new.direction,
        username: new.username.clone(),
        secret,
    };
    let diff = difference(None, Some(&record));
    let entry = ChapEntry {
        host,
        index,
        direction: record.direction,
        username: record.username.clone(),
        secret: record.secret.clone(),
        in_use_by: Vec::new(),
    };
    let plan = Plan {
        before: None,
        after: Some(entry),
        diff,
    };
    plan.carry_out(ctx, |ctx, _| write(ctx, host, None, &record, &tried))
}

fn free_index(known: &[ChapRecord], size: u32) -> Option<u16> {
    let last = u16::try_from(size).unwrap_or(u16::MAX);
    (FIRST_FREE..last).find(|i| known.iter().all(|r| r.index != *i))
}

/// Changes user name or secret of an entry that no session uses; flash targets that use it take it at their next login.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Busy`] with the users, [`Kind::VerifyFailed`], [`Kind::RollbackFailed`].
pub fn set(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    index: u16,
    username: Option<&str>,
    secret: Option<&Secret>,
) -> Result<Change<ChapEntry>> {
    let tried = format!("change chap entry {index}");
    let host = able(ctx, id, &tried)?;
    let _writer = ctx.writer(host, "chap set", &tried)?;
    let before = find(ctx, host, index, &tried)?;
    let users = Users::of(ctx, host)?;
    let mut wanted = before.clone();
    if let Some(name) = username {
        check_name(name, &tried)?;
        name.clone_into(&mut wanted.username);
    }
    if let Some(secret) = secret {
        wanted.secret = Secret::new(secret.expose()).map_err(|e| e.during(tried.clone()))?;
    }
    if wanted == before {
        return Ok(as_it_is(Some(users.entry(host, before))));
    }
    guard(ctx, &users.by(&before), Intent::Change, &tried)?;
    let diff = difference(Some(&before), Some(&wanted));
    let plan = Plan {
        before: Some(users.entry(host, before.clone())),
        after: Some(users.entry(host, wanted.clone())),
        diff,
    };
    plan.carry_out(ctx, |ctx, _| write(ctx, host, Some(&before), &wanted, &tried))
}

/// Removes an entry that nobody uses; with `force`, flash targets may use it, sessions may not.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Busy`] with the users, [`Kind::VerifyFailed`].
pub fn remove(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, index: u16) -> Result<Change<ChapEntry>> {
    let tried = format!("remove chap entry {index}");
    let host = able(ctx, id, &tried)?;
    let _writer = ctx.writer(host, "chap remove", &tried)?;
    let before = find(ctx, host, index, &tried)?;
    let users = Users::of(ctx, host)?;
    guard(ctx, &users.by(&before), Intent::Remove, &tried)?;
    let diff = difference(Some(&before), None);
    let plan = Plan {
        before: Some(users.entry(host, before.clone())),
        after: None,
        diff,
    };
    plan.carry_out(ctx, |ctx, _| {
        delete(ctx, host, &before, "chap remove", &tried)?;
        Ok(Done::AsPlanned)
    })
}

/// Removes one entry that is still as it was, and looks whether it is gone.
pub(super) fn delete(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    before: &ChapRecord,
    verb: &str,
    tried: &str,
) -> Result<()> {
    let index = before.index;
    if find(ctx, host, index, tried)? != *before {
        return Err(moved(tried));
    }
    let intent = intent::Intent::Chap {
        index,
        before: Some(before.username.clone()),
        after: None,
    };
    ctx.intending(host, verb, tried, intent, |ctx| {
        ctx.backend
            .delete_chap(host, index, ctx.deadline)
            .map_err(|e| e.during(tried.to_owned()))
    })?;
    // On 80xx the driver writes the deletion elsewhere: only the table tells.
    if records(ctx, host)?.iter().any(|r| r.index == index) {
        return Err(Error::new(Kind::VerifyFailed { rolled_back: true }, tried)
            .answered("read back, the entry is still there")
            .hint(Message::from("the driver of 80xx adapters is known to delete at a wrong place; overwrite the entry with ").then(Step::ChapSet(None))));
    }
    Ok(())
}

fn find(ctx: &mut Ctx<'_>, host: HostNo, index: u16, tried: &str) -> Result<ChapRecord> {
    records(ctx, host)?
        .into_iter()
        .find(|r| r.index == index)
        .ok_or_else(|| missing(host, index, tried))
}

/// What is to happen to an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Change,
    Remove,
}

/// Sessions hold an entry against everything. Flash targets may get another secret under the same index (that is how a wrong one
/// is corrected), but lose their entry only by force.
pub(super) fn guard(ctx: &mut Ctx<'_>, users: &[ChapUse], intent: Intent, tried: &str) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let list = users
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let session = users.iter().any(|u| matches!(u, ChapUse::Session { .. }));
    if !session && (intent == Intent::Change || ctx.force) {
        ctx.warn(format!("used by {list} at the next login"));
        return Ok(());
    }
    let hint = if session {
        Message::from("log the sessions out first: ").then(Step::FlashLogout(None))
    } else {
        Message::from("take it from the flash targets first: ")
            .then(Step::FlashSet(None))
            .then(" with ")
            .then(Step::WithChap)
            .then(" of another entry, or bidi_chap=off")
    };
    Err(Error::new(Kind::Busy, tried)
        .answered(format!("it is in use by {list}"))
        .hint(hint))
}

fn write(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    before: Option<&ChapRecord>,
    wanted: &ChapRecord,
    tried: &str,
) -> Result<Done<ChapEntry>> {
    let index = wanted.index;
    let intent = intent::Intent::Chap {
        index,
        before: before.map(|r| r.username.clone()),
        after: Some(wanted.username.clone()),
    };
    let verb = if before.is_some() { "chap set" } else { "chap add" };
    ctx.intending(host, verb, tried, intent, |ctx| {
        Write {
            tried: tried.to_owned(),
            look: Step::ChapList,
            based: Some(&|now: &Option<ChapRecord>| now.as_ref() == before),
            write: &mut |ctx| {
                ctx.backend
                    .set_chap(host, wanted, ctx.deadline)
                    .map_err(|e| e.during(tried.to_owned()))
            },
            read: &mut |ctx| Ok(records(ctx, host)?.into_iter().find(|r| r.index == index)),
            wrong: &|now: &Option<ChapRecord>| match now {
                None => vec![format!("chap entry {index} is not there")],
                Some(now) => difference(Some(now), Some(wanted))
                    .into_iter()
                    .map(|d| format!("{} is another", d.field))
                    .collect(),
            },
            foreign: &|now: &Option<ChapRecord>| foreign(now.as_ref(), before, wanted),
            undo: &mut |ctx, _| match before {
                Some(old) => ctx.backend.set_chap(host, old, ctx.deadline),
                None => match ctx.backend.delete_chap(host, index, ctx.deadline) {
                    Err(e) if e.kind() == Kind::NotFound => Ok(()),
                    other => other,
                },
            },
            restored: &|now: &Option<ChapRecord>| now.as_ref() == before,
            patience: Duration::ZERO,
        }
        .run(ctx)
    })
    .map(|_| Done::AsPlanned)
}

/// What of the entry found is somebody else's: fields that were not to change and did. Those that were to change may have arrived
/// damaged; that is ours to undo.
fn foreign(now: Option<&ChapRecord>, before: Option<&ChapRecord>, wanted: &ChapRecord) -> Vec<String> {
    let Some(now) = now else { return Vec::new() };
    let old = before.unwrap_or(wanted);
    let mut texts = Vec::new();
    if old.direction == wanted.direction && now.direction != wanted.direction {
        texts.push(format!("the direction is {}", now.direction));
    }
    if old.username == wanted.username && now.username != wanted.username {
        texts.push(format!("the entry belongs to {}", now.username.escape_debug()));
    }
    if before.is_some() && old.secret == wanted.secret && now.secret != wanted.secret {
        texts.push("the secret is another".to_owned());
    }
    texts
}

fn difference(before: Option<&ChapRecord>, after: Option<&ChapRecord>) -> Vec<Difference> {
    let text = |r: Option<&ChapRecord>, f: fn(&ChapRecord) -> String| r.map(f);
    let mut diff = Vec::new();
    let mut compare = |field: &str, f: fn(&ChapRecord) -> String| {
        let (b, a) = (text(before, f), text(after, f));
        if b != a {
            diff.push(Difference::new(field, b, a));
        }
    };
    compare("direction", |r| r.direction.to_string());
    compare("username", |r| r.username.clone());
    if before.map(|r| &r.secret) != after.map(|r| &r.secret) {
        let hidden = |r: Option<&ChapRecord>| r.map(|_| REDACTED.to_owned());
        diff.push(Difference::new("secret", hidden(before), hidden(after)));
    }
    diff
}
