//! Discovery through the adapter: a SendTargets entry is logged in to, the driver logs in to what it finds.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_ddb_login_st`: returns when the discovery is done and the logins are under way).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::adapter::resolve_able;
use super::super::write::{LOOK_AGAIN, unless_dry};
use super::add::{NewFlashTarget, add_to, portal};
use super::find::same_address;
use super::remove::delete;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::intent::Intent;
use crate::message::Message;
use crate::model::{FlashTarget, Session};
use crate::params::{IscsiParam, ParamValue};
use crate::step::Step;

/// How long the sessions of found targets may take to come up before they are listed as they are.
const SETTLE: Duration = Duration::from_secs(5);
/// How long to look for new sessions where there are older ones that the portal may have named again.
const GLANCE: Duration = Duration::from_secs(1);

/// What a discovery found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Discovery {
    /// The portal asked, `ADDRESS:PORT`.
    pub portal: String,
    /// Index of the SendTargets entry, when it was kept.
    pub entry: Option<u32>,
    /// Sessions to what was found.
    pub sessions: Vec<Session>,
    /// Flash targets that appeared during the discovery.
    pub targets: Vec<FlashTarget>,
}

/// SendTargets through the adapter: adds a SendTargets entry for the portal (or uses the one there is), logs in to it and
/// lists what was found. The entry is removed afterwards unless `keep`, or it was there before.
///
/// # Errors
/// [`Kind::Failed`] when the portal does not answer, [`Kind::Timeout`].
pub fn discover(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    at: (IpAddr, u16),
    chap: Option<u16>,
    keep: bool,
) -> Result<Discovery> {
    let name = portal(at.0, at.1);
    let tried = format!("discover targets at {name}");
    let host = resolve_able(ctx, id, &tried, |f| f.flash)?;
    let _writer = ctx.writer(host, "flash discover", &tried)?;
    let known = ctx.backend.flash_targets(host)?;
    let mut found = Discovery {
        portal: name,
        entry: None,
        sessions: Vec::new(),
        targets: Vec::new(),
    };
    let is_entry = |t: &&FlashTarget| {
        t.discovery
            && t.port == Some(at.1)
            && t.address
                .as_deref()
                .is_some_and(|a| same_address(a, &at.0.to_string()))
    };
    let existing = known.iter().find(is_entry).map(|t| t.index);
    let asked = unless_dry(ctx, |ctx| match existing {
        Some(index) => Ok((Some(index), ask(ctx, host, at, existing, index, &tried)?)),
        None => {
            let known = known.iter().map(|t| t.index).collect();
            ask_anew(ctx, host, at, known, chap, keep, &tried)
        }
    })?;
    let Some((index, sessions)) = asked else {
        ctx.warn("dry run: the portal was not asked");
        found.entry = existing;
        return Ok(found);
    };
    found.entry = index;
    found.sessions = sessions;
    if found.sessions.is_empty() {
        ctx.warn(
            Message::from("the portal named no target, or did not answer; ")
                .then(Step::Ping)
                .then(" tells whether it can be reached"),
        );
    }
    let after = ctx.backend.flash_targets(host)?;
    found.targets = after
        .into_iter()
        .filter(|t| Some(t.index) != index && known.iter().all(|k| k.index != t.index))
        .collect();
    Ok(found)
}

/// Asks the portal through an entry that is made for it, and goes again unless it is to stay.
fn ask_anew(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    at: (IpAddr, u16),
    known: Vec<u32>,
    chap: Option<u16>,
    keep: bool,
    tried: &str,
) -> Result<(Option<u32>, Vec<Session>)> {
    let (address, port) = at;
    let intent = if keep {
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
        let index = make_entry(ctx, host, at, chap, tried)?;
        let sessions = ask(ctx, host, at, None, index, tried);
        if keep {
            return Ok((Some(index), sessions?));
        }
        match ctx.cleaning_up(|ctx| delete(ctx, host, index, tried)) {
            Ok(()) => Ok((None, sessions.map_err(not_done)?)),
            Err(why) => left(ctx, sessions, index, &why),
        }
    })
}

/// Asks the portal through its entry, and waits for the sessions to what it names.
fn ask(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    at: (IpAddr, u16),
    existing: Option<u32>,
    index: u32,
    tried: &str,
) -> Result<Vec<Session>> {
    let before = sids(ctx, host)?;
    ctx.backend
        .login_flash_target(host, index, ctx.deadline)
        .map_err(|e| e.during(tried.to_owned()))?;
    settle(ctx, host, existing, at, &before)
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
fn left(
    ctx: &mut Ctx<'_>,
    sessions: Result<Vec<Session>>,
    index: u32,
    why: &Error,
) -> Result<(Option<u32>, Vec<Session>)> {
    ctx.keep_intent();
    let text = format!("discovery entry {index} may have been left behind: {why}");
    match sessions {
        Ok(sessions) => {
            ctx.warn(format!("{text}; the next change of this adapter removes it"));
            Ok((Some(index), sessions))
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
    at: (IpAddr, u16),
    chap: Option<u16>,
    tried: &str,
) -> Result<u32> {
    let new = NewFlashTarget {
        target_name: None,
        address: at.0,
        port: at.1,
        tpgt: None,
        chap,
        bidi_chap: false,
        params: Vec::new(),
    };
    let made = add_to(ctx, host, &new, tried)?;
    made.after()
        .map(|t| t.index)
        .ok_or_else(|| Error::new(Kind::Failed, tried).answered("the new entry went away"))
}

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

/// The sessions found: new ones, those that name the entry as their parent if it was there before (a new one may have the index that
/// an older one had), and those to the portal that were up before (the driver makes no second one). Waits a little for new ones.
fn settle(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    existing: Option<u32>,
    at: (IpAddr, u16),
    before: &BTreeSet<u32>,
) -> Result<Vec<Session>> {
    let (until, glance) = (ctx.deadline.at_most(SETTLE), ctx.deadline.at_most(GLANCE));
    loop {
        let (mut found, mut new) = (Vec::new(), false);
        for sid in sids(ctx, host)? {
            let Some(session) = ctx.backend.session(sid)? else {
                continue;
            };
            let is_new = !before.contains(&sid);
            new |= is_new;
            if is_new
                || existing.is_some_and(|entry| parent(&session) == Some(u64::from(entry)))
                || (session.logged_in() && goes_to(&session, at))
            {
                found.push(session);
            }
        }
        let up = !found.is_empty() && found.iter().all(Session::logged_in);
        if up && (new || glance.expired()) || until.expired() {
            return Ok(found);
        }
        ctx.backend.pause(LOOK_AGAIN.min(until.remaining()));
    }
}

fn goes_to(session: &Session, at: (IpAddr, u16)) -> bool {
    session.connections.iter().any(|c| {
        c.persistent_port == Some(at.1)
            && c.persistent_address
                .as_deref()
                .is_some_and(|a| same_address(a, &at.0.to_string()))
    })
}

fn parent(session: &Session) -> Option<u64> {
    session
        .params
        .value(IscsiParam::DiscoveryParentIdx)
        .and_then(ParamValue::as_number)
}
