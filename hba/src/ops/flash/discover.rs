//! Discovery through the adapter: a SendTargets entry is logged in to, the driver logs in to what it finds.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_ddb_login_st`: returns when the discovery is done and the logins are under way).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::Duration;

use iscsi::Isid;

use super::super::adapter::resolve_able;
use super::super::write::{LOOK_AGAIN, unless_dry};
use super::add::{NewFlashTarget, add_to};
use super::answer::{Doing, family, paths, plain, put_together};
use super::diagnose::{ask_list, families};
use super::excluding::Excluding;
use super::find::same_address;
use super::paths::isid as isid_of;
use super::remove::delete;
use super::settling::Settling;
use crate::backend::{ListOutcome, ProbeOutcome};
use crate::ctx::Ctx;
use crate::discovery::{Answer, ByAdapter, Discovery, LeftOut, Means};
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo, Portal};
use crate::intent::Intent;
use crate::isid::Taken;
use crate::message::Message;
use crate::model::{FlashTarget, Owner, Session};
use crate::params::{Assignment, FlashnodeParam};
use crate::quirks::Ability;
use crate::step::Step;

/// How long the sessions of found targets may take to come up and to be scanned before they are listed as they are.
const SETTLE: Duration = Duration::from_secs(8);
/// How long this host asks the portal when the adapter found something,
const ASK: Duration = Duration::from_secs(2);
/// and when it did not.
const ASK_WHY: Duration = Duration::from_secs(5);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Whom to ask. A tag says nothing here.
    pub at: Portal,
    /// CHAP entry to prove ourselves with.
    pub chap: Option<u16>,
    /// Whether the SendTargets entry stays.
    pub keep: bool,
    /// Whether the adapter alone asks: what it does not tell stays unknown.
    pub adapter_only: bool,
}

/// SendTargets through the adapter: adds a SendTargets entry for the portal (or uses the one there is), logs in to it and
/// lists what was found, to which the adapter logs in by itself. The entry is removed afterwards unless it is kept, or was there before.
/// The driver does not tell what the portal answered: this host asks it, too, as far as it reaches it.
///
/// # Errors
/// [`Kind::Failed`] when the portal refuses, does not answer, or lists only what cannot be used, or when the port has no address;
/// [`Kind::Timeout`].
pub fn discover(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, asking: Asking) -> Result<Discovery> {
    let at = Portal {
        tag: None,
        ..asking.at
    };
    let tried = format!("discover targets at {at}");
    let host = resolve_able(ctx, id, &tried, Ability::Flash)?;
    let _writer = ctx.writer(host, "flash discover", &tried)?;
    let families = families(ctx, host)?;
    if !families.have(at.address) {
        return Err(Error::new(Kind::Failed, tried)
            .answered(format!(
                "no address: {host} has no {} address, so it cannot ask anybody",
                family(at.address)
            ))
            .hint(
                Message::from("give it one: ")
                    .then(Step::IfaceSet)
                    .then(", then ")
                    .then(Step::IfaceApply),
            ));
    }
    let known = ctx.backend.flash_targets(host)?;
    let is_entry = |t: &&FlashTarget| {
        t.discovery
            && t.port == Some(at.port)
            && t.address
                .as_deref()
                .is_some_and(|a| same_address(a, &at.address.to_string()))
    };
    let existing = known.iter().find(is_entry);
    // The entry that is there says with what it proves itself.
    let chap = asking.chap.or_else(|| existing.and_then(|t| t.chap_index));
    let existing = existing.map(|t| t.index);
    let done = unless_dry(ctx, |ctx| match existing {
        Some(index) => Ok((Some(index), ask(ctx, host, index, &tried)?)),
        None => ask_anew(ctx, host, asking, &known, &tried),
    })?;
    let Some((index, (new, ended, old))) = done else {
        ctx.warn("dry run: the portal was not asked");
        let mut unasked = Discovery::new(Means::Adapter, at.to_string(), Answer::NotAsked);
        unasked.adapter = Some(ByAdapter {
            entry: existing,
            ..ByAdapter::default()
        });
        return Ok(unasked);
    };
    let limit = if new.is_empty() { ASK_WHY } else { ASK };
    let list = if asking.adapter_only {
        ListOutcome::Not(ProbeOutcome::Unknown("it was not to".to_owned()))
    } else {
        ask_list(ctx, host, at.at(), chap, limit)?
    };
    let unasked = matches!(
        &list,
        ListOutcome::Not(ProbeOutcome::Unknown(_) | ProbeOutcome::Silent(_))
    );
    if new.is_empty() && unasked && ctx.deadline.stopped() {
        // Whoever ended it has no answer from the portal.
        return Err(Error::timeout(&tried, "the portal's own answer"));
    }
    let doing = Doing {
        host,
        new,
        old,
        ended,
        families,
    };
    let (mut found, remarks) =
        put_together(at, doing, list, &tried).map_err(|e| match (index, existing) {
            (Some(index), None) => {
                let answer = e.answer().unwrap_or_default().to_owned();
                e.answered(format!(
                    "{answer}; discovery entry {index} was kept, as it was asked for"
                ))
            }
            _ => e,
        })?;
    for remark in remarks {
        ctx.warn(remark);
    }
    let mut made = found.adapter.take().unwrap_or_default();
    if let Some(remark) = left_out(&made) {
        ctx.warn(remark);
    }
    made.entry = index;
    let after = ctx.backend.flash_targets(host)?;
    found.paths = paths(&made, |target, portal| in_flash(&after, target, portal));
    made.targets = after
        .into_iter()
        .filter(|t| Some(t.index) != index && known.iter().all(|k| k.index != t.index))
        .collect();
    found.adapter = Some(made);
    Ok(found)
}

/// Whether flash has a path.
pub(super) fn in_flash(flash: &[FlashTarget], target: &str, portal: &str) -> bool {
    let Ok(at) = portal.parse::<Portal>() else {
        return false;
    };
    flash.iter().any(|t| {
        t.target_name.as_deref() == Some(target)
            && t.port == Some(at.port)
            && t.address
                .as_deref()
                .is_some_and(|a| same_address(a, &at.address.to_string()))
    })
}

/// What was left out, counted, and some of it named.
pub(super) fn left_out(found: &ByAdapter) -> Option<String> {
    crate::discovery::left_out(
        found
            .left_out
            .iter()
            .map(|l| (l.target.as_str(), l.portal.as_str(), l.why.as_str())),
    )
}

/// What the adapter did: new sessions, those of them that were ended again, sessions that were there before.
type Did = (Vec<Session>, Vec<LeftOut>, Vec<Session>);

/// Asks the portal through an entry that is made for it, and goes again unless it is to stay.
fn ask_anew(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    asking: Asking,
    known: &[FlashTarget],
    tried: &str,
) -> Result<(Option<u32>, Did)> {
    let (address, port) = asking.at.at();
    let isid = unused_isid(ctx, host, known)?;
    let known = known.iter().map(|t| t.index).collect();
    let intent = if asking.keep {
        Intent::FlashAdd {
            known,
            target: None,
            address,
            port,
        }
    } else {
        Intent::Discovery { known, address, port }
    };
    ctx.intending(host, "flash discover", tried, intent, |ctx| {
        let index = make_entry(ctx, host, asking, isid, tried)?;
        let did = ask(ctx, host, index, tried);
        if asking.keep {
            return Ok((Some(index), did?));
        }
        match ctx.cleaning_up(|ctx| delete(ctx, host, index, tried)) {
            Ok(()) => Ok((None, did.map_err(not_done)?)),
            Err(why) => left(ctx, did, index, &why),
        }
    })
}

/// Asks the portal through its entry, and waits for the sessions to what it names.
fn ask(ctx: &mut Ctx<'_>, host: HostNo, index: u32, tried: &str) -> Result<Did> {
    let before = sids(ctx, host)?;
    ctx.backend
        .login_flash_target(host, index, ctx.deadline)
        .map_err(|e| e.during(tried.to_owned()))?;
    let ended = end_unwanted(ctx, host, &before)?;
    let new = settle(ctx, host, &before)?;
    let mut old = Vec::new();
    for sid in before {
        old.extend(ctx.backend.session(sid)?);
    }
    Ok((new, ended, old))
}

/// Ends new sessions that must not be. What is excluded: the adapter's driver logs in without asking. And twins: new sessions to one target
/// with one ISID would end each other for ever, since the driver gives what it discovers the ISID of the entry; one path stays, the others
/// are ended. Those that were up before stay.
fn end_unwanted(ctx: &mut Ctx<'_>, host: HostNo, before: &BTreeSet<u32>) -> Result<Vec<LeftOut>> {
    let now = sids(ctx, host)?;
    let new: Vec<u32> = now.difference(before).copied().collect();
    let (mut taken, mut ended) = (Taken::default(), Vec::new());
    if new.is_empty() {
        return Ok(ended);
    }
    let excluding = Excluding::of(ctx, host)?;
    for sid in before.iter().chain(&new) {
        let Some(session) = ctx.backend.session(*sid)? else {
            continue;
        };
        let at = portal_of(&session);
        let excluded = excluding
            .why(Some(&session.target_name), at)
            .filter(|_| !before.contains(sid) && session.owner == Owner::Flash);
        if let Some(why) = excluded {
            ctx.backend.logout_session(host, *sid, ctx.deadline)?;
            ended.push(LeftOut {
                portal: at.map_or_else(|| "n/a".to_owned(), plain),
                twin: None,
                why,
                target: session.target_name,
            });
            continue;
        }
        let Some(isid) = session.isid.as_deref().and_then(|text| text.parse().ok()) else {
            continue;
        };
        let other = taken.owner(&session.target_name, isid).copied();
        match other.filter(|_| !before.contains(sid)) {
            None => taken.take(&session.target_name, isid, *sid),
            Some(other) => {
                ctx.backend.logout_session(host, *sid, ctx.deadline)?;
                ended.push(LeftOut {
                    portal: portal_of(&session).map_or_else(|| "n/a".to_owned(), plain),
                    twin: portal_of(&session).map(|at| Portal {
                        tag: session.tpgt.and_then(|tag| u16::try_from(tag).ok()),
                        ..at
                    }),
                    why: format!(
                        "the adapter gave it the isid of session {other}, and the two would end each other; as a flash target it gets one of its own"
                    ),
                    target: session.target_name,
                });
            }
        }
    }
    Ok(ended)
}

/// Where a session goes.
pub(super) fn portal_of(session: &Session) -> Option<Portal> {
    let c = session.connections.first()?;
    let address = c.persistent_address.as_deref()?.parse().ok()?;
    Some(Portal::new(address, c.persistent_port?))
}

/// The entry is gone, and with it all that an unanswered discovery could have left.
fn not_done(error: Error) -> Error {
    match error.kind() {
        Kind::Unknown => error.with_kind(Kind::Timeout).hint(
            Message::from("try again with a longer ")
                .then(Step::WithMoreTime)
                .then("; ")
                .then(Step::Ping)
                .then(" tells whether the portal can be reached"),
        ),
        _ => error,
    }
}

/// The entry could not be removed, or not in time: the next change of the adapter does it.
fn left(ctx: &mut Ctx<'_>, did: Result<Did>, index: u32, why: &Error) -> Result<(Option<u32>, Did)> {
    ctx.keep_intent();
    let text = format!("discovery entry {index} may have been left behind: {why}");
    match did {
        Ok(did) => {
            ctx.warn(format!("{text}; the next change of this adapter removes it"));
            Ok((Some(index), did))
        }
        Err(error) => {
            let answer = error.answer().unwrap_or_default().to_owned();
            Err(error
                .with_kind(Kind::Unknown)
                .answered(format!("{answer}; {text}"))
                .hint(
                    Step::FlashList
                        .then(" shows whether it is there; the next change of this adapter removes it"),
                ))
        }
    }
}

fn make_entry(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    asking: Asking,
    isid: Option<Isid>,
    tried: &str,
) -> Result<u32> {
    let isid = isid.map(|isid| Assignment::new(FlashnodeParam::Isid, &isid.to_string()));
    let new = NewFlashTarget {
        target_name: None,
        address: asking.at.address,
        port: asking.at.port,
        tpgt: None,
        chap: asking.chap,
        bidi_chap: false,
        params: isid.into_iter().collect::<Result<_>>()?,
    };
    let made = add_to(ctx, host, &new, tried)?;
    made.after()
        .map(|t| t.index)
        .ok_or_else(|| Error::new(Kind::Failed, tried).answered("the new entry went away"))
}

/// An ISID that no session and no entry of the port has, whatever the target: what is discovered gets the entry's, and must not end a
/// session that is up. `None` where there is nothing that could be ended.
fn unused_isid(ctx: &mut Ctx<'_>, host: HostNo, known: &[FlashTarget]) -> Result<Option<Isid>> {
    let mut taken = Taken::default();
    for isid in known.iter().filter_map(isid_of) {
        taken.take(ANY, isid, ());
    }
    for sid in sids(ctx, host)? {
        let text = ctx.backend.session(sid)?.and_then(|s| s.isid);
        if let Some(isid) = text.and_then(|text| text.parse().ok()) {
            taken.take(ANY, isid, ());
        }
    }
    Ok(taken.any(ANY).and_then(|like| taken.free(ANY, like)))
}

/// Stands for every target.
const ANY: &str = "";

fn sids(ctx: &mut Ctx<'_>, host: HostNo) -> Result<BTreeSet<u32>> {
    let mut all = BTreeSet::new();
    ctx.backend.for_each_session(&mut |s| {
        if s.host == host {
            all.insert(s.sid);
        }
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// The sessions that were not there before. Waits a little for them to come up, to be scanned and to show what they negotiated.
fn settle(ctx: &mut Ctx<'_>, host: HostNo, before: &BTreeSet<u32>) -> Result<Vec<Session>> {
    let until = ctx.deadline.at_most(SETTLE);
    let mut settling: BTreeMap<u32, Settling> = BTreeMap::new();
    loop {
        let mut new = Vec::new();
        for sid in sids(ctx, host)?.difference(before) {
            new.extend(ctx.backend.session(*sid)?);
        }
        // The driver makes them before it answers: where there is none now, there will be none.
        let mut done = true;
        for session in &new {
            done &= session.logged_in() && settling.entry(session.sid).or_default().done(session);
        }
        if done || until.expired() {
            return Ok(new);
        }
        ctx.backend.pause(LOOK_AGAIN.min(until.remaining()));
    }
}
